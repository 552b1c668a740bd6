import { relativeToRoot } from '../dns/domain-name.ts';
import type { SrvData } from '../dns/rrset.ts';
import { type SrvEntry, isPast } from '../matrix/delegation.ts';
import { momentText } from './moment.ts';
import { type Switch, placeOf } from './switch.ts';
import type { Warning } from './warning.ts';

/**
 * What peers remember longest: tuwunel and its kin keep "no such record" for three days, Synapse a well-known file for
 * two, and the former a destination for up to 36 hours (sources, 2026-07).
 */
const MEMORY_HOURS = 72;
const HOUR_MS = 3_600_000;

/** Targets that a change takes away, but for those whose time is over. */
export function removalWarnings(
  { removed }: Switch,
  srv: readonly SrvEntry[],
  now: Date,
): readonly Warning[] {
  const past = new Set(srv.filter((entry) => isPast(entry, now)).map(placeOf));
  const until = new Date(now.getTime() + MEMORY_HOURS * HOUR_MS);
  return removed
    .filter((data) => !past.has(placeOf(data)))
    .map((data) => ({
      code: 'TARGET_REMOVED',
      message: `Peers that remember ${placeText(data)} go on connecting there for up to ${MEMORY_HOURS} hours.`,
      hint: `keep it serving that long, or list it beside the others with \`until: ${momentText(until)}\``,
    }));
}

/** Targets that go by themselves, and those that have gone. */
export function untilWarnings(srv: readonly SrvEntry[], now: Date): readonly Warning[] {
  return srv.flatMap((entry): readonly Warning[] => {
    if (entry.until === undefined) return [];
    const at = momentText(entry.until);
    if (isPast(entry, now))
      return [
        {
          code: 'TARGET_PAST',
          message: `${placeText(entry)} is not published since ${at}.`,
          hint: 'take it out of the config, and stop what serves there when nobody asks any more',
        },
      ];
    return [
      {
        code: 'TARGET_UNTIL',
        message: `${placeText(entry)} is published until ${at}.`,
        hint: 'keep it serving until then; another moment, or none, changes that',
      },
    ];
  });
}

function placeText({ target, port }: SrvData): string {
  return `${relativeToRoot(target)} port ${port}`;
}
