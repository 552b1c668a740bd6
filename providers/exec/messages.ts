/** What a program answers in version 1 of the protocol; README.md beside this file describes it for its authors. */
import * as z from 'zod';
import type { Capabilities, RRset, RRsetKey, SrvData, Zone } from '../../src/provider.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { parseSrvText, parseTxtText } from '../../src/dns/parse-rdata.ts';
import { keyText, presentation } from '../../src/dns/rrset.ts';
import { Name } from '../floor/option-types.ts';

const MOST_SECONDS = 0x7fffffff;
const Seconds = z.int().min(0).max(MOST_SECONDS);
const Milliseconds = z.int().min(0).max(86_400_000);

const CODES = [
  'E_PROVIDER_AUTH',
  'E_PROVIDER_CLOCK',
  'E_PROVIDER_FORBIDDEN',
  'E_PROVIDER_CONFLICT',
  'E_PROVIDER_RATE_LIMITED',
  'E_PROVIDER_UNAVAILABLE',
  'E_PROVIDER_TIMEOUT',
  'E_PROVIDER_REJECTED',
  'E_PROVIDER_UNSUPPORTED',
  'E_RECORD_CNAME',
  'E_ZONE_NOT_FOUND',
] as const;

export const envelope = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error: z.object({
      code: z.enum(CODES),
      message: z.string(),
      hint: z.string().optional(),
      retryAfterMs: Milliseconds.optional(),
      outcome: z.enum(['not-applied', 'unknown', 'partial']).default('not-applied'),
    }),
  }),
]);

export type ProgramError = Extract<z.output<typeof envelope>, { ok: false }>['error'];

export const capabilitiesResult: z.ZodType<Capabilities> = z.object({
  types: z.array(z.enum(['SRV', 'TXT'])).min(1),
  reads: z.boolean().default(true),
  atomic: z.enum(['changes', 'rrset', 'record']).default('record'),
  cas: z.enum(['full', 'create-only', 'none']).default('none'),
  ttl: z.object({ min: Seconds, max: Seconds }).default({ min: 0, max: MOST_SECONDS }),
  changesPerApply: z.int().min(1).max(10_000).default(1),
  propagation: z
    .object({ typicalMs: Milliseconds, maxMs: Milliseconds })
    .default({ typicalMs: 10_000, maxMs: 900_000 }),
});

export const checkResult = z
  .array(z.object({ ok: z.boolean(), message: z.string(), hint: z.string().optional() }))
  .transform((items) =>
    items.map(({ hint, ...item }) => ({ ...item, ...(hint === undefined ? {} : { hint }) })),
  );
export const zoneResult: z.ZodType<Zone | null> = z.object({ id: z.string().min(1), name: Name }).nullable();
export const applyResult = z.object({ changed: z.boolean() });

const message = z.object({
  name: z.string(),
  type: z.enum(['SRV', 'TXT']),
  ttl: Seconds,
  values: z.array(z.string()).min(1),
  version: z.unknown().optional(),
});
export const readResult = z.array(message.nullable());

/** Values in presentation form; `version` is the program's own and goes back to it as it came. */
export function rrsetMessage(rrset: RRset): unknown {
  const { name, type, ttl, version } = rrset;
  return { name, type, ttl, values: presentation(rrset), ...(version === undefined ? {} : { version }) };
}

/** @returns undefined for what is no RRset of that key */
export function rrsetOf(key: RRsetKey, sent: z.output<typeof message>): RRset | undefined {
  const { ttl, version } = sent;
  const rest = { name: key.name, ttl, ...(version === undefined ? {} : { version }) };
  if (nameOf(sent) !== keyText(key)) return undefined;
  if (key.type === 'TXT') {
    const values = sent.values.map(parseTxtText).filter((value) => value !== null);
    return values.length === sent.values.length ? { ...rest, type: 'TXT', values } : undefined;
  }
  const values = sent.values.map(parseSrvText).filter((value): value is SrvData => value !== null);
  return values.length === sent.values.length ? { ...rest, type: 'SRV', values } : undefined;
}

function nameOf({ name, type }: z.output<typeof message>): string | null {
  try {
    return keyText({ name: parseDomainName(name), type });
  } catch {
    return null;
  }
}
