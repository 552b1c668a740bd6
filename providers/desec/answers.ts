/** What the API sends, as far as we look at it (https://desec.readthedocs.io/en/latest/dns/rrsets.html, verified 2026-11). */
import * as z from 'zod';

const apiRRset = z.object({
  /** Empty at the apex. */
  subname: z.string(),
  type: z.string(),
  ttl: z.int().min(0),
  records: z.array(z.string()),
});

/** https://desec.readthedocs.io/en/latest/dns/domains.html#domain-field-reference */
export const oneDomain = z.object({ name: z.string(), minimum_ttl: z.int().min(0) });

export type ApiRRset = z.output<typeof apiRRset>;
export type ApiDomain = z.output<typeof oneDomain>;

export const rrsetPage = z.array(apiRRset);
export const domainList = z.array(oneDomain);
