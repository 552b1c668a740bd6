import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { problemOf } from '../../../src/acme/problem-error.ts';
import { certIdOf } from '../../../src/certificate/cert-id.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { createKeyMaker } from '../../../src/io/key-maker.ts';
import { type CaDouble, type CaDoubleOptions, startCaDouble } from '../../fakes/ca.ts';
import { failure, issueWith, patient, type WatchedClient, watchedClient } from '../../support/acme.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NAMES = ['example.test', 'matrix.example.test'];

describe('renewal information', () => {
  const folder = temporaryFolder();
  let ca: CaDouble;
  let client: WatchedClient;

  const start = async (options: CaDoubleOptions = {}): Promise<void> => {
    ca = await startCaDouble(options);
    client = watchedClient({
      directoryUrl: ca.directoryUrl,
      accountDirectory: join(folder(), 'account'),
      caCertificates: await readFile(ca.caFile, 'utf8'),
    });
  };
  /** Issues, and returns what we call the certificate. */
  const issued = async (): Promise<string> => {
    const { fullchain } = await issueWith(client, NAMES, patient());
    const certId = certIdOf(createKeyMaker().facts(fullchain));
    assert.ok(certId !== null);
    return certId;
  };
  afterEach(async () => {
    client.close();
    await ca.stop();
  });

  it('is asked for by the name that openssl makes of a certificate, whatever its serial', async () => {
    await start();
    // Half of all serials have the high bit that DER puts an octet before.
    const mine: string[] = [];
    for (let times = 0; times < 6; times += 1) mine.push(await issued());
    assert.deepEqual(
      mine,
      ca.certificates.map(({ certId }) => certId),
    );
  });

  it('is read without an account, with the moment to ask again', async () => {
    await start();
    const [window, explanationURL] = [
      { start: new Date('2027-01-02T03:04:05Z'), end: new Date('2027-01-03T03:04:05Z') },
      'https://ca.example/why',
    ];
    const certId = await issued();
    ca.suggest = () => ({ ...window, explanationURL, retryAfter: 7_200 });
    const signed = client.exchanges.length;
    const info = await client.renewalInfo(certId, patient());
    assert.deepEqual(info, {
      window: { ...window, explanationUrl: explanationURL },
      retryAfterMs: 7_200_000,
    });
    const [asked, ...more] = client.exchanges.slice(signed).map(({ request }) => request);
    assert.deepEqual([asked?.method, asked?.body, more.length], ['GET', undefined, 0]);
  });

  it('is not there for a certificate that the CA does not know', async () => {
    await start();
    const error = await failure(client.renewalInfo('AAAA.AAAA', patient()));
    assert.equal(problemOf(error)?.status, 404);
  });

  it('is taken for no answer when the window makes no sense', async () => {
    await start();
    const certId = await issued();
    const now = new Date();
    ca.suggest = () => ({ start: now, end: now });
    assert.match((await failure(client.renewalInfo(certId, patient()))).message, /ends before it starts/);
  });

  it('has an order say what it replaces, once', async () => {
    await start();
    const replaces = await issued();
    await client.newOrder(NAMES.map(parseDomainName), { replaces }, patient());
    assert.equal(ca.orders.at(-1)?.replaces, replaces);
    const error = await failure(client.newOrder(NAMES.map(parseDomainName), { replaces }, patient()));
    assert.deepEqual(
      [problemOf(error)?.type, problemOf(error)?.status, error.outcome],
      ['alreadyReplaced', 409, 'not-applied'],
    );
  });

  it('of a CA that offers none is null, and no order says what it replaces', async () => {
    await start({ renewalInfo: false });
    const replaces = await issued();
    assert.equal(await client.renewalInfo(replaces, patient()), null);
    await client.newOrder(NAMES.map(parseDomainName), { replaces }, patient());
    assert.equal(ca.orders.at(-1)?.replaces, undefined);
  });
});
