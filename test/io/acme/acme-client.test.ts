import assert from 'node:assert/strict';
import { problemOf } from '../../../src/acme/problem-error.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { DelegatedError } from '../../../src/errors.ts';
import type { AcmeClientOptions } from '../../../src/io/acme/acme-client.ts';
import { createSystemClock } from '../../../src/io/clock.ts';
import { failure, patient, type WatchedClient, watchedClient } from '../../support/acme.ts';
import { freePort } from '../../support/free-port.ts';
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
  /** How often the directory was asked for. */
  const asked = (): number => ca.requests.filter(({ path }) => ca.directoryUrl.endsWith(path)).length;
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

  it('tells with its directory how far our clock is ahead', async () => {
    const { clockAheadMs = 0 } = await client.directory(patient());
    assert.ok(Math.abs(clockAheadMs) < 5_000);
    const body = { newNonce: `${ca.url}/n`, newAccount: `${ca.url}/a`, newOrder: `${ca.url}/o` };
    const date = new Date(Date.now() - 600_000).toUTCString();
    ca.script = ({ path }) =>
      ca.directoryUrl.endsWith(path) ? { status: 200, headers: { date }, body } : null;
    const other = open();
    const seen = await other.directory(patient());
    other.close();
    assert.ok(Math.abs((seen.clockAheadMs ?? 0) - 600_000) < 5_000);
  });

  it('has its directory fetched once, and once more when our clock was set', async () => {
    let set = 0;
    const system = createSystemClock();
    const other = open({ clock: { ...system, now: () => new Date(system.now().getTime() + set) } });
    await other.directory(patient());
    await other.directory(patient());
    assert.equal(asked(), 1);
    set = 3_600_000;
    const { clockAheadMs = 0 } = await other.directory(patient());
    other.close();
    assert.equal(asked(), 2);
    assert.ok(Math.abs(clockAheadMs - set) < 5_000);
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
    assert.equal(error.code, 'E_ACME_PROBLEM', 'the order is good, and the key must not be thrown away');
    assert.equal(error.hint, 'the next run fetches it again');
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
