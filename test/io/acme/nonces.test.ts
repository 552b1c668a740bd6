import assert from 'node:assert/strict';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { failure, noncesOf, patient, type WatchedClient, watchedClient } from '../../support/acme.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { type ScriptedCa, startScriptedCa } from '../../support/scripted-ca.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NAMES = [parseDomainName('example.org')];
const ACME = 'urn:ietf:params:acme:error:';

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
