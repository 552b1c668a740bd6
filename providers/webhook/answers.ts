/**
 * What a webhook sends, as far as we look at it
 * (https://github.com/kubernetes-sigs/external-dns/blob/master/api/webhook.yaml, read 2026-11).
 */
import * as z from 'zod';

/** `filters` is what its description says; external-dns itself sends the others. */
export const domainFilter = z.object({
  filters: z.array(z.string()).nullish(),
  include: z.array(z.string()).nullish(),
  exclude: z.array(z.string()).nullish(),
});

/** Loose: whoever changes or deletes one has to say all of it again, with what we do not know. */
export const endpoint = z.looseObject({
  dnsName: z.string(),
  recordType: z.string(),
  targets: z.array(z.string()).nullish(),
  recordTTL: z.int().nullish(),
  setIdentifier: z.string().nullish(),
});

export type Endpoint = z.output<typeof endpoint>;

/** An empty list in Go may be `null`. */
export const endpoints = z
  .array(endpoint)
  .nullable()
  .transform((list) => list ?? []);
