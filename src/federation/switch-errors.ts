import { BACKOFF, DelegatedError } from '../errors.ts';
import { relativeToRoot } from '../dns/domain-name.ts';
import type { SrvData } from '../dns/rrset.ts';
import type { Finding } from './finding.ts';
import type { Standing } from './judge-switch.ts';
import type { Switch } from './switch.ts';

const TODAY = {
  works: 'which works today',
  unknown: 'which may well work today (this machine cannot see all of it)',
  shadows: 'once the well-known file that leads elsewhere is gone or cannot be read',
} as const;

/** Why a change is not made. @param name the server name */
export function refusedSwitch(
  name: string,
  change: Switch,
  standing: Exclude<Standing, 'broken'> | 'shadows',
  faults: readonly Finding[],
): DelegatedError {
  return new DelegatedError(
    'E_SWITCH_REFUSED',
    `${changeText(change)} could cut off federation, ${TODAY[standing]}: ${faultText(faults)}`,
    {
      hint: `${faults[0]?.fix ?? 'look at it with `delegated check`'}. \`delegated sync --force ${name}\` makes the change all the same; \`proveTargets: false\` of the site is for a machine that cannot reach the public addresses`,
      retry: BACKOFF,
    },
  );
}

export function undoneSwitch(faults: readonly Finding[]): DelegatedError {
  return new DelegatedError(
    'E_SWITCH_UNDONE',
    `federation failed through the new SRV records, so the old ones are back: ${faultText(faults)}`,
    { hint: faults[0]?.fix ?? 'look at it with `delegated check`', retry: BACKOFF },
  );
}

/** @param obstacle what kept the old records from being put back */
export function unprovenSwitch(
  name: string,
  faults: readonly Finding[],
  obstacle: DelegatedError,
): DelegatedError {
  return new DelegatedError(
    'E_SWITCH_UNPROVEN',
    `federation fails through the new SRV records (${faultText(faults)}), and the old ones could not be put back: ${obstacle.message}`,
    {
      hint: `${faults[0]?.fix ?? 'look at it with `delegated check`'}; or put the old records back by hand. \`delegated sync --force ${name}\` stands by the new ones`,
      retry: BACKOFF,
      outcome: 'partial',
      cause: obstacle,
    },
  );
}

/** Nothing was put back: it is not known that anything is wrong. */
export function unseenSwitch(name: string): DelegatedError {
  return new DelegatedError(
    'E_SWITCH_UNPROVEN',
    'federation through the new SRV records could not be looked at, so it is not known whether they work',
    {
      hint: `see whether this machine can ask the name servers of the zone, and its well-known file; the next run looks again. \`delegated sync --force ${name}\` stands by the new ones`,
      retry: BACKOFF,
      outcome: 'unknown',
    },
  );
}

/** `the change to new.example.org port 8448` */
function changeText({ kind, added, removed }: Switch): string {
  if (kind === 'first') return 'the first SRV record';
  if (added.length > 0) return `the change to ${placesText(added)}`;
  return `to take away ${placesText(removed)}`;
}

export function placesText(records: readonly SrvData[]): string {
  return records.map(({ target, port }) => `${relativeToRoot(target)} port ${port}`).join(' and ');
}

function faultText(faults: readonly Finding[]): string {
  if (faults.length === 0) return 'no homeserver answers there as it should.';
  return faults
    .map(({ message, evidence: [first] }) => (first === undefined ? message : `${message} (${first})`))
    .join(' ');
}
