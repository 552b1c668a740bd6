import { DelegatedError } from '../errors.ts';
import { type Change, changedKey } from './change.ts';
import type { DomainName } from './domain-name.ts';
import { keyText, type RRsetKey } from './rrset.ts';

/** Names and types that our code may touch at all, whatever an adapter or a plan says. */
export interface Fence {
  readonly keys: ReadonlySet<string>;
}

export function fenceAround(keys: readonly RRsetKey[]): Fence {
  return { keys: new Set(keys.map(keyText)) };
}

/** The SRV names of the sites with the marks beside them. */
export function recordKeys(names: readonly DomainName[]): RRsetKey[] {
  return names.flatMap((name) => [
    { name, type: 'SRV' as const },
    { name, type: 'TXT' as const },
  ]);
}

/**
 * @throws DelegatedError E_PROVIDER_FENCE for a change outside the fence, and for one that would replace or delete a
 * whole TXT RRset: TXT values of others may stand at our names, so ours come and go one by one
 */
export function assertInside(fence: Fence, changes: readonly Change[]): void {
  for (const change of changes) {
    const key = changedKey(change);
    const whole = change.op === 'put' || change.op === 'delete';
    if (fence.keys.has(keyText(key)) && !(whole && key.type === 'TXT')) continue;
    throw new DelegatedError(
      'E_PROVIDER_FENCE',
      `refused to ${change.op} ${keyText(key)}: it is not one of our names`,
      {
        hint: 'this is a bug of delegated; nothing was changed',
      },
    );
  }
}
