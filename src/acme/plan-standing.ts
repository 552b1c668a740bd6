import { type StandingNeed, type StandingValue, parseStandingValue, standingText } from './standing-value.ts';

/** Values to add and to take out; what belongs to others stays. */
export interface StandingPlan {
  /** What stands there for our account at that CA. */
  readonly before: readonly string[];
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/**
 * The account in a value says whose it is, so no mark stands beside it: it lets nobody but us have certificates. Values of
 * ours that say something else than is wanted (a wider scope, another end) go.
 * @param texts all that stands at the name
 */
export function planStanding(
  texts: readonly string[],
  need: StandingNeed,
  wanted: StandingValue,
): StandingPlan {
  const before = texts.filter((text) => isOurs(text, need));
  const kept = before.find((text) => sameValue(text, wanted));
  return {
    before,
    add: kept === undefined ? [standingText(wanted)] : [],
    remove: before.filter((text) => text !== kept),
  };
}

function isOurs(text: string, { issuers, accountUris }: StandingNeed): boolean {
  const value = parseStandingValue(text);
  return (
    value !== null && accountUris.includes(value.accountUri) && issuers?.includes(value.issuer) !== false
  );
}

/** White space, case of the tags and their order are a matter of taste. */
function sameValue(text: string, wanted: StandingValue): boolean {
  const value = parseStandingValue(text);
  return value !== null && standingText(value) === standingText(wanted);
}
