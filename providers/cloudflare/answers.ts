/** What the API sends, as far as we look at it (https://developers.cloudflare.com/api/resources/dns/, 2026-11). */
import * as z from 'zod';

const apiError = z.object({
  code: z.number(),
  message: z.string(),
  error_chain: z.array(z.object({ code: z.number(), message: z.string() })).nullish(),
});

/** Around every answer, good or bad. */
export const envelope = z.object({
  success: z.boolean(),
  errors: z.array(apiError).nullish(),
  result: z.unknown().optional(),
  result_info: z.unknown().optional(),
});
export type Envelope = z.output<typeof envelope>;
/** Of a bad answer we want the errors, whatever else is wrong with it. */
export const errorList = z.object({ errors: z.array(apiError).min(1) });

export const pageInfo = z.object({ total_pages: z.int().min(0), total_count: z.int().min(0) });

const apiRecord = z.object({
  id: z.string().min(1),
  name: z.string(),
  type: z.string(),
  ttl: z.int().min(1),
  content: z.string().nullish(),
  priority: z.int().nullish(),
  data: z.unknown().optional(),
});
export type ApiRecord = z.output<typeof apiRecord>;
export const recordList = z.array(apiRecord);

const port = z.int().min(0).max(65_535);
export const srvFields = z.object({ priority: port, weight: port, port, target: z.string() });

const apiZone = z.object({
  id: z.string().min(1),
  name: z.string(),
  type: z.string().default('full'),
  status: z.string().default('active'),
  paused: z.boolean().default(false),
});
export type ApiZone = z.output<typeof apiZone>;
export const zoneList = z.array(apiZone);
export const oneZone = apiZone;

/** What a batch did, by kind of operation. */
export const batchResult = z.looseObject({});
export const tokenState = z.object({ status: z.string(), expires_on: z.string().nullish() });
