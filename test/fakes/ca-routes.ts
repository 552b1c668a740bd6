import { X509Certificate, createHash, randomBytes } from 'node:crypto';
import type { CaDoubleOptions, CaRequest, Suggestion } from './ca.ts';
import type { Issued, Issuer } from './ca-issuer.ts';
import {
  Refusal,
  type SignedRequest,
  checkBinding,
  isRecord,
  malformed,
  publicKey,
  readJws,
  thumbprint,
} from './ca-jws.ts';
import {
  type DoubleAccount,
  type DoubleAuthorization,
  type DoubleCertificate,
  type DoubleOrder,
  authorizationBody,
  challengeBody,
  orderBody,
} from './ca-objects.ts';

export interface CaAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object goes out as JSON. */
  readonly body?: string | object;
}

interface Incoming extends CaRequest {
  readonly body: string;
  readonly contentType: string;
}

interface Around {
  /** @returns whether it was there to be spent */
  readonly spend: (nonce: string) => boolean;
  readonly suggest: (certificate: DoubleCertificate) => Suggestion;
}

export interface Routes {
  readonly orders: readonly DoubleOrder[];
  readonly certificates: readonly DoubleCertificate[];
  /** @throws Refusal */
  answer(request: Incoming): Promise<CaAnswer>;
}

const DEFAULT_LIFETIME_S = 90 * 86_400;
/** As long as Boulder backdates, so that clocks which are slow find them valid. */
const BACKDATED_MS = 3_600_000;
const TERMS = 'https://ca.example/terms';

