/** What the API sends, as far as we look at it (https://docs.hetzner.cloud/reference/cloud#zone-rrsets). */
import * as z from 'zod';

const apiRecord = z.object({ value: z.string(), comment: z.string().nullish() });

const apiRRset = z.object({
  name: z.string(),
  type: z.string(),
  /** Null: the TTL of the zone. */
  ttl: z.int().min(0).nullable(),
  records: z.array(apiRecord),
});

const apiZone = z.object({ id: z.int(), name: z.string(), mode: z.string(), ttl: z.int().min(0) });

const meta = z.object({
  pagination: z.object({ next_page: z.int().nullable(), total_entries: z.int().nullable() }),
});

export type ApiRecord = z.output<typeof apiRecord>;
export type ApiRRset = z.output<typeof apiRRset>;
export type ApiZone = z.output<typeof apiZone>;

export const zoneList = z.object({ zones: z.array(apiZone) });
export const oneZone = z.object({ zone: apiZone });
export const rrsetPage = z.object({ rrsets: z.array(apiRRset), meta });
export const startedAction = z.object({
  action: z.object({
    id: z.int(),
    status: z.enum(['running', 'success', 'error']),
    error: z.object({ code: z.string(), message: z.string() }).nullish(),
  }),
});
export const apiError = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export type ApiAction = z.output<typeof startedAction>['action'];
