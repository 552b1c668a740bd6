/** Verb: everything that the config wants in the zones for good: SRV records, and the standing values of dns-persist-01. */
import type { Config, SiteConfig } from './config/config.ts';
import type { Ctx, Ports } from './ports.ts';
import { type ReconcileMode, type ReconcileOptions, type ReconcileOutcome, reconcile } from './reconcile.ts';
import { reconcileStanding } from './reconcile-standing.ts';

/** By server name. Errors are per site; the verb itself never throws. */
export async function reconcileRecords(
  sites: readonly SiteConfig[],
  mode: ReconcileMode,
  config: Config,
  options: ReconcileOptions,
  ports: Ports,
  ctx: Ctx,
): Promise<ReadonlyMap<string, ReconcileOutcome>> {
  const [records, standing] = await Promise.all([
    reconcile(sites, mode, config, options, ports, ctx),
    reconcileStanding(sites, mode, config, ports, ctx),
  ]);
  const merged = new Map(records);
  for (const [name, more] of standing) {
    const { records: some = [], errors = [], warnings = [] } = records.get(name) ?? {};
    merged.set(name, {
      records: [...some, ...more.records],
      errors: [...errors, ...more.errors],
      warnings: [...warnings, ...more.warnings],
    });
  }
  return merged;
}
