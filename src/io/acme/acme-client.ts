import type { AccountDesk } from '../../acme/account-sight.ts';
import { type Directory, parseDirectory } from '../../acme/directory.ts';
import { dns01Value } from '../../acme/dns01-value.ts';
import { fieldsOf, httpsUrl, listIn } from '../../acme/fields.ts';
import { linkTarget, linkTargets } from '../../acme/link.ts';
import type { Order } from '../../acme/order.ts';
import { parseRenewalInfo } from '../../acme/renewal-info.ts';
import { parseAuthorization } from '../../acme/parse-authorization.ts';
import { checkOrdered, parseOrder } from '../../acme/parse-order.ts';
import { REVOCATION_REASONS } from '../../acme/revocation-reason.ts';
import { problemOf } from '../../acme/problem-error.ts';
import { relativeToRoot } from '../../dns/domain-name.ts';
import { BACKOFF, DelegatedError } from '../../errors.ts';
import type { AcmeClient } from '../../ports.ts';
import { type AccountOptions, createAccount } from './account.ts';
import { createAccountDesk } from './account-desk.ts';
import { type Answer, retryAfterOf } from './answer.ts';
import { createCsr } from './csr.ts';
import { csrLibrary } from './library.ts';
import { preferredChain } from './preferred-chain.ts';
import { acmeKey, createSigner, type SignedRequest } from './signer.ts';
import { createTransport, type TransportOptions } from './transport.ts';

export type AcmeClientOptions = AccountOptions & TransportOptions;

const DIRECTORY_MAX_AGE_MS = 3_600_000;
/** More than the clocks of a machine drift apart in an hour. */
const CLOCK_WAS_SET_MS = 60_000;
/** Pages of an orders list; a CA that hands out more than this goes in circles. */
const MAX_PAGES = 50;
const ORDERS_AT_ONCE = 4;
const PEM_CHAIN = 'application/pem-certificate-chain';

/**
 * RFC 8555 over acme-client's signing and certificate requests, and our own HTTPS. Sends each request once, apart from
 * badNonce and an account that the CA has forgotten; never waits for the CA: polling is the caller's.
 */
