import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { problemOf } from '../../../src/acme/problem-error.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { createAccount } from '../../../src/io/acme/account.ts';
import type { AcmeClientOptions } from '../../../src/io/acme/acme-client.ts';
import { createSystemClock } from '../../../src/io/clock.ts';
import type { Log } from '../../../src/ports.ts';
import { patient, type WatchedClient, watchedClient } from '../../support/acme.ts';
import { type Pebble, type PebbleOptions, startPebble } from '../../support/pebble.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NAMES = [parseDomainName('example.test')];
const EAB = { kid: 'kid-1', hmacKey: 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W' };

describe('the account at Pebble', () => {
  const folder = temporaryFolder();
  let pebble: Pebble;
  let trust: string;
  const clients: WatchedClient[] = [];

  const start = async (options: Omit<PebbleOptions, 'dnsServer'> = {}): Promise<void> => {
    const env = { PEBBLE_WFE_NONCEREJECT: '0' };
    pebble = await startPebble({ dnsServer: '127.0.0.1:9', strict: true, env, ...options });
    trust = await readFile(pebble.caFile, 'utf8');
  };
  const open = (options: Partial<AcmeClientOptions> = {}): WatchedClient => {
    const accountDirectory = join(folder(), 'accounts', 'ca');
    const client = watchedClient({
      directoryUrl: pebble.directoryUrl,
      accountDirectory,
      caCertificates: trust,
      ...options,
    });
    clients.push(client);
    return client;
  };
  const at = (file: string): string => join(folder(), 'accounts', 'ca', file);

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await pebble.stop();
  });

  it('has a key that nobody else can read', async () => {
    await start();
    await open().account(patient());
    assert.equal((await stat(at('account.key'))).mode & 0o777, 0o600);
    assert.equal((await stat(at('.'))).mode & 0o777, 0o700);
    assert.match(await readFile(at('account.key'), 'utf8'), /^-----BEGIN PRIVATE KEY-----/);
  });

  it('asks the CA nothing when it is known', async () => {
    await start();
    const url = await open({ email: 'admin@example.test' }).account(patient());
    const later = open();
    assert.equal(await later.account(patient()), url);
    assert.deepEqual(later.exchanges, []);
    const stored: unknown = JSON.parse(await readFile(at('account.json'), 'utf8'));
    assert.deepEqual(Object.keys(stored ?? {}), ['url', 'ca', 'createdAt', 'contact']);
  });

  it('is found again by its key', async () => {
    await start();
    const url = await open().account(patient());
    for (const content of [
      null,
      '{"url":',
      '{"url":7}',
      '{"url":"https://x/1","ca":"https://x/","createdAt":""}',
    ]) {
      await rm(at('account.json'));
      if (content !== null) await writeFile(at('account.json'), content);
      assert.equal(await open().account(patient()), url);
    }
  });

  it('is made for a key that the CA does not know', async () => {
    await start();
    await open().account(patient());
    await pebble.restart();
    await rm(at('account.json'));
    assert.match(await open().account(patient()), /my-account/);
  });

  it('is registered once by many calls at once', async () => {
    await start();
    const client = open();
    const urls = await Promise.all(Array.from({ length: 5 }, () => client.account(patient())));
    assert.equal(new Set(urls).size, 1);
    assert.equal(asked(client).filter((request) => request === 'POST sign-me-up').length, 1);
  });

  it('is registered again, with the same key, by a CA that has forgotten it', async () => {
    await start();
    await open().account(patient());
    const key = await readFile(at('account.key'), 'utf8');
    await pebble.restart();
    const client = open();
    const orders = await Promise.all([1, 2, 3].map(() => client.newOrder(NAMES, {}, patient())));
    assert.deepEqual(
      orders.map(({ status }) => status),
      ['pending', 'pending', 'pending'],
    );
    assert.equal(asked(client).filter((request) => request === 'POST sign-me-up').length, 1);
    assert.equal(await readFile(at('account.key'), 'utf8'), key);
    assert.equal(client.logged.length, 1);
    assert.deepEqual(asked(open()), []);
  });

  it('calls an order gone that the CA has forgotten', async () => {
    await start();
    const client = open();
    await client.account(patient());
    const { url } = await client.newOrder(NAMES, {}, patient());
    await pebble.restart();
    await assert.rejects(client.order(url, patient()), { code: 'E_ACME_ORDER' });
  });

  it('is not made before the terms of service are agreed to, and shows them', async () => {
    await start();
    const client = open({ termsOfServiceAgreed: false });
    await assert.rejects(client.account(patient()), (error: Error) => {
      assert.ok('code' in error && error.code === 'E_ACME_TERMS');
      assert.match(error.message, /data:text\/plain|https?:/);
      return true;
    });
    assert.ok(!asked(client).includes('POST sign-me-up'));
  });

  it('is bound to an external account', async () => {
    await start({ eab: EAB });
    assert.match(await open({ eab: EAB }).account(patient()), /my-account/);
    assert.match(await open().account(patient()), /my-account/);
  });

  it('says that an external account is wanted', async () => {
    await start({ eab: EAB });
    await assert.rejects(open().account(patient()), { code: 'E_ACME_ACCOUNT', hint: /acme\.eab/ });
  });

  it('names the page of a CA whose directory does not say that it wants one', async () => {
    const directoryUrl = 'https://acme.zerossl.com/v2/DV90';
    await start();
    const accountDirectory = join(folder(), 'accounts', 'zerossl');
    const account = createAccount(
      {
        directoryUrl,
        accountDirectory,
        termsOfServiceAgreed: true,
        clock: createSystemClock(),
        log: quietLog,
      },
      { post: unasked, get: unasked, sign: unasked },
      async () => ({ newNonce: '', newAccount: '', newOrder: '', externalAccountRequired: false }),
    );
    await assert.rejects(account.open(patient().signal), {
      code: 'E_ACME_ACCOUNT',
      hint: /acme\.eab.* at https:\/\/app\.zerossl\.com\/developer$/,
    });
  });

  it('says that the external account is not accepted, without the key', async () => {
    await start({ eab: EAB });
    const wrong = { ...EAB, hmacKey: EAB.hmacKey.replace('z', 'Z') };
    await assert.rejects(open({ eab: wrong }).account(patient()), (error: Error) => {
      assert.ok('code' in error && error.code === 'E_ACME_ACCOUNT');
      assert.ok(problemOf(error) !== null);
      assert.ok(!error.message.includes(wrong.hmacKey));
      return true;
    });
  });

  it('is not used when others can read its key', async () => {
    await start();
    await open().account(patient());
    await chmod(at('account.key'), 0o640);
    await assert.rejects(open().account(patient()), { code: 'E_SECRET', hint: /chmod 600/ });
  });

  it('is not replaced when its key is damaged', async () => {
    await start();
    await mkdir(at('.'), { recursive: true });
    await writeFile(at('account.key'), 'SECRET', { mode: 0o600 });
    await assert.rejects(open().account(patient()), (error: Error) => {
      assert.ok('code' in error && error.code === 'E_SECRET');
      assert.ok(!error.message.includes('SECRET') && error.cause === undefined);
      return true;
    });
    assert.equal(await readFile(at('account.key'), 'utf8'), 'SECRET');
  });
});

const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

async function unasked(): Promise<never> {
  throw new Error('the CA was asked');
}

/** Method and first part of the path of every request. */
function asked({ exchanges }: WatchedClient): string[] {
  return exchanges.map(
    ({ request }) => `${request.method} ${new URL(request.url).pathname.split('/')[1] ?? ''}`,
  );
}
