import type { DomainName } from '../dns/domain-name.ts';
import { parseDomainName, relativeToRoot } from '../dns/domain-name.ts';
import { DelegatedError } from '../errors.ts';
import { dateIn, fieldsOf, type Fields, httpsUrl, listIn, oneOfIn, textIn, urlIn } from './fields.ts';
import { malformed } from './malformed.ts';
import type { Order, OrderStatus } from './order.ts';
import { parseProblem } from './problem.ts';

const STATUSES = [
  'pending',
  'ready',
  'processing',
  'valid',
  'invalid',
] as const satisfies readonly OrderStatus[];

/**
 * RFC 8555 §7.1.3.
 * @throws DelegatedError E_ACME_PROBLEM when a field that we need is missing or makes no sense
 */
export function parseOrder(body: unknown, url: string, retryAfterMs?: number): Order {
  const what = `the order ${url}`;
  const fields = fieldsOf(body, what);
  const expires = dateIn(fields, 'expires', what);
  const error = parseProblem(fields['error'], 0);
  const status = oneOfIn(fields, 'status', STATUSES, what);
  // Some CAs send an empty text before there is one.
  const certificate = fields['certificate'] ? urlIn(fields, 'certificate', what) : undefined;
  if (status === 'valid' && certificate === undefined)
    throw malformed(what, 'it is valid, and "certificate" is missing');
  return {
    url: httpsUrl(url, 'the Location header', what),
    status,
    names: listIn(fields, 'identifiers', what).map((identifier) => dnsIdentifier(identifier, what)),
    authorizations: listIn(fields, 'authorizations', what).map((authorization) =>
      httpsUrl(authorization, 'an entry of "authorizations"', what),
    ),
    finalize: urlIn(fields, 'finalize', what),
    ...(certificate !== undefined && { certificate }),
    ...(expires !== undefined && { expires }),
    ...(error !== null && { error }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** @throws DelegatedError E_ACME_ORDER when the CA took an order for other names or under another profile */
export function checkOrdered(
  body: unknown,
  order: Order,
  names: readonly DomainName[],
  profile: string | undefined,
): void {
  const difference = namesDiffer(order.names, names);
  if (difference !== null) throw refused(order, `the CA's order is for other names: ${difference}`);
  const echoed = fieldsOf(body, `the order ${order.url}`)['profile'];
  if (profile !== undefined && echoed !== profile)
    throw refused(
      order,
      echoed === undefined
        ? `the CA does not know profiles, and "${profile}" was asked for`
        : `the CA took the profile ${JSON.stringify(echoed)}, not "${profile}"`,
    );
}

/** RFC 8555 §9.7.7: `dns` is the only type that we order. @throws DelegatedError E_ACME_PROBLEM */
export function dnsIdentifier(value: unknown, what: string): DomainName {
  const fields: Fields = fieldsOf(value, what);
  const type = textIn(fields, 'type', what);
  if (type !== 'dns') throw malformed(what, `an identifier of type ${JSON.stringify(type)}`);
  const name = textIn(fields, 'value', what);
  try {
    return parseDomainName(name);
  } catch (cause) {
    throw malformed(what, cause instanceof Error ? cause.message : 'an identifier that is no name');
  }
}

function namesDiffer(given: readonly DomainName[], wanted: readonly DomainName[]): string | null {
  const missing = wanted.filter((name) => !given.includes(name)).map(relativeToRoot);
  const more = given.filter((name) => !wanted.includes(name)).map(relativeToRoot);
  if (missing.length === 0 && more.length === 0) return null;
  return [
    ...(missing.length > 0 ? [`without ${missing.join(', ')}`] : []),
    ...(more.length > 0 ? [`with ${more.join(', ')}`] : []),
  ].join(' and ');
}

function refused(order: Order, message: string): DelegatedError {
  return new DelegatedError('E_ACME_ORDER', message, {
    hint: `look at \`acme.profile\` and the names of the site; the order is ${order.url}`,
  });
}