export function createAcmeClient(options: AcmeClientOptions): AcmeClient & AccountDesk {
  const { clock, directoryUrl, eab } = options;
  const transport = createTransport(options);
  let cached: {
    readonly directory: Directory;
    readonly date: number;
    readonly at: number;
    readonly wall: number;
  } | null = null;

  const directoryOf = async (signal: AbortSignal): Promise<Directory> => {
    const age = cached === null ? Infinity : clock.monotonic() - cached.at;
    // A clock that was set since is to be compared again, and a machine that slept is late by more than it knows.
    const wasSet = cached !== null && Math.abs(clock.now().getTime() - cached.wall - age) > CLOCK_WAS_SET_MS;
    if (cached === null || wasSet || age >= DIRECTORY_MAX_AGE_MS) {
      const { data, headers } = await signer.get(directoryUrl, 'directory', signal);
      const [at, wall] = [clock.monotonic(), clock.now().getTime()];
      cached = {
        directory: parseDirectory(data, directoryUrl),
        date: Date.parse(headers['date'] ?? ''),
        at,
        wall,
      };
    }
    const { directory, date, at } = cached;
    // Reckoned anew each time: what the clock was set by since may be less than is worth a question.
    const clockAheadMs = clock.now().getTime() - (date + clock.monotonic() - at);
    return { ...directory, ...(Number.isNaN(clockAheadMs) ? {} : { clockAheadMs }) };
  };
  const signer = createSigner({
    directoryUrl,
    transport,
    clock,
    newNonceUrl: async (signal) => (await directoryOf(signal)).newNonce,
    ...(eab !== undefined && { eab }),
  });
  const account = createAccount(options, signer, directoryOf);

  const post = async (request: Omit<SignedRequest, 'kid'>, signal: AbortSignal): Promise<Answer> => {
    const { url, key } = await account.open(signal);
    try {
      return await signer.post({ ...request, kid: url }, key, signal);
    } catch (error) {
      if (problemOf(error)?.type !== 'accountDoesNotExist') throw error;
      const again = await account.reopen(url, signal);
      return signer.post({ ...request, kid: again.url }, again.key, signal);
    }
  };
  const orderIn = (answer: Answer, url: string): Order =>
    parseOrder(answer.data, url, retryAfterOf(answer, clock.now()));
  const orderAt = async (url: string, signal: AbortSignal): Promise<Order> =>
    orderIn(await post({ url, payload: null, what: 'order', asked: 'order' }, signal), url);

  const chainAt = async (url: string, signal: AbortSignal): Promise<Answer> => {
    const answer = await post({ url, payload: null, what: 'certificate', accept: PEM_CHAIN }, signal);
    if (answer.body.includes('-----BEGIN CERTIFICATE-----')) return answer;
    // Not that of a wrong certificate, with which the order and its key would be given up.
    throw new DelegatedError('E_ACME_PROBLEM', `the CA sent no PEM certificate at ${url}`, {
      hint: 'the next run fetches it again',
      retry: BACKOFF,
    });
  };

  return {
    ...createAccountDesk(options, { signer, directoryOf, account }),
    directory: ({ signal }) => directoryOf(signal),
    account: async ({ signal }) => (await account.open(signal)).url,
    newOrder: async (names, { profile, replaces }, { signal }) => {
      const { newOrder: url, renewalInfo } = await directoryOf(signal);
      const identifiers = names.map((name) => ({ type: 'dns', value: relativeToRoot(name) }));
      const payload = {
        identifiers,
        ...(profile !== undefined && { profile }),
        ...(replaces !== undefined && renewalInfo !== undefined && { replaces }),
      };
      const answer = await post({ url, payload, what: 'new order', asked: 'newOrder' }, signal);
      const order = orderIn(answer, answer.headers['location'] ?? '');
      checkOrdered(answer.data, order, names, profile);
      return order;
    },
    order: (url, { signal }) => orderAt(url, signal),
    openOrders: async ({ signal }) => {
      const urls = await orderUrls(post, (await account.open(signal)).url, signal);
      return urls === null ? null : ordersAt(urls, (url) => orderAt(url, signal));
    },
    authorization: async (url, { signal }) => {
      const answer = await post({ url, payload: null, what: 'authorization', asked: 'order' }, signal);
      return parseAuthorization(answer.data, url, retryAfterOf(answer, clock.now()));
    },
    dns01Value: (token) => {
      const known = account.current();
      if (known === null) throw new DelegatedError('E_BUG', 'dns01Value was called before account');
      return dns01Value(token, known.key.jwk);
    },
    respond: async (url, { signal }) => {
      await post({ url, payload: {}, what: 'answer to the challenge' }, signal);
      // Ahead of finalizing; whatever fails here fails there again, and is reported there.
      csrLibrary().catch(() => undefined);
    },
    finalize: async (order, privateKey, { signal }) => {
      const csr = await createCsr(order.names, privateKey);
      const answer = await post({ url: order.finalize, payload: { csr }, what: 'finalization' }, signal);
      const finalized = orderIn(answer, order.url);
      checkOrdered(answer.data, finalized, order.names, undefined);
      return finalized;
    },
    renewalInfo: async (certId, { signal }) => {
      const { renewalInfo } = await directoryOf(signal);
      if (renewalInfo === undefined) return null;
      const url = `${renewalInfo.replace(/\/$/, '')}/${certId}`;
      const answer = await signer.get(url, 'renewal information', signal);
      return parseRenewalInfo(answer.data, url, retryAfterOf(answer, clock.now()));
    },
    certificate: async (url, { signal }) => {
      const { body, headers } = await chainAt(url, signal);
      if (options.preferredChain === undefined) return body;
      return preferredChain({
        preferred: options.preferredChain,
        usual: body,
        alternates: linkTargets(headers['link'], 'alternate', url),
        fetch: async (other) => (await chainAt(httpsUrl(other, 'a Link header', url), signal)).body,
        log: options.log,
        signal,
      });
    },
    revoke: async (certificate, { reason, privateKey }, { signal }) => {
      const { revokeCert: url } = await directoryOf(signal);
      if (url === undefined)
        throw new DelegatedError('E_ACME_PROBLEM', 'this CA revokes nothing by ACME', {
          hint: 'ask the CA how it revokes certificates',
        });
      const der = certificate.replace(/-----[^-]+-----|\s/g, '');
      const payload = {
        certificate: Buffer.from(der, 'base64').toString('base64url'),
        reason: REVOCATION_REASONS[reason],
      };
      const request = { url, payload, what: 'revocation' };
      try {
        if (privateKey === undefined) await post(request, signal);
        else
          await signer.post({ ...request, kid: null }, acmeKey(privateKey, 'the certificate store'), signal);
      } catch (error) {
        // Somebody was faster, or the answer to an earlier request was lost.
        if (problemOf(error)?.type !== 'alreadyRevoked') throw error;
      }
    },
    close: () => {
      transport.close();
    },
  };
}

type Post = (request: Omit<SignedRequest, 'kid'>, signal: AbortSignal) => Promise<Answer>;

/** RFC 8555 §7.1.2.1, page by page. Null where the account names no list (Let's Encrypt, verified 2026-11). */
async function orderUrls(post: Post, accountUrl: string, signal: AbortSignal): Promise<string[] | null> {
  const account = await post({ url: accountUrl, payload: null, what: 'account' }, signal);
  const list = fieldsOf(account.data, `the account ${accountUrl}`)['orders'];
  if (typeof list !== 'string' || list === '') return null;
  const urls: string[] = [];
  const pages = new Set<string>();
  for (let page: string | null = list; page !== null && pages.size < MAX_PAGES && !pages.has(page);) {
    pages.add(page);
    const what = `the orders list ${page}`;
    const answer: Answer = await post({ url: httpsUrl(page, 'its URL', what), payload: null, what }, signal);
    const orders = listIn(fieldsOf(answer.data, what), 'orders', what);
    urls.push(...orders.map((url) => httpsUrl(url, 'an entry', what)));
    page = linkTarget(answer.headers['link'], 'next', page);
  }
  return urls;
}

/** An order that went away since the list was made is left out. */
async function ordersAt(urls: readonly string[], read: (url: string) => Promise<Order>): Promise<Order[]> {
  const orders: Order[] = [];
  for (let at = 0; at < urls.length; at += ORDERS_AT_ONCE) {
    const some = await Promise.all(
      urls.slice(at, at + ORDERS_AT_ONCE).map((url) =>
        read(url).catch((error: unknown) => {
          if (error instanceof DelegatedError && error.code === 'E_ACME_ORDER') return null;
          throw error;
        }),
      ),
    );
    orders.push(...some.filter((order) => order !== null));
  }
  return orders;
}
