import type * as z from 'zod';
import { nearest } from '../src/config/nearest.ts';
import { DelegatedError } from '../src/errors.ts';
import type { DnsProvider } from '../src/provider.ts';
import type { Adapter, ProviderDeps } from './adapter.ts';
import { isThirdParty } from './third-party/find-module.ts';

export type { Adapter, ProviderDeps } from './adapter.ts';

export interface ProviderRequest {
  readonly type: string;
  /** The adapter's own settings, secrets resolved. */
  readonly options: unknown;
  readonly deps: ProviderDeps;
}

// An adapter is loaded when a config names it, so an SDK that is not used costs nothing.
const ADAPTERS: Readonly<Record<string, () => Promise<Adapter>>> = {
  'acme-dns': async () => (await import('./acme-dns/adapter.ts')).acmeDns,
  builtin: async () => (await import('./builtin/adapter.ts')).builtin,
  cloudflare: async () => (await import('./cloudflare/adapter.ts')).cloudflare,
  desec: async () => (await import('./desec/adapter.ts')).desec,
  exec: async () => (await import('./exec/adapter.ts')).exec,
  google: async () => (await import('./google/adapter.ts')).google,
  hetzner: async () => (await import('./hetzner/adapter.ts')).hetzner,
  httpreq: async () => (await import('./httpreq/adapter.ts')).httpreq,
  manual: async () => (await import('./manual/adapter.ts')).manual,
  memory: async () => (await import('./memory/adapter.ts')).memory,
  ovh: async () => (await import('./ovh/adapter.ts')).ovh,
  powerdns: async () => (await import('./powerdns/adapter.ts')).powerdns,
  rfc2136: async () => (await import('./rfc2136/adapter.ts')).rfc2136,
  route53: async () => (await import('./route53/adapter.ts')).route53,
  webhook: async () => (await import('./webhook/adapter.ts')).webhook,
};

/** What `type` can be, in alphabetical order. */
export function providerTypes(): readonly string[] {
  return Object.keys(ADAPTERS).sort();
}

/**
 * Null for a type that is not known.
 * @param configFolder where somebody else's adapter is looked for: `pkg:@scope/name`, `./file.mjs`
 * @throws DelegatedError E_PROVIDER_UNKNOWN, E_PROVIDER_UNSUPPORTED for somebody else's adapter that is of no use
 */
export async function findAdapter(type: string, configFolder: string): Promise<Adapter | null> {
  if (isThirdParty(type))
    return (await import('./third-party/load-adapter.ts')).loadAdapter(type, configFolder);
  return Object.hasOwn(ADAPTERS, type) ? ((await ADAPTERS[type]?.()) ?? null) : null;
}

/** All of them, by type, in alphabetical order. */
export async function allAdapters(): Promise<ReadonlyMap<string, Adapter>> {
  const loaded = providerTypes().map(async (type) => [type, await ADAPTERS[type]?.()] as const);
  const found = await Promise.all(loaded);
  return new Map(
    found.flatMap(([type, adapter]) => (adapter === undefined ? [] : [[type, adapter] as const])),
  );
}

/** @throws DelegatedError E_PROVIDER_UNKNOWN, E_PROVIDER_UNSUPPORTED, E_CONFIG */
export async function loadProvider(request: ProviderRequest): Promise<DnsProvider> {
  const { type, deps } = request;
  const adapter = await findAdapter(type, deps.configFolder);
  if (adapter !== null) return adapter.create(await settings(adapter.options, request), deps);
  const guess = nearest(type, providerTypes());
  throw new DelegatedError(
    'E_PROVIDER_UNKNOWN',
    `providers.${deps.name}: there is no provider type "${type}"`,
    {
      hint: `${guess === null ? '' : `did you mean "${guess}"? `}there are ${providerTypes().join(', ')}`,
    },
  );
}

/** Says where each mistake is and what was expected, and never what stood there: it may be a secret. */
async function settings(schema: z.ZodType, { options, deps }: ProviderRequest): Promise<unknown> {
  const result = await schema.safeParseAsync(options);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(
    ({ path, message }) => `${['providers', deps.name, ...path.map(String)].join('.')}: ${message}`,
  );
  throw new DelegatedError('E_CONFIG', mistakes.join('; '), {
    hint: 'correct these keys in the config; `delegated config schema` prints what is allowed',
  });
}
