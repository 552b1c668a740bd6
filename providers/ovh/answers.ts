/** What the API sends, as far as we look at it (https://eu.api.ovh.com/console/?section=%2Fdomain, 2026-11). */
import * as z from 'zod';

/** Seconds. */
export const serverTime = z.int().positive();
export const zoneNames = z.array(z.string());
export const recordIds = z.array(z.int());

export const apiRecord = z.object({
  id: z.int(),
  fieldType: z.string(),
  /** Relative to the zone; empty at its apex. */
  subDomain: z
    .string()
    .nullish()
    .transform((name) => name ?? ''),
  target: z.string(),
  /** 0: the default of the zone. */
  ttl: z
    .int()
    .min(0)
    .nullish()
    .transform((ttl) => ttl ?? 0),
});

export type ApiRecord = z.output<typeof apiRecord>;

/** Of old `errorCode`, of late `class`, and sometimes both. */
export const apiError = z.object({
  message: z.string(),
  errorCode: z.string().optional(),
  class: z.string().optional(),
});
