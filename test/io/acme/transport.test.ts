import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { problemOf } from '../../../src/acme/problem-error.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { DelegatedError } from '../../../src/errors.ts';
import type { AcmeClientOptions } from '../../../src/io/acme/acme-client.ts';
import { noncesOf, patient, type WatchedClient, watchedClient } from '../../support/acme.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { freePort } from '../../support/free-port.ts';
import { startMuteServer } from '../../support/mute-server.ts';
import {
  orderBody,
  type ScriptedCa,
  type ScriptedAnswer,
  startScriptedCa,
} from '../../support/scripted-ca.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NAMES = [parseDomainName('example.org')];
const ACME = 'urn:ietf:params:acme:error:';

describe('a CA in trouble', () => {
  const folder = temporaryFolder();
  let ca: ScriptedCa;
  let client: WatchedClient;

  const open = (options: Partial<AcmeClientOptions> = {}): WatchedClient =>
    watchedClient({
      directoryUrl: ca.directoryUrl,
      accountDirectory: folder(),
      caCertificates: ca.certificate,
      ...options,
    });
  /** What `newOrder` says when the CA answers so. */
  const refusal = async (answer: ScriptedAnswer | 'reset'): Promise<DelegatedError> => {
    ca.script = ({ path }) => (path === '/new-order' ? answer : null);
    return failure(client.newOrder(NAMES, {}, patient()));
  };

  beforeEach(async () => {
    ca = await startScriptedCa();
    client = open();
  });
  afterEach(async () => {
    client.close();
    await ca.stop();
  });

  it('is asked again at the second of Retry-After, and not before', async () => {
    const body = { type: `${ACME}rateLimited`, detail: 'too many' };
    const before = Date.now();
    const error = await refusal({ status: 429, headers: { 'retry-after': '86400' }, body });
    assert.equal(error.code, 'E_ACME_RATE_LIMITED');
    assert.ok(error.retry.kind === 'at');
    assert.ok(Math.abs(error.retry.at.getTime() - before - 86_400_000) < 5_000);
    assert.equal(ca.requests.filter(({ path }) => path === '/new-order').length, 1);
  });

  it('is asked again at the date of Retry-After by the CA’s clock', async () => {
    const headers = { 'retry-after': 'Fri, 01 Jan 2021 00:10:00 GMT', date: 'Fri, 01 Jan 2021 00:00:00 GMT' };
    const before = Date.now();
    const error = await refusal({ status: 503, headers });
    assert.equal(error.code, 'E_ACME_RATE_LIMITED');
    assert.ok(error.retry.kind === 'at');
    assert.ok(Math.abs(error.retry.at.getTime() - before - 600_000) < 5_000);
  });

  it('is asked again at the moment that its words name', async () => {
    const detail = 'too many certificates already issued, retry after 2037-01-02 03:04:05 UTC: see https://x';
    const error = await refusal({ status: 429, body: { type: `${ACME}rateLimited`, detail } });
    assert.deepEqual(error.retry, { kind: 'at', at: new Date('2037-01-02T03:04:05Z') });
  });

  it('shows the page that a person has to open', async () => {
    const instance = 'https://ca.example/agree';
    const body = { type: `${ACME}userActionRequired`, detail: 'new terms', instance };
    const headers = { link: '<https://ca.example/terms-v3>;rel="terms-of-service"' };
    const error = await refusal({ status: 403, body, headers });
    assert.equal(error.code, 'E_ACME_TERMS');
    assert.match(error.hint ?? '', /terms-v3.*ca\.example\/agree/);
  });

  it('sends a front end’s page, of which nothing is shown', async () => {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    const error = await refusal({ status: 502, headers, body: '<html><h1>502 Bad Gateway</h1>nginx</html>' });
    assert.match(error.message, /: HTTP 502 Bad Gateway with text\/html in place of a problem document$/);
    assert.deepEqual([error.code, error.retry.kind, error.outcome], ['E_ACME_PROBLEM', 'backoff', 'unknown']);
    assert.equal(problemOf(error)?.status, 502);
  });

  it('redirects, which is not followed', async () => {
    const error = await refusal({ status: 307, headers: { location: '/elsewhere' } });
    assert.match(error.message, /redirect to https:\/\/127\.0\.0\.1:\d+\/elsewhere, which is not followed/);
    assert.ok(ca.requests.every(({ path }) => path !== '/elsewhere'));
  });

  it('resets the connection: nobody knows what it did', async () => {
    const error = await refusal('reset');
    assert.deepEqual(
      [error.code, error.retry.kind, error.outcome],
      ['E_ACME_UNREACHABLE', 'backoff', 'unknown'],
    );
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1 port ${new URL(ca.url).port}: `));
  });

  it('sends more than anybody should read', async () => {
    const error = await refusal({ status: 201, body: 'x'.repeat(2 ** 20 + 1) });
    assert.match(error.message, /larger than 1048576 octets/);
  });

  it('sends JSON that is none, or says that it is something else', async () => {
    const location = { location: `${ca.url}/order/1` };
    const json = { 'content-type': 'application/json', ...location };
    assert.match((await refusal({ status: 201, headers: json, body: '{' })).message, /^malformed answer/);
    const text = { 'content-type': 'text/plain', ...location };
    const body = JSON.stringify(orderBody(ca.url));
    assert.match((await refusal({ status: 201, headers: text, body })).message, /^malformed answer/);
  });

  it('takes an order for other names than ours', async () => {
    const identifiers = [{ type: 'dns', value: 'example.net' }];
    const headers = { location: `${ca.url}/order/1` };
    const error = await refusal({ status: 201, headers, body: { ...orderBody(ca.url), identifiers } });
    assert.equal(error.code, 'E_ACME_ORDER');
  });

  it('sends something that is no certificate', async () => {
    ca.script = ({ path }) => (path === '/cert' ? { status: 200, body: 'soon' } : null);
    const error = await failure(client.certificate(`${ca.url}/cert`, patient()));
    assert.equal(error.code, 'E_ACME_CERTIFICATE');
  });

  it('is not there', async () => {
    const port = await freePort();
    const nobody = open({ directoryUrl: `https://localhost:${port}/dir` });
    const error = await failure(nobody.account(patient()));
    assert.equal(error.message, `no answer from the CA at localhost port ${port}: connection refused`);
    assert.deepEqual(
      [error.code, error.retry.kind, error.outcome],
      ['E_ACME_UNREACHABLE', 'backoff', 'not-applied'],
    );
  });

  it('has no list of orders', async () => {
    ca.script = ({ path }) => (path === '/account/1' ? { status: 200, body: { status: 'valid' } } : null);
    assert.equal(await client.openOrders(patient()), null);
  });

  it('hands out an endless list of orders', async () => {
    ca.script = ({ path }) => {
      if (path === '/account/1') return { status: 200, body: { orders: `${ca.url}/orders` } };
      if (path !== '/orders') return null;
      return {
        status: 200,
        headers: { link: '</orders>;rel="next"' },
        body: { orders: [`${ca.url}/order/1`] },
      };
    };
    assert.equal((await client.openOrders(patient()))?.length, 1);
  });
});

