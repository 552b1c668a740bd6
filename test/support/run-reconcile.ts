import type { SiteConfig } from '../../src/config/config.ts';
import { type ReconcileMode, type ReconcileOutcome, reconcile } from '../../src/reconcile.ts';
import { type Around, type World, config, ctx, site } from './fake-ports.ts';

export interface Run {
  readonly sites?: readonly SiteConfig[];
  readonly mode?: ReconcileMode;
  readonly around?: Around;
  readonly signal?: AbortSignal;
  readonly force?: boolean;
  readonly ready?: Promise<unknown>;
}

export async function run(world: World, options: Run = {}): Promise<ReadonlyMap<string, ReconcileOutcome>> {
  const { sites = [site()], mode = 'apply', around, signal, ...rest } = options;
  return reconcile(sites, mode, config(...sites), rest, world.ports(around), ctx(signal));
}

/** `create FED`, and the codes of the errors. */
export function summary(outcomes: ReadonlyMap<string, ReconcileOutcome>): Record<string, string[]> {
  const entries = [...outcomes].map(([name, { records, errors }]) => [
    name,
    [...records.map(({ action }) => action), ...errors.map(({ code }) => code)],
  ]);
  return Object.fromEntries(entries);
}
