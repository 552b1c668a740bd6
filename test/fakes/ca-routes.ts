import { X509Certificate } from 'node:crypto';
import type { CaDoubleOptions, CaRequest, Suggestion } from './ca.ts';
import { accountAnswer, createAccounts } from './ca-accounts.ts';
import type { Issuer } from './ca-issuer.ts';
import { Refusal, type SignedRequest, malformed, publicKey, readJws } from './ca-jws.ts';
import {
  type DoubleCertificate,
  type DoubleOrder,
  authorizationBody,
  challengeBody,
  persistBody,
  orderBody,
} from './ca-objects.ts';
import { createOrders, textIn } from './ca-orders.ts';
import { persistMeta } from './ca-persist.ts';

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

const TERMS = 'https://ca.example/terms';

export function createRoutes(
  origin: string,
  options: CaDoubleOptions,
  issuer: Issuer,
  { spend, suggest }: Around,
): Routes {
  const { profiles, eab } = options;
  const { newAccount, speaker, changeKey } = createAccounts(origin, options);
  const { orders, certificates, newOrder, validate, finalize } = createOrders(origin, options, issuer);

  const directory = (): object => ({
    newNonce: `${origin}/nonce`,
    newAccount: `${origin}/account`,
    newOrder: `${origin}/order`,
    revokeCert: `${origin}/revoke`,
    keyChange: `${origin}/key-change`,
    ...(options.renewalInfo === false ? {} : { renewalInfo: `${origin}/renewal-info` }),
    meta: {
      termsOfService: TERMS,
      ...persistMeta(origin, options),
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
    const authorization = orders
      .filter((each) => each.account === account)
      .flatMap((each) => each.authorizations)
      .find(({ url, persist }) =>
        [
          url,
          url.replace('/authorization/', '/challenge/'),
          ...(persist === undefined ? [] : [url.replace('/authorization/', '/persist/')]),
        ].includes(at),
      );
    const answered = path.startsWith('/persist/') ? 'dns-persist-01' : 'dns-01';
    if (authorization !== undefined && !path.startsWith('/authorization/') && payload !== null) {
      if (Object.keys(payload).length > 0) throw malformed('{} is wanted');
      if (authorization.status === 'pending') {
        authorization.status = 'processing';
        authorization.answered = answered;
        void validate(authorization, account);
      }
      const body = (answered === 'dns-01' ? challengeBody : persistBody)(authorization);
      return { status: 200, body };
    }
    if (payload !== null && at !== account.url) throw malformed('an empty payload is wanted');
    if (authorization !== undefined) return { status: 200, body: authorizationBody(authorization) };
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
      if (path === '/order') return newOrder(speaker(signed), signed.payload);
      if (path === '/key-change') return changeKey(signed);
      if (path === '/revoke') return revoke(signed);
      return resource(signed, path);
    },
  };
}
