import { relativeToRoot } from '../dns/domain-name.ts';
import { isRead, recordLine } from './diagnose-srv.ts';
import { type Finding, finding, merged } from './finding.ts';
import type { ServerSight, SrvSight } from './sight.ts';

const HOUR = 3_600;
/** What the specification gives a well-known file without headers. Whoever says more has hardly thought of a move. Seconds. */
const LONG = 24 * HOUR;
/** Synapse's limit, whatever the headers say (`well_known_resolver.py`, 2026-07). Seconds. */
const SYNAPSE_LIMIT = 48 * HOUR;

/** Characters of what a stranger wrote. */
const LONGEST_QUOTE = 100;

/** What makes the next move slow. Nothing is wrong with it until then. */
export function diagnoseCaching(sight: ServerSight): Finding[] {
  return [...wellKnownFindings(sight), ...ttlFindings(sight)];
}

function wellKnownFindings({ wellKnown }: ServerSight): Finding[] {
  const findings = wellKnown.flatMap(({ address, urls, end }): Finding[] => {
    // A file that delegates nothing is kept for an hour at most.
    if (end.kind !== 'answer' || end.body.kind !== 'delegates' || end.cacheSeconds <= LONG) return [];
    const most = end.cacheSeconds >= SYNAPSE_LIMIT ? ', the longest that it keeps any' : '';
    return [
      finding(
        'WELL_KNOWN_CACHED_LONG',
        `Synapse keeps ${urls[0] ?? ''} for ${spanText(end.cacheSeconds)}${most}, so for that long after a move some peers go on connecting to the old place.`,
        `send "Cache-Control: max-age=${HOUR}" with it, and do so ${spanText(end.cacheSeconds)} before a move at the latest`,
        [`${address}: ${(end.cacheHeader ?? '').slice(0, LONGEST_QUOTE)}`],
      ),
    ];
  });
  return merged(findings);
}

function ttlFindings(sight: ServerSight): Finding[] {
  return sight.srv.flatMap((look): Finding[] => {
    const ttl = isRead(look, sight) ? fullTtl(look, sight) : 0;
    if (ttl <= LONG) return [];
    return [
      finding(
        'SRV_TTL_LONG',
        `Resolvers may keep the SRV record ${relativeToRoot(look.name)} for ${spanText(ttl)}, so for that long after a move some peers go on connecting to the old place.`,
        `set its TTL to ${HOUR}, and do so ${spanText(ttl)} before a move at the latest`,
        [`${recordLine(look)} (TTL ${ttl})`],
      ),
    ];
  });
}

/** Of what a resolver shows, some time has run off; the authoritative servers tell all of it. Seconds. */
function fullTtl({ name, ttl }: SrvSight, { authorities }: ServerSight): number {
  const theirs = authorities.flatMap((each) => (each.name === name ? [each.ttl ?? 0] : []));
  return Math.max(ttl ?? 0, ...theirs);
}

/** `36 hours`, `7 days` */
function spanText(seconds: number): string {
  const hours = Math.round(seconds / HOUR);
  return hours < 72 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
