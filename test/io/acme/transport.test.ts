import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { failure, patient, watchedClient } from '../../support/acme.ts';
import { startMuteServer } from '../../support/mute-server.ts';
import { type ScriptedCa, startScriptedCa } from '../../support/scripted-ca.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NAMES = [parseDomainName('example.org')];

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
