/** What a third party's module and provider have to look like, and what their answers are taken for. */
import * as z from 'zod';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import type { DomainName, RRset, RRsetKey } from '../../src/provider.ts';

const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'expected a function',
});

const seconds = z.int().min(0).max(0x7fffffff);

export const capabilitiesShape = z.object({
  types: z
    .array(z.enum(['SRV', 'TXT']))
    .min(1)
    .readonly(),
  reads: z.boolean(),
  atomic: z.enum(['changes', 'rrset', 'record']),
  cas: z.enum(['full', 'create-only', 'none']),
  ttl: z.object({ min: seconds, max: seconds }),
  changesPerApply: z.int().min(1),
  propagation: z.object({ typicalMs: z.number().min(0), maxMs: z.number().min(0) }),
});

/** `apiVersion` is looked at before all else. */
export const adapterShape = z.object({
  title: z.string().min(1),
  capabilities: capabilitiesShape,
  options: z
    .custom<object>(isStandardSchema, { error: 'expected a Standard Schema (https://standardschema.dev)' })
    .optional(),
  environment: z.record(z.string(), z.array(z.string())).optional(),
  example: callable.optional(),
  policy: callable.optional(),
  create: callable,
});

export const providerShape = z.object({
  capabilities: capabilitiesShape,
  check: callable,
  findZone: callable,
  readRRsets: callable,
  apply: callable,
  zoneById: callable.optional(),
  settle: callable.optional(),
  listen: callable.optional(),
  close: callable.optional(),
});

const name = z.string().transform((text, ctx): DomainName => {
  try {
    return parseDomainName(text);
  } catch {
    ctx.addIssue({ code: 'custom', message: 'expected a domain name' });
    return z.NEVER;
  }
});

export const checkItems = z.array(
  z.object({ ok: z.boolean(), message: z.string(), hint: z.string().exactOptional() }),
);

export const foundZone = z.object({ id: z.string().min(1), name }).nullable();

export const receipt = z.object({ changed: z.boolean(), handle: z.string().exactOptional() });

const uint16 = z.int().min(0).max(0xffff);
const common = { name, ttl: seconds, version: z.unknown().exactOptional() };

const rrset = z
  .discriminatedUnion('type', [
    z.object({
      ...common,
      type: z.literal('SRV'),
      values: z.array(z.object({ priority: uint16, weight: uint16, port: uint16, target: name })).min(1),
    }),
    z.object({
      ...common,
      type: z.literal('TXT'),
      values: z
        .array(z.string().regex(/^[\0-\u00ff]*$/, { error: 'expected octets: one char of latin1 each' }))
        .min(1),
    }),
  ])
  .nullable();

/** One for each key, in their order; `undefined` is no answer. */
export function rrsetsFor(keys: readonly RRsetKey[]): z.ZodType<(RRset | null)[]> {
  return z
    .array(rrset)
    .length(keys.length, { error: `expected ${keys.length} RRsets or null, one for each key` })
    .superRefine((found, ctx) => {
      for (const [index, each] of found.entries()) {
        const key = keys[index];
        if (each !== null && (each.name !== key?.name || each.type !== key.type))
          ctx.addIssue({
            code: 'custom',
            path: [index],
            message: 'expected the RRset of the key at this place',
          });
      }
    });
}

function isStandardSchema(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = Reflect.get(value, '~standard');
  if (typeof standard !== 'object' || standard === null) return false;
  return Reflect.get(standard, 'version') === 1 && typeof Reflect.get(standard, 'validate') === 'function';
}
