import { createHash, randomBytes } from 'node:crypto';
import type { CaDoubleOptions } from './ca.ts';
import type { Issued, Issuer } from './ca-issuer.ts';
import { Refusal, type SignedRequest, isRecord, malformed } from './ca-jws.ts';
import {
  type DoubleAccount,
  type DoubleAuthorization,
  type DoubleCertificate,
  type DoubleOrder,
  orderBody,
} from './ca-objects.ts';
import { persistFields, whyNotPersistent } from './ca-persist.ts';
import type { CaAnswer } from './ca-routes.ts';

export interface Orders {
  readonly orders: readonly DoubleOrder[];
  readonly certificates: readonly DoubleCertificate[];
  /** RFC 8555 §7.4. @throws Refusal */
  newOrder: (account: DoubleAccount, payload: SignedRequest['payload']) => CaAnswer;
  /** Settles an authorization, and with the last one its order. */
  validate: (authorization: DoubleAuthorization, account: DoubleAccount) => Promise<void>;
  /** @throws Refusal */
  finalize: (order: DoubleOrder, payload: SignedRequest['payload']) => Promise<CaAnswer>;
}

const DEFAULT_LIFETIME_S = 90 * 86_400;
/** As long as Boulder backdates, so that clocks which are slow find them valid. */
const BACKDATED_MS = 3_600_000;

export function createOrders(origin: string, options: CaDoubleOptions, issuer: Issuer): Orders {
  const orders: DoubleOrder[] = [];
  const certificates: DoubleCertificate[] = [];
  const { profiles, lookUp } = options;

  /** RFC 9773 §5, in the words of Boulder. */
  const checkReplaced = (certId: string, account: DoubleAccount, names: readonly string[]): void => {
    const replaced = certificates.find((each) => each.certId === certId);
    if (replaced === undefined) throw new Refusal(404, 'malformed', 'there is no certificate to replace');
    if (replaced.order.account !== account)
      throw new Refusal(403, 'unauthorized', 'the certificate to replace is of another account');
    if (!replaced.order.names.some((name) => names.includes(name)))
      throw malformed('the certificate to replace has none of the names');
    if (orders.some((order) => order.replaces === certId && order.status !== 'invalid'))
      throw new Refusal(409, 'alreadyReplaced', 'there is an order that replaces it already');
  };

  const newOrder = (account: DoubleAccount, payload: SignedRequest['payload']): CaAnswer => {
    const { identifiers, profile: asked, replaces, notBefore, notAfter } = payload ?? {};
    const names = namesOf(identifiers);
    if (notBefore !== undefined || notAfter !== undefined) throw malformed('dates are not taken');
    const profile = profileOf(asked);
    if (replaces !== undefined) {
      if (typeof replaces !== 'string' || options.renewalInfo === false)
        throw malformed('"replaces" is not taken');
      checkReplaced(replaces, account, names);
    }
    const url = `${origin}/order/${orders.length + 1}`;
    const mine = names.map((name, index): DoubleAuthorization => ({
      url: `${origin}/authorization/${orders.length + 1}-${index + 1}`,
      name: name.replace(/^\*\./, ''),
      wildcard: name.startsWith('*.'),
      token: randomBytes(32).toString('base64url'),
      status: 'pending',
      persist: persistFields(options),
    }));
    const order: DoubleOrder = {
      url,
      account,
      names,
      profile,
      replaces,
      authorizations: mine,
      status: 'pending',
    };
    orders.push(order);
    return { status: 201, headers: { location: url }, body: orderBody(order) };
  };

  const profileOf = (asked: unknown): string | undefined => {
    if (asked === undefined) return profiles === undefined ? undefined : Object.keys(profiles)[0];
    if (typeof asked !== 'string' || profiles?.[asked] === undefined)
      throw new Refusal(400, 'invalidProfile', `there is no profile ${JSON.stringify(asked)}`);
    return asked;
  };

  const whyNotValid = async (
    authorization: DoubleAuthorization,
    account: DoubleAccount,
  ): Promise<string | null> => {
    if (authorization.answered === 'dns-persist-01')
      return whyNotPersistent(authorization, account, origin, options);
    const value = createHash('sha256')
      .update(`${authorization.token}.${account.thumbprint}`)
      .digest('base64url');
    // A name that cannot be looked up has no values, as far as a CA can tell.
    const found =
      lookUp === undefined ? [value] : await lookUp(`_acme-challenge.${authorization.name}`).catch(() => []);
    return found.includes(value) ? null : `the value is not among the ${found.length} that were found`;
  };

  const validate = async (authorization: DoubleAuthorization, account: DoubleAccount): Promise<void> => {
    const detail = await whyNotValid(authorization, account);
    authorization.status = detail === null ? 'valid' : 'invalid';
    if (detail !== null)
      authorization.problem = {
        type: 'urn:ietf:params:acme:error:unauthorized',
        detail,
        status: 403,
      };
    for (const order of orders) {
      if (order.status !== 'pending' || !order.authorizations.includes(authorization)) continue;
      if (authorization.status === 'invalid') order.status = 'invalid';
      else if (order.authorizations.every(({ status }) => status === 'valid')) order.status = 'ready';
    }
  };

  const finalize = async (order: DoubleOrder, payload: SignedRequest['payload']): Promise<CaAnswer> => {
    if (order.status !== 'ready') throw new Refusal(403, 'orderNotReady', `the order is ${order.status}`);
    const csr = Buffer.from(textIn(payload, 'csr'), 'base64url');
    const named = await issuer.namesIn(csr).catch(() => {
      throw new Refusal(400, 'badCSR', 'that is no certificate request');
    });
    if (named.toSorted().join(' ') !== order.names.toSorted().join(' '))
      throw new Refusal(403, 'unauthorized', `the request is for ${named.join(' ')}`);
    order.status = 'processing';
    const seconds = profiles?.[order.profile ?? ''] ?? options.lifetimeSeconds ?? DEFAULT_LIFETIME_S;
    const notBefore = new Date(Date.now() - Math.min(BACKDATED_MS, (seconds * 1_000) / 2));
    const notAfter = new Date(notBefore.getTime() + seconds * 1_000);
    // The answer does not wait for it, and the client has to look again (RFC 8555 §7.4).
    const done = ({ chain, certId }: Issued): void => {
      const url = `${origin}/certificate/${certificates.length + 1}`;
      order.certificate = { url, order, certId, chain, notBefore, notAfter, revoked: false };
      certificates.push(order.certificate);
      order.status = 'valid';
    };
    const failed = (thrown: unknown): void => {
      order.status = 'invalid';
      order.problem = { type: 'about:blank', detail: String(thrown) };
    };
    issuer.issue(csr, notBefore, notAfter).then(done, failed);
    return { status: 200, headers: { location: order.url }, body: orderBody(order) };
  };

  return { orders, certificates, newOrder, validate, finalize };
}

export function textIn(payload: SignedRequest['payload'], key: string): string {
  const value = payload?.[key];
  return typeof value === 'string' ? value : '';
}

function namesOf(identifiers: unknown): readonly string[] {
  if (!Array.isArray(identifiers) || identifiers.length === 0) throw malformed('there are no identifiers');
  return identifiers.map((each: unknown) => {
    const { type, value } = isRecord(each) ? each : {};
    if (type !== 'dns' || typeof value !== 'string')
      throw new Refusal(400, 'unsupportedIdentifier', 'dns only');
    if (!/^(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z0-9-]+$/.test(value))
      throw new Refusal(400, 'rejectedIdentifier', `${value} is no name`);
    return value;
  });
}
