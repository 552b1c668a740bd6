import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseChain } from '../../../src/certificate/x509.ts';
import { preferredChain } from '../../../src/io/acme/preferred-chain.ts';
import type { Log } from '../../../src/ports.ts';
import { issueWith, patient, type WatchedClient, watchedClient } from '../../support/acme.ts';
import { type Pebble, startPebble } from '../../support/pebble.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { makeCertificate } from '../../support/x509-maker.ts';

const ALTERNATES = 2;

describe('the preferred chain', () => {
  const folder = temporaryFolder();
  let pebble: Pebble;
  let trust: string;

  before(async () => {
    const env = { PEBBLE_ALTERNATE_ROOTS: `${ALTERNATES}`, PEBBLE_VA_ALWAYS_VALID: '1' };
    pebble = await startPebble({ dnsServer: '127.0.0.1:9', env });
    trust = await readFile(pebble.caFile, 'utf8');
  });
  after(() => pebble.stop());

  const open = (preferred?: string): WatchedClient =>
    watchedClient({
      directoryUrl: pebble.directoryUrl,
      accountDirectory: join(folder(), 'account'),
      caCertificates: trust,
      ...(preferred === undefined ? {} : { preferredChain: preferred }),
    });
  const root = async (index: number): Promise<X509Certificate> =>
    new X509Certificate(await pebble.root(index));

  it('is the one below each root that the CA offers', async () => {
    for (let index = 0; index <= ALTERNATES; index += 1) {
      const wanted = await root(index);
      const client = open(wanted.subject.replace(/^[^]*CN=/, ''));
      assert.ok((await issued(client)).verify(wanted.publicKey), `root ${index}`);
      assert.deepEqual(client.logged, []);
    }
  });

  it('is the usual one, with a warning, where no such root is offered, and where nothing is preferred', async () => {
    const usual = await root(0);
    const client = open('Root X0');
    assert.ok((await issued(client)).verify(usual.publicKey));
    assert.deepEqual(client.logged, [
      'warn: the CA does not offer the preferred chain; taking its usual one',
    ]);
    const silent = open();
    assert.ok((await issued(silent)).verify(usual.publicKey));
    assert.deepEqual(silent.logged, []);
  });

  describe('among chains that cannot all be fetched', () => {
    const usual = chain('Usual');
    const other = chain('Other');
    const fetch = async (url: string): Promise<string> =>
      url === 'broken' ? Promise.reject(new Error('no answer')) : other;
    const choose = async (
      preferred: string,
      signal: AbortSignal,
    ): Promise<{ readonly chosen: string; readonly warned: readonly unknown[] }> => {
      const warned: unknown[] = [];
      const log: Log = {
        debug: () => undefined,
        info: () => undefined,
        error: () => undefined,
        warn: (_message, fields) => void warned.push(fields),
      };
      const alternates = ['broken', 'other'];
      const chosen = await preferredChain({ preferred, usual, alternates, fetch, log, signal });
      return { chosen, warned };
    };

    it('is taken all the same', async () => {
      const { chosen, warned } = await choose('Other', patient().signal);
      assert.equal(chosen, other);
      assert.equal(warned.length, 1);
    });

    it('is missing with the names of those that are offered', async () => {
      const { chosen, warned } = await choose('Absent', patient().signal);
      assert.equal(chosen, usual);
      assert.deepEqual(warned[1], { preferred: 'Absent', offered: 'Usual, Other' });
    });

    it('is not waited for after a stop', async () => {
      await assert.rejects(choose('Other', AbortSignal.abort()), /no answer/);
    });
  });
});

async function issued(client: WatchedClient): Promise<X509Certificate> {
  const { fullchain } = await issueWith(client, ['example.test'], patient());
  client.close();
  const top = parseChain(fullchain).at(-1);
  assert.ok(top !== undefined);
  return top;
}

function chain(top: string): string {
  const issuer = makeCertificate({ subject: top, isCa: true });
  return makeCertificate({ subject: 'example.test', names: ['example.test'], issuer }).pem;
}