describe('a caller that has given up', () => {
  const folder = temporaryFolder();

  for (const [what, wait] of [
    ['while the CA accepts and never answers', 50],
    ['before anything was asked', 0],
  ] as const)
    it(`is let go ${what}`, async () => {
      const mute = await startMuteServer();
      const directoryUrl = `https://127.0.0.1:${mute.port}/dir`;
      const client = watchedClient({ directoryUrl, accountDirectory: folder() });
      const controller = new AbortController();
      const start = performance.now();
      if (wait === 0) controller.abort();
      else setTimeout(() => controller.abort(), wait);
      const error = await failure(client.account({ signal: controller.signal }));
      assert.equal(error.code, 'E_ABORTED');
      assert.ok(performance.now() - start < 250 + wait);
      client.close();
      await mute.stop();
    });

  it('is let go in the middle of an answer, and leaves the client of use to others', async () => {
    const ca = await startScriptedCa();
    const { directoryUrl, certificate: caCertificates } = ca;
    const client = watchedClient({ directoryUrl, accountDirectory: folder(), caCertificates });
    await client.account(patient());
    ca.script = ({ path }) => (path === '/new-order' ? 'silence' : null);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    const { signal } = controller;
    assert.equal((await failure(client.newOrder(NAMES, {}, { signal }))).code, 'E_ABORTED');
    ca.script = () => null;
    assert.equal((await client.newOrder(NAMES, {}, patient())).status, 'pending');
    const nonces = ca.requests.flatMap(({ protectedHeader: { nonce } }) =>
      nonce === undefined ? [] : [nonce],
    );
    assert.equal(new Set(nonces).size, nonces.length);
    client.close();
    await ca.stop();
  });

  it('is let go while another one registers the account', async () => {
    const ca = await startScriptedCa();
    const { directoryUrl, certificate: caCertificates } = ca;
    const client = watchedClient({ directoryUrl, accountDirectory: folder(), caCertificates });
    ca.script = ({ path }) => (path === '/account' ? 'silence' : null);
    const [first, second] = [new AbortController(), new AbortController()];
    const both = [failure(client.account(first)), failure(client.account(second))];
    setTimeout(() => second.abort(), 30);
    assert.equal((await both[1])?.code, 'E_ABORTED');
    first.abort();
    assert.equal((await both[0])?.code, 'E_ABORTED');
    ca.script = () => null;
    assert.equal(await client.account(patient()), `${ca.url}/account/1`);
    client.close();
    await ca.stop();
  });
});

