import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { DelegatedError } from '../../src/errors.ts';
import type { DnsProvider, RRsetKey } from '../../src/provider.ts';
import type { Adapter, ProviderDeps } from '../adapter.ts';
import { findModule } from './find-module.ts';
import { fromForeign } from './foreign-error.ts';
import { guardedProvider } from './guarded-provider.ts';
import { adapterShape, providerShape } from './shapes.ts';
import { type StandardSchema, asZod } from './standard-schema.ts';

/** What the module of a third party exports as `adapter`, or as its default. docs/writing-a-provider.md explains it. */
export interface ThirdPartyAdapter<Options = unknown> extends Pick<Adapter, 'title' | 'capabilities'> {
  readonly apiVersion: 1;
  /** Without one the settings come as they stand in the config, secrets resolved. */
  readonly options?: StandardSchema<Options>;
  readonly environment?: Adapter['environment'];
  readonly example?: (serverName: string) => string;
  readonly policy?: (keys: readonly RRsetKey[]) => string;
  create(options: Options, deps: ProviderDeps): DnsProvider | Promise<DnsProvider>;
}

export const API_VERSION = 1;
/** For a module that waits for something at its top level. */
const LOAD_MS = 20_000;

/**
 * Loads what the config names, and nothing else.
 * @throws DelegatedError E_PROVIDER_UNKNOWN when it is not there or cannot be loaded, E_PROVIDER_UNSUPPORTED when it is
 * no adapter of our version; the message names the file
 */
export async function loadAdapter(type: string, configFolder: string, loadMs = LOAD_MS): Promise<Adapter> {
  const file = await findModule(type, configFolder);
  const module = await imported(file, loadMs);
  const adapter = adapterIn(module, file);
  const { title, capabilities, options, environment = {} } = adapter;
  return {
    title,
    capabilities,
    options: options === undefined ? z.unknown() : asZod(options),
    environment,
    example: (serverName) =>
      adapter.example?.(serverName) ?? '# The documentation of the provider has its settings.\n',
    policy: (keys) => adapter.policy?.(keys) ?? `${title} does not say which rights are enough.`,
    async create(settings, deps) {
      const place = `providers.${deps.name} (${type})`;
      const created = await made(adapter, settings, deps, place);
      mustFit(providerShape, created, `${place}: what create() of ${file} returns`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- looked at right above
      return guardedProvider(place, created as DnsProvider);
    },
  };
}

async function imported(file: string, loadMs: number): Promise<object> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it is not ready after ${loadMs / 1_000} s`));
    }, loadMs);
  });
  try {
    const module: unknown = await Promise.race([import(pathToFileURL(file).href), late]);
    return typeof module === 'object' && module !== null ? module : {};
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'it threw no error';
    throw new DelegatedError('E_PROVIDER_UNKNOWN', `${file} cannot be loaded: ${reason}`, {
      hint: 'install it again together with what it needs, or report this to those who made it',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

function adapterIn(module: object, file: string): ThirdPartyAdapter {
  const found = exported(module);
  if (found === null)
    throw unsupported(`${file} exports no provider`, 'a provider is a named export `adapter`, an object');
  const version: unknown = Reflect.get(found, 'apiVersion');
  if (version !== API_VERSION)
    throw unsupported(
      `${file}: apiVersion: expected ${API_VERSION}, got ${JSON.stringify(version) ?? 'nothing'}`,
      typeof version === 'number' && version > API_VERSION
        ? 'it was written for a later delegated: upgrade delegated, or install an older version of it'
        : 'install a version of it that fits this delegated',
    );
  mustFit(adapterShape, found, file);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- looked at right above
  return found as ThirdPartyAdapter;
}

/** CommonJS hides everything in `default`, and TypeScript puts one more around it. */
function exported(module: object): object | null {
  const outer: unknown = Reflect.get(module, 'default');
  const candidates: unknown[] = [
    Reflect.get(module, 'adapter'),
    ...(isObject(outer) ? [Reflect.get(outer, 'adapter'), Reflect.get(outer, 'default'), outer] : []),
  ];
  return candidates.find(isObject) ?? null;
}

async function made(
  adapter: ThirdPartyAdapter,
  settings: unknown,
  deps: ProviderDeps,
  place: string,
): Promise<unknown> {
  try {
    return await adapter.create(settings, deps);
  } catch (thrown) {
    throw fromForeign(thrown, { place, method: 'create', write: false });
  }
}

function mustFit(shape: z.ZodType, value: unknown, what: string): void {
  const result = shape.safeParse(value);
  if (result.success) return;
  const mistakes = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  throw unsupported(
    `${what} does not fit: ${mistakes.join('; ')}`,
    'docs/writing-a-provider.md has the contract',
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function unsupported(message: string, hint: string): DelegatedError {
  return new DelegatedError('E_PROVIDER_UNSUPPORTED', message, { hint });
}
