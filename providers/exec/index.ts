import type { DnsProvider } from '../../src/provider.ts';
import type { ProviderDeps } from '../adapter.ts';
import { createJson } from './json.ts';
import { createLego } from './lego.ts';
import type { ExecOptions } from './options.ts';
import { createRunner } from './run-program.ts';

/** A program of the user's. One that speaks JSON is asked at once what it can do. */
export async function createExec(
  options: ExecOptions,
  deps: Pick<ProviderDeps, 'env' | 'kill'>,
): Promise<DnsProvider> {
  const run = createRunner(options, deps);
  return options.protocol === 'json' ? createJson(options, run) : createLego(options, run, deps);
}
