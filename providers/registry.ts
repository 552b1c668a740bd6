import type * as z from 'zod';
import { nearest } from '../src/config/nearest.ts';
import { DelegatedError } from '../src/errors.ts';
import type { DnsProvider, Log } from '../src/provider.ts';

/** What the program gives to every adapter. */
export interface ProviderDeps {
  /** Absolute path; for adapters that keep something. */
  readonly stateDirectory: string;
  readonly log: Log;
  readonly now: () => Date;
}

export interface ProviderRequest {
  readonly type: string;
  /** The adapter's own settings, secrets resolved. */
  readonly options: unknown;
  /** The provider's name in the config. */
  readonly name: string;
  readonly deps: ProviderDeps;
}

interface Adapter {
  readonly schema: () => Promise<z.ZodType>;
  readonly load: (request: ProviderRequest) => Promise<DnsProvider>;
}

// An adapter is loaded when a config names it, so an SDK that is not used costs nothing.
const ADAPTERS: Readonly<Record<string, Adapter>> = {
  builtin: {
    schema: async () => (await import('./builtin/options.ts')).builtinOptions,
    async load(request) {
      const [{ createBuiltin }, { builtinOptions }] = await Promise.all([
        import('./builtin/index.ts'),
        import('./builtin/options.ts'),
      ]);
      return createBuiltin(settings(builtinOptions, request), { name: request.name, ...request.deps });
    },
  },
  memory: {
    schema: async () => (await import('./memory/options.ts')).memoryOptions,
    async load(request) {
      const [{ createMemory }, { memoryOptions }] = await Promise.all([
        import('./memory/index.ts'),
        import('./memory/options.ts'),
      ]);
      return createMemory(settings(memoryOptions, request));
    },
  },
  rfc2136: {
    schema: async () => (await import('./rfc2136/options.ts')).rfc2136Options,
    async load(request) {
      const [{ createRfc2136 }, { rfc2136Options }] = await Promise.all([
        import('./rfc2136/index.ts'),
        import('./rfc2136/options.ts'),
      ]);
      return createRfc2136(settings(rfc2136Options, request), request.deps);
    },
  },
};

/** What `type` can be, in alphabetical order. */
export function providerTypes(): readonly string[] {
  return Object.keys(ADAPTERS).sort();
}

/** The schema of the adapter's own settings; null for a type that is not ours. */
export async function optionsSchema(type: string): Promise<z.ZodType | null> {
  return (await adapterOf(type)?.schema()) ?? null;
}

export async function optionsSchemas(): Promise<ReadonlyMap<string, z.ZodType>> {
  const schemas = Object.entries(ADAPTERS).map(async ([type, { schema }]) => [type, await schema()] as const);
  return new Map(await Promise.all(schemas));
}

/** @throws DelegatedError E_PROVIDER_UNKNOWN, E_CONFIG */
export async function loadProvider(request: ProviderRequest): Promise<DnsProvider> {
  const { type, name } = request;
  const adapter = adapterOf(type);
  if (adapter !== undefined) return adapter.load(request);
  const guess = nearest(type, providerTypes());
  throw new DelegatedError('E_PROVIDER_UNKNOWN', `providers.${name}: there is no provider type "${type}"`, {
    hint: `${guess === null ? '' : `did you mean "${guess}"? `}there are ${providerTypes().join(', ')}`,
  });
}

function adapterOf(type: string): Adapter | undefined {
  return Object.hasOwn(ADAPTERS, type) ? ADAPTERS[type] : undefined;
}

/** Says where each mistake is and what was expected, and never what stood there: it may be a secret. */
function settings<T>(schema: z.ZodType<T>, { options, name }: ProviderRequest): T {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(
    ({ path, message }) => `${['providers', name, ...path.map(String)].join('.')}: ${message}`,
  );
  throw new DelegatedError('E_CONFIG', mistakes.join('; '), {
    hint: 'correct these keys in the config; `delegated config schema` prints what is allowed',
  });
}
