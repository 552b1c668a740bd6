/** Provider types and how to load them. Lazy, so that an adapter which is not used costs nothing. */
import * as z from 'zod';
import { parseDomainName } from '../src/dns/domain-name.ts';
import { DelegatedError } from '../src/errors.ts';
import type { DnsProvider, Log } from '../src/provider.ts';

export interface ProviderDeps {
  /** Absolute path; an adapter that keeps state has a folder of its own in it. */
  readonly stateDirectory: string;
  readonly log: Log;
  readonly now: () => Date;
}

export interface ProviderRequest {
  /** As the config calls it. */
  readonly name: string;
  readonly type: string;
  /** Secrets resolved. */
  readonly options: unknown;
  readonly deps: ProviderDeps;
}

interface Adapter {
  readonly options: z.ZodType;
  /** The options have passed the schema above. */
  readonly create: (request: ProviderRequest) => DnsProvider;
}

const ADAPTERS: Readonly<Record<string, () => Promise<Adapter>>> = {
  async rfc2136() {
    const [{ createRfc2136 }, { rfc2136Options }] = await Promise.all([
      import('./rfc2136/index.ts'),
      import('./rfc2136/options.ts'),
    ]);
    return {
      options: rfc2136Options,
      create: ({ options, deps }) => createRfc2136(rfc2136Options.parse(options), deps),
    };
  },
  async memory() {
    const { createMemory } = await import('./memory/index.ts');
    const memoryOptions = z.strictObject({ zones: z.array(z.string()).min(1) });
    return {
      options: memoryOptions,
      create: ({ options }) =>
        createMemory({ zones: memoryOptions.parse(options).zones.map(parseDomainName) }),
    };
  },
};

export function providerTypes(): readonly string[] {
  return Object.keys(ADAPTERS);
}

/** The schema of an adapter's own settings; null for a type that is not ours. */
export async function optionsSchema(type: string): Promise<z.ZodType | null> {
  return (await ADAPTERS[type]?.())?.options ?? null;
}

/** Of every type. */
export async function optionsSchemas(): Promise<ReadonlyMap<string, z.ZodType>> {
  const loaded = await Promise.all(
    Object.entries(ADAPTERS).map(async ([type, load]) => [type, (await load()).options] as const),
  );
  return new Map(loaded);
}

/** @throws DelegatedError E_PROVIDER_UNKNOWN */
export async function loadProvider(request: ProviderRequest): Promise<DnsProvider> {
  const load = ADAPTERS[request.type];
  if (load === undefined)
    throw new DelegatedError('E_PROVIDER_UNKNOWN', `there is no DNS provider type "${request.type}"`, {
      hint: `there are ${providerTypes().join(', ')}`,
    });
  return (await load()).create(request);
}