describe('a CA that takes too long', () => {
  const folder = temporaryFolder();

  it('is given up after the deadline for a connection', async () => {
    const mute = await startMuteServer();
    const limits = { connectMs: 50, totalMs: 10_000 };
    const directoryUrl = `https://127.0.0.1:${mute.port}/dir`;
    const client = watchedClient({ directoryUrl, accountDirectory: folder(), limits });
    const error = await failure(client.account(patient()));
    assert.match(error.message, /no connection within 0\.05 s/);
    assert.deepEqual([error.code, error.outcome], ['E_ACME_UNREACHABLE', 'not-applied']);
    await mute.stop();
  });

  it('is given up after the deadline for the whole answer', async () => {
    const ca = await startScriptedCa();
    ca.script = () => 'silence';
    const { directoryUrl, certificate: caCertificates } = ca;
    const limits = { connectMs: 5_000, totalMs: 150 };
    const client = watchedClient({ directoryUrl, accountDirectory: folder(), caCertificates, limits });
    const error = await failure(client.account(patient()));
    assert.match(error.message, /no complete answer within 0\.15 s/);
    assert.deepEqual([error.code, error.outcome], ['E_ACME_UNREACHABLE', 'unknown']);
    client.close();
    await ca.stop();
  });
});

describe('trust in a CA', () => {
  const folder = temporaryFolder();
  let ca: ScriptedCa;
  before(async () => void (ca = await startScriptedCa()));
  after(() => ca.stop());

  it('is refused to an unknown root, with a hint at acme.caCertificates', async () => {
    const client = watchedClient({ directoryUrl: ca.directoryUrl, accountDirectory: folder() });
    const error = await failure(client.account(patient()));
    assert.match(error.message, /its certificate is not trusted/);
    assert.match(error.hint ?? '', /acme\.caCertificates/);
    assert.deepEqual(ca.requests, []);
    client.close();
  });

  it('is refused to another private root, after all usual roots were tried as well', async () => {
    const other = await startScriptedCa();
    const { certificate: caCertificates } = other;
    const client = watchedClient({
      directoryUrl: ca.directoryUrl,
      accountDirectory: folder(),
      caCertificates,
    });
    assert.match((await failure(client.account(patient()))).message, /not trusted/);
    assert.deepEqual(ca.requests, []);
    client.close();
    await other.stop();
  });

  it('is refused to a certificate for another name', async () => {
    const { certificate: caCertificates, directoryUrl } = ca;
    const another = directoryUrl.replace('127.0.0.1', '127.0.0.2');
    const client = watchedClient({ directoryUrl: another, accountDirectory: folder(), caCertificates });
    assert.equal((await failure(client.account(patient()))).code, 'E_ACME_UNREACHABLE');
    client.close();
  });

  it('is refused to what does not speak TLS at all', async () => {
    const server = createServer((_, response) => response.end());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const port = address === null || typeof address === 'string' ? 0 : address.port;
    const client = watchedClient({
      directoryUrl: `https://127.0.0.1:${port}/dir`,
      accountDirectory: folder(),
    });
    assert.match((await failure(client.account(patient()))).message, /it does not speak TLS/);
    client.close();
    server.close();
  });
});

