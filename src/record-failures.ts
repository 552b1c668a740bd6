import type { Authorization, Order } from './acme/order.ts';
import { type DomainName, under } from './dns/domain-name.ts';
import type { Issuance } from './issuance.ts';
import { enterOutcome } from './ledger-gate.ts';

export async function authorizationsOf({ acme, ctx }: Issuance, order: Order): Promise<Authorization[]> {
  return Promise.all(order.authorizations.map((url) => acme.authorization(url, ctx)));
}

/** As it was ordered. */
export function nameOf({ name, wildcard }: Pick<Authorization, 'name' | 'wildcard'>): DomainName {
  return wildcard ? under('*', name) : name;
}

/** Writes down which names the CA found invalid, since it counts them. Those that it never settled count by their answer. */
export async function recordFailures(issuance: Issuance, order: Order): Promise<Authorization[]> {
  const authorizations = await authorizationsOf(issuance, order);
  const of = (wanted: Authorization['status']): DomainName[] =>
    authorizations.filter(({ status }) => status === wanted).map(nameOf);
  const question = { ...issuance, ca: issuance.journal.ca };
  await enterOutcome({ ...question, names: of('invalid') }, order.url, 'failed');
  await enterOutcome({ ...question, names: of('valid') }, order.url, 'valid');
  return authorizations;
}
