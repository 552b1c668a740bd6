/** What the API sends, as far as we look at it (https://docs.cloud.google.com/dns/docs/reference/v1, verified 2026-11). */
import * as z from 'zod';

/** Loose: a deletion has to name the RRset exactly as it was read, with what we do not know about it. */
export const apiRRset = z.looseObject({
  name: z.string(),
  type: z.string(),
  ttl: z.int().min(0),
  /** Absent where a routing policy answers. */
  rrdatas: z.array(z.string()).optional(),
});
export type ApiRRset = z.output<typeof apiRRset>;

export const rrsetPage = z.object({
  rrsets: z.array(apiRRset).default([]),
  nextPageToken: z.string().optional(),
});

export const apiZone = z.object({
  name: z.string(),
  id: z.union([z.string(), z.number()]).optional(),
  dnsName: z.string(),
  /** Absent in zones from before there were private ones. */
  visibility: z.string().default('public'),
  forwardingConfig: z.unknown().optional(),
  peeringConfig: z.unknown().optional(),
  serviceDirectoryConfig: z.unknown().optional(),
});
export type ApiZone = z.output<typeof apiZone>;

export const zonePage = z.object({
  managedZones: z.array(apiZone).default([]),
  nextPageToken: z.string().optional(),
});

export const apiChange = z.object({ id: z.string(), status: z.enum(['pending', 'done']) });

export const grantedPermissions = z.object({ permissions: z.array(z.string()).default([]) });

export const apiError = z.object({
  error: z.object({
    message: z.string().default(''),
    errors: z
      .array(z.object({ reason: z.string().default(''), message: z.string().default('') }))
      .default([]),
  }),
});