export function createRoutes(
  origin: string,
  options: CaDoubleOptions,
  issuer: Issuer,
  { spend, suggest }: Around,
): Routes {
  const accounts: DoubleAccount[] = [];
  const orders: DoubleOrder[] = [];
  const certificates: DoubleCertificate[] = [];
  const authorizations: DoubleAuthorization[] = [];
  const { profiles, eab, lookUp } = options;

  const directory = (): object => ({
    newNonce: `${origin}/nonce`,
    newAccount: `${origin}/account`,
    newOrder: `${origin}/order`,
    revokeCert: `${origin}/revoke`,
    ...(options.renewalInfo === false ? {} : { renewalInfo: `${origin}/renewal-info` }),
    meta: {
      termsOfService: TERMS,
      externalAccountRequired: eab !== undefined,
      ...(profiles === undefined
        ? {}
        : {
            profiles: Object.fromEntries(
              Object.entries(profiles).map(([name, seconds]) => [name, `certificates of ${seconds} s`]),
            ),
          }),
    },
  });

  /** RFC 8555 §6: the signature, the nonce and the URL of a request. */
  const open = ({ path, body, contentType }: Incoming): SignedRequest => {
    if (contentType !== 'application/jose+json')
      throw new Refusal(415, 'malformed', 'application/jose+json is wanted');
    const request = readJws(body);
    if (!spend(request.nonce)) throw new Refusal(400, 'badNonce', 'that nonce is not known');
    if (request.url !== `${origin}${path}`) throw new Refusal(403, 'unauthorized', 'signed for another URL');
    return request;
  };
  const speaker = (request: SignedRequest): DoubleAccount => {
    if (request.kid === null) throw malformed('"kid" is wanted');
    const account = accounts.find(({ url }) => url === request.kid);
    if (account === undefined) throw new Refusal(400, 'accountDoesNotExist', 'there is no such account');
    if (!request.signedBy(account.key)) throw malformed('the signature is not good');
    if (account.status !== 'valid') throw new Refusal(403, 'unauthorized', 'the account is deactivated');
    return account;
  };

  const newAccount = (request: SignedRequest): CaAnswer => {
    if (request.jwk === null) throw malformed('"jwk" is wanted');
    const key = publicKey(request.jwk);
    if (!request.signedBy(key)) throw malformed('the signature is not good');
    const print = thumbprint(key);
    const payload = request.payload ?? {};
    const existing = accounts.find((each) => each.thumbprint === print);
    if (existing !== undefined) return accountAnswer(200, existing);
    if (payload['onlyReturnExisting'] === true)
      throw new Refusal(400, 'accountDoesNotExist', 'there is no account of that key');
    if (payload['termsOfServiceAgreed'] !== true)
      throw new Refusal(403, 'userActionRequired', 'the terms are not agreed to');
    if (eab !== undefined) {
      if (payload['externalAccountBinding'] === undefined)
        throw new Refusal(403, 'externalAccountRequired', 'an external account binding is wanted');
      checkBinding(payload['externalAccountBinding'], eab.hmacKey, key);
    }
    const account: DoubleAccount = {
      url: `${origin}/account/${accounts.length + 1}`,
      key,
      thumbprint: print,
      status: 'valid',
    };
    accounts.push(account);
    return accountAnswer(201, account);
  };

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

  const newOrder = (request: SignedRequest): CaAnswer => {
    const account = speaker(request);
    const { identifiers, profile: asked, replaces, notBefore, notAfter } = request.payload ?? {};
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
    }));
    authorizations.push(...mine);
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

  const validate = async (authorization: DoubleAuthorization, account: DoubleAccount): Promise<void> => {
    const value = createHash('sha256')
      .update(`${authorization.token}.${account.thumbprint}`)
      .digest('base64url');
    const found = lookUp === undefined ? [value] : await lookUp(`_acme-challenge.${authorization.name}`);
    authorization.status = found.includes(value) ? 'valid' : 'invalid';
    if (authorization.status === 'invalid')
      authorization.problem = {
        type: 'urn:ietf:params:acme:error:unauthorized',
        detail: `the value is not among the ${found.length} that were found`,
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

  const revoke = (request: SignedRequest): CaAnswer => {
    const der = Buffer.from(textIn(request.payload, 'certificate'), 'base64url').toString('base64');
    const found = certificates.find(({ chain }) => chain.replaceAll('\n', '').includes(der));
    if (found === undefined || der === '')
      throw new Refusal(404, 'malformed', 'there is no such certificate');
    if (request.jwk === null && speaker(request) !== found.order.account)
      throw new Refusal(403, 'unauthorized', 'the certificate is of another account');
    if (request.jwk !== null) {
      const key = publicKey(request.jwk);
      if (!request.signedBy(key)) throw malformed('the signature is not good');
      if (!new X509Certificate(found.chain).publicKey.equals(key))
        throw new Refusal(403, 'unauthorized', 'that is not the key of the certificate');
    }
    if (found.revoked) throw new Refusal(400, 'alreadyRevoked', 'it was revoked before');
    found.revoked = true;
    return { status: 200 };
  };

  const renewalInfo = (certId: string): CaAnswer => {
    const certificate = certificates.find((each) => each.certId === certId);
    if (certificate === undefined) throw new Refusal(404, 'malformed', 'there is no such certificate');
    const { start, end, explanationURL, retryAfter = 21_600 } = suggest(certificate);
    return {
      status: 200,
      headers: { 'retry-after': `${retryAfter}` },
      body: {
        suggestedWindow: { start: start.toISOString(), end: end.toISOString() },
        ...(explanationURL === undefined ? {} : { explanationURL }),
      },
    };
  };

  /** What belongs to an account is seen by that account alone, and read by POST-as-GET. */
  const resource = async (request: SignedRequest, path: string): Promise<CaAnswer> => {
    const account = speaker(request);
    const { payload } = request;
    const at = `${origin}${path}`;
    const order = orders.find((each) => each.account === account && at === `${each.url}/finalize`);
    if (order !== undefined) return finalize(order, payload);
    const authorization = authorizations.find(
      ({ url }) => url === at || url.replace('/authorization/', '/challenge/') === at,
    );
    const isMine = orders.some(
      (each) =>
        each.account === account &&
        authorization !== undefined &&
        each.authorizations.includes(authorization),
    );
    if (authorization !== undefined && isMine && path.startsWith('/challenge/') && payload !== null) {
      if (Object.keys(payload).length > 0) throw malformed('{} is wanted');
      if (authorization.status === 'pending') {
        authorization.status = 'processing';
        void validate(authorization, account);
      }
      return { status: 200, body: challengeBody(authorization) };
    }
    if (payload !== null && at !== account.url) throw malformed('an empty payload is wanted');
    if (authorization !== undefined && isMine) return { status: 200, body: authorizationBody(authorization) };
    const certificate = certificates.find(({ url }) => url === at);
    if (certificate !== undefined && certificate.order.account === account)
      return {
        status: 200,
        headers: { 'content-type': 'application/pem-certificate-chain' },
        body: certificate.chain,
      };
    const exact = orders.find((each) => each.account === account && each.url === at);
    if (exact !== undefined) return { status: 200, body: orderBody(exact) };
    if (at === account.url) return { ...accountAnswer(200, account) };
    throw new Refusal(404, 'malformed', 'there is no such thing');
  };

  return {
    orders,
    certificates,
    async answer(request) {
      const { method, path } = request;
      if (path === '/directory' && method === 'GET') return { status: 200, body: directory() };
      if (path === '/nonce') return { status: method === 'HEAD' ? 200 : 204 };
      const certId = /^\/renewal-info\/([\w-]+\.[\w-]+)$/.exec(path)?.[1];
      if (certId !== undefined && method === 'GET' && options.renewalInfo !== false)
        return renewalInfo(certId);
      if (method !== 'POST') throw new Refusal(405, 'malformed', 'POST is wanted');
      const signed = open(request);
      if (path === '/account') return newAccount(signed);
      if (path === '/order') return newOrder(signed);
      if (path === '/revoke') return revoke(signed);
      return resource(signed, path);
    },
  };
}

function textIn(payload: SignedRequest['payload'], key: string): string {
  const value = payload?.[key];
  return typeof value === 'string' ? value : '';
}

function accountAnswer(status: number, { url, status: of }: DoubleAccount): CaAnswer {
  return { status, headers: { location: url }, body: { status: of } };
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
