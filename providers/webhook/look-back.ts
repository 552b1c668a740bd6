import { setTimeout as pause } from 'node:timers/promises';
import { DelegatedError, aborted } from '../../src/errors.ts';
import type { Ctx, RRset } from '../../src/provider.ts';
import type { PlannedChange } from '../floor/planned-changes.ts';
import { targetsOf } from './convert.ts';
import type { Protocol } from './protocol.ts';
import { rrsetsIn } from './rrsets-in.ts';
import { unsupported } from './unsupported.ts';

/**
 * A webhook that drops what it does not know answers that all is well, so what it took is looked at.
 * @throws DelegatedError E_PROVIDER_UNSUPPORTED and all that reading throws, with outcome `unknown`
 */
export async function lookBack(
  protocol: Protocol,
  planned: readonly PlannedChange[],
  pausesMs: readonly number[],
  ctx: Ctx,
): Promise<void> {
  try {
    await untilShown(protocol, planned, pausesMs, ctx);
  } catch (error) {
    if (!(error instanceof DelegatedError)) throw error;
    const { code, message, hint, retry } = error;
    throw new DelegatedError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      retry,
      outcome: 'unknown',
      cause: error,
    });
  }
}

async function untilShown(
  protocol: Protocol,
  planned: readonly PlannedChange[],
  pausesMs: readonly number[],
  ctx: Ctx,
): Promise<void> {
  const keys = planned.map(({ key }) => key);
  for (const pauseMs of [...pausesMs, null]) {
    const seen = rrsetsIn(await protocol.records('show what it changed', ctx), keys);
    const trouble = planned.flatMap((plan, index) => {
      const what = lost(plan, seen[index] ?? null);
      return what === null ? [] : [unsupported(plan.key, what)];
    });
    const [first] = trouble;
    if (first === undefined) return;
    if (pauseMs === null) throw first;
    await pause(pauseMs, undefined, { signal: ctx.signal }).catch(() => {
      throw aborted(ctx.signal);
    });
  }
}

/** Another writer's values may be there as well, and its TTL. */
function lost({ before, after }: PlannedChange, seen: RRset | null): string | null {
  const [was, wanted, shown] = [before, after, seen].map((rrset) => (rrset === null ? [] : targetsOf(rrset)));
  const isShown = (target: string): boolean => shown?.includes(target) ?? false;
  if (wanted?.every(isShown) === false) return 'took it and does not show it';
  const gone = was?.filter((target) => wanted?.includes(target) === false) ?? [];
  return gone.some(isShown) ? 'still shows what it was to remove' : null;
}
