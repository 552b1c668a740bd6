import type { Directory } from '../../src/acme/directory.ts';
import type { Authorization, AuthorizationStatus, Order, OrderStatus } from '../../src/acme/order.ts';
import type { Problem } from '../../src/acme/problem.ts';
import type { RenewalInfo } from '../../src/acme/renewal-info.ts';
import { problemError } from '../../src/acme/problem-error.ts';
import { type DomainName, isWildcard, under, withoutWildcard } from '../../src/dns/domain-name.ts';
import type { DelegatedError } from '../../src/errors.ts';
import type { AcmeClient, Clock } from '../../src/ports.ts';
import type { FakeClock } from './fake-clock.ts';
import type { FakeCertificates } from './fake-certificates.ts';

interface CaOrder {
  readonly url: string;
  readonly names: readonly DomainName[];
  readonly authorizations: readonly CaAuthorization[];
  /** RFC 9773 §5. */
  readonly replaces?: string;
  /** By the clock of the CA. */
  readonly placedAt: number;
  status: OrderStatus;
  certificate?: string;
}

interface CaAuthorization {
  readonly url: string;
  readonly name: DomainName;
  readonly wildcard: boolean;
  readonly token: string;
  status: AuthorizationStatus;
  answered: 'dns-01' | 'dns-persist-01' | null;
  /** By the clock of the CA. */
  failedAt?: number;
  error?: Problem;
}

/** A CA that outlives the processes of its client, and looks at the DNS before it believes anything. */
export interface FakeCa {
  readonly orders: CaOrder[];
  /** The chains that were issued. */
  readonly issued: string[];
  /** Indices into `issued`. */
  readonly revoked: Set<number>;
  /** Whether it keeps a list of the orders of an account (RFC 8555 §7.1.2.1). */
  listsOrders: boolean;
  /** Whether `finalize` answers before the certificate is there. */
  isSlow: boolean;
  /** What it puts into certificates, whatever was ordered. */
  names: ((ordered: readonly DomainName[]) => readonly DomainName[]) | undefined;
  lifetimeMs: number;
  /** What it finds at every name, whatever the world shows. */
  objection: Problem | undefined;
  /** The names of its certificate profiles; it knows no such thing where there are none. */
  profiles: readonly string[] | undefined;
  /** What it says of a certificate when it is asked (RFC 9773); it offers none where there is no such function. */
  suggest: ((certId: string) => RenewalInfo) | undefined;
  /** The certificates that it was asked about. */
  readonly askedAbout: string[];
  /** Whether somebody has opened the account. */
  hasAccount: boolean;
  /** What it offers for each name. Default: dns-01. */
  offers: readonly ('dns-01' | 'dns-persist-01')[];
  /** The names that it goes by, in its challenges. */
  issuers: readonly string[];
  /** What its directory says besides. */
  meta: Partial<Directory>;
  /** How long before the issuance a certificate begins, for those whose clock is behind. Milliseconds. */
  backdatedMs: number;
  /** How far the clock of whoever asks is ahead of its own, as its Date header tells. */
  clockAheadMs: (() => number) | undefined;
  /** Told before anything is done about it; throws to refuse. */
  limits: CaLimits | undefined;
  /** The orders that can still become a certificate. */
  live(): CaOrder[];
  client(): AcmeClient;
}

export interface CaLimits {
  onOrder(names: readonly DomainName[], replaces: string | undefined): void;
  onFailedValidation(name: DomainName): void;
}

export interface FakeCaOptions {
  readonly clock: Clock & Partial<Pick<FakeClock, 'aheadMs'>>;
  readonly certificates: FakeCertificates;
  /** Default: `https://ca.test`. */
  readonly origin?: string;
  /** The TXT values that the world sees at a name. */
  readonly lookUp: (name: DomainName) => Promise<readonly string[]>;
}

const DAY_MS = 24 * 3_600_000;
const DIRECTORY: Directory = {
  newNonce: 'https://ca.test/nonce',
  newAccount: 'https://ca.test/account',
  newOrder: 'https://ca.test/order',
  externalAccountRequired: false,
};

export function problem(
  type: string,
  status: number,
  asked: 'newOrder' | 'order' | 'other' = 'other',
): DelegatedError {
  const document = { type, detail: `the CA says ${type}`, status, subproblems: [] };
  return problemError(document, { place: 'the CA', asked, retryAt: null, termsOfService: null });
}

