/** What the API sends, as far as we look at it (https://doc.powerdns.com/authoritative/http-api/, verified 2026-11). */
import * as z from 'zod';

const apiRRset = z.object({
  name: z.string(),
  type: z.string(),
  ttl: z.int().min(0),
  records: z.array(z.object({ content: z.string(), disabled: z.boolean().default(false) })),
});

export type ApiRRset = z.output<typeof apiRRset>;

export const zoneList = z.array(z.object({ id: z.string(), name: z.string(), kind: z.string().optional() }));
export const zoneRRsets = z.object({ rrsets: z.array(apiRRset) });
export const apiError = z.object({ error: z.string() });