describe('nonces', () => {
  const folder = temporaryFolder();
  let ca: ScriptedCa;
  let client: WatchedClient;
  beforeEach(async () => {
    ca = await startScriptedCa();
    const { directoryUrl, certificate: caCertificates } = ca;
    client = watchedClient({ directoryUrl, accountDirectory: folder(), caCertificates });
  });
  afterEach(async () => {
    client.close();
    await ca.stop();
  });

  const badNonce = { status: 400, body: { type: `${ACME}badNonce`, detail: 'no' } };

  it('come from the last answer, so that newNonce is asked at most once', async () => {
    await client.account(patient());
    await client.newOrder(NAMES, {}, patient());
    await client.order(`${ca.url}/order/1`, patient());
    assert.ok(ca.requests.filter(({ path }) => path === '/nonce').length <= 1);
    const nonces = noncesOf(client.exchanges);
    assert.equal(new Set(nonces).size, nonces.length);
  });

  it('come from the refusal of the one before', async () => {
    ca.script = ({ path, attempt }) => (path === '/new-order' && attempt <= 5 ? badNonce : null);
    await client.newOrder(NAMES, {}, patient());
    const used = noncesOf(client.exchanges.filter(({ request }) => request.url.endsWith('/new-order')));
    const given = client.exchanges
      .filter(({ answer }) => answer.status === 400)
      .map(({ answer }) => answer.headers['replay-nonce']);
    assert.deepEqual(used.slice(1), given);
  });

  it('come from newNonce when a refusal brings none', async () => {
    const bare = { ...badNonce, headers: { 'replay-nonce': '' } };
    ca.script = ({ path, attempt }) => (path === '/new-order' && attempt === 1 ? bare : null);
    assert.equal((await client.newOrder(NAMES, {}, patient())).status, 'pending');
  });

  it('are refused for ever by a CA that is broken: that ends, and says so', async () => {
    ca.script = ({ path }) => (path === '/new-order' ? badNonce : null);
    const { directoryUrl, certificate: caCertificates } = ca;
    const clock = createFakeClock();
    const hurried = watchedClient({ directoryUrl, accountDirectory: folder(), caCertificates, clock });
    const error = await failure(hurried.newOrder(NAMES, {}, patient()));
    assert.deepEqual([error.code, error.retry.kind], ['E_ACME_PROBLEM', 'backoff']);
    assert.match(error.hint ?? '', /proxy/);
    assert.ok(clock.monotonic() > 1_000, 'it hammers');
    hurried.close();
    const nonces = noncesOf(hurried.exchanges);
    assert.equal(new Set(nonces).size, nonces.length);
  });
});

/** One of our errors, or the test fails. */
async function failure(promise: Promise<unknown>): Promise<DelegatedError> {
  const error: unknown = await promise.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof DelegatedError) return error;
  throw error;
}