export function createFakeCa({
  clock,
  certificates,
  lookUp,
  origin = 'https://ca.test',
}: FakeCaOptions): FakeCa {
  const ca: FakeCa = {
    orders: [],
    issued: [],
    revoked: new Set(),
    listsOrders: false,
    isSlow: false,
    names: undefined,
    lifetimeMs: 90 * DAY_MS,
    objection: undefined,
    profiles: undefined,
    suggest: undefined,
    askedAbout: [],
    hasAccount: false,
    offers: ['dns-01'],
    issuers: ['ca.test'],
    meta: {},
    backdatedMs: 0,
    clockAheadMs: undefined,
    limits: undefined,
    live: () => ca.orders.filter(({ status }) => status !== 'invalid' && status !== 'valid'),
    client,
  };
  const keyOf = new Map<string, string>();

  const orderAt = (url: string): CaOrder => {
    const order = ca.orders.find((each) => each.url === url);
    if (order === undefined) throw problem('malformed', 404, 'order');
    return order;
  };
  const all = (): CaAuthorization[] => ca.orders.flatMap(({ authorizations }) => authorizations);

  const validate = async (order: CaOrder): Promise<void> => {
    if (order.status !== 'pending') return;
    for (const each of order.authorizations) {
      if (each.status !== 'pending' || each.answered === null) continue;
      const values = await lookUp(
        under(`_${each.answered === 'dns-01' ? 'acme-challenge' : 'validation-persist'}`, each.name),
      );
      const standing = `${ca.issuers[0] ?? ''}; accounturi=${origin}/account/1${each.wildcard ? '; policy=wildcard' : ''}`;
      const found = values.includes(each.answered === 'dns-01' ? valueFor(each.token) : standing);
      each.status = found && ca.objection === undefined ? 'valid' : 'invalid';
      if (each.status === 'valid') continue;
      each.failedAt = clock.monotonic();
      ca.limits?.onFailedValidation(each.name);
      each.error = ca.objection ?? {
        type: 'unauthorized',
        detail: `no such TXT value among ${values.length}`,
        status: 403,
        subproblems: [],
      };
    }
    if (order.authorizations.some(({ status }) => status === 'invalid')) order.status = 'invalid';
    else if (order.authorizations.every(({ status }) => status === 'valid')) order.status = 'ready';
  };
  const issue = (order: CaOrder): void => {
    const notBefore = new Date(clock.now().getTime() - ca.backdatedMs);
    const notAfter = new Date(notBefore.getTime() + ca.lifetimeMs);
    const names = ca.names?.(order.names) ?? order.names;
    const chain = certificates.mint({ names, privateKey: keyOf.get(order.url) ?? '', notBefore, notAfter });
    ca.issued.push(chain);
    order.certificate = `${origin}/certificate/${ca.issued.length}`;
    order.status = 'valid';
  };

  function client(): AcmeClient {
    return {
      directory: async () => ({
        ...DIRECTORY,
        ...(ca.profiles && { profiles: ca.profiles }),
        ...aheadOf(ca.clockAheadMs?.() ?? clock.aheadMs ?? 0),
        ...ca.meta,
      }),
      async account() {
        ca.hasAccount = true;
        return `${origin}/account/1`;
      },
      async newOrder(names, { replaces }) {
        if (
          replaces !== undefined &&
          ca.orders.some((order) => order.replaces === replaces && order.status !== 'invalid')
        )
          throw problem('alreadyReplaced', 409, 'newOrder');
        ca.limits?.onOrder(names, replaces);
        const url = `${origin}/order/${ca.orders.length + 1}`;
        const authorizations = names.map((name, index) => authorization(`${url}/${index}`, name));
        const order: CaOrder = {
          url,
          names,
          authorizations,
          status: 'pending',
          placedAt: clock.monotonic(),
          ...(replaces !== undefined && { replaces }),
        };
        ca.orders.push(order);
        return publicOrder(order);
      },
      async order(url) {
        const order = orderAt(url);
        await validate(order);
        if (order.status === 'processing') issue(order);
        return publicOrder(order);
      },
      openOrders: async () => (ca.listsOrders ? ca.live().map(publicOrder) : null),
      async authorization(url) {
        const found = all().find((each) => each.url === url);
        if (found === undefined) throw problem('malformed', 404, 'order');
        return publicAuthorization(found, ca);
      },
      dns01Value: valueFor,
      async respond(url) {
        const found = all().find((each) => each.url === url || `${each.url}/persist` === url);
        if (found === undefined) throw problem('malformed', 404);
        found.answered = url === found.url ? 'dns-01' : 'dns-persist-01';
      },
      async finalize({ url }, privateKey) {
        const order = orderAt(url);
        if (order.status !== 'ready') throw problem('orderNotReady', 403);
        keyOf.set(url, privateKey);
        if (ca.isSlow) order.status = 'processing';
        else issue(order);
        return publicOrder(order);
      },
      async renewalInfo(certId) {
        if (ca.suggest === undefined) return null;
        ca.askedAbout.push(certId);
        return ca.suggest(certId);
      },
      async certificate(url) {
        const chain = ca.issued[Number(url.split('/').at(-1)) - 1];
        if (chain === undefined) throw problem('malformed', 404);
        return chain;
      },
      async revoke(certificate) {
        const at = ca.issued.findIndex((chain) => chain.startsWith(certificate.trim()));
        if (at < 0) throw problem('malformed', 404);
        if (ca.revoked.has(at)) return;
        ca.revoked.add(at);
      },
      close: () => undefined,
    };
  }
  return ca;
}

function aheadOf(clockAheadMs: number): Pick<Directory, 'clockAheadMs'> {
  return clockAheadMs === 0 ? {} : { clockAheadMs };
}

function valueFor(token: string): string {
  return `value-of-${token}`;
}

function authorization(url: string, name: DomainName): CaAuthorization {
  const token = url.replace(/\W+/g, '-');
  return {
    url,
    name: withoutWildcard(name),
    wildcard: isWildcard(name),
    token,
    status: 'pending',
    answered: null,
  };
}

function publicOrder({ url, names, status, authorizations, certificate }: CaOrder): Order {
  return {
    url,
    names,
    status,
    authorizations: authorizations.map((each) => each.url),
    finalize: `${url}/finalize`,
    ...(certificate === undefined ? {} : { certificate }),
  };
}

function publicAuthorization(
  { url, name, wildcard, status, token, answered, error }: CaAuthorization,
  { offers, issuers }: FakeCa,
): Authorization {
  const challenge =
    status === 'pending'
      ? answered === null
        ? 'pending'
        : 'processing'
      : status === 'valid'
        ? 'valid'
        : 'invalid';
  const all = { status: challenge, ...(error === undefined ? {} : { error }) } as const;
  return {
    url,
    name,
    wildcard,
    status,
    offers,
    ...(offers.includes('dns-01') && { dns01: { ...all, url, token } }),
    ...(offers.includes('dns-persist-01') && { persist01: { ...all, url: `${url}/persist`, issuers } }),
  };
}
