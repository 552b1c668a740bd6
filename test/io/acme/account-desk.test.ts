import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DelegatedError } from '../../../src/errors.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { problemCause } from '../../../src/acme/problem-error.ts';
import { createAccountDesk } from '../../../src/io/acme/account-desk.ts';
import { createSystemClock } from '../../../src/io/clock.ts';
import { SILENT } from '../../support/fake-ports.ts';
import { makeNextKey } from '../../../src/io/acme/account-files.ts';
import type { AcmeClientOptions } from '../../../src/io/acme/acme-client.ts';
import { changeKey } from '../../../src/io/acme/key-change.ts';
import { acmeKey } from '../../../src/io/acme/signer.ts';
import { patient, type WatchedClient, watchedClient } from '../../support/acme.ts';
import { type Pebble, startPebble } from '../../support/pebble.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NAMES = [parseDomainName('example.test')];

describe('the desk of an account', () => {
  const folder = temporaryFolder();
  let pebble: Pebble;
  let trust: string;
  const clients: WatchedClient[] = [];

  before(async () => {
    pebble = await startPebble({
      dnsServer: '127.0.0.1:9',
      strict: true,
      env: { PEBBLE_WFE_NONCEREJECT: '0' },
    });
    trust = await readFile(pebble.caFile, 'utf8');
  });
  after(() => pebble.stop());
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  const open = (options: Partial<AcmeClientOptions> = {}): WatchedClient => {
    const client = watchedClient({
      directoryUrl: pebble.directoryUrl,
      accountDirectory: join(folder(), 'account'),
      caCertificates: trust,
      ...options,
    });
    clients.push(client);
    return client;
  };
  const at = (file: string): string => join(folder(), 'account', file);
  const read = (file: string): Promise<string> => readFile(at(file), 'utf8');
  const files = async (): Promise<string[]> => (await readdir(at('.'))).sort();
  /** The account is there, under that URL, by the key on disk, and nothing else lies about. */
  const assertWhole = async (url: string): Promise<void> => {
    const client = open();
    const order = await client.newOrder(NAMES, {}, patient());
    assert.equal(order.status, 'pending');
    assert.equal(await client.account(patient()), url);
    assert.deepEqual(await files(), ['account.json', 'account.key']);
    assert.equal((await stat(at('account.key'))).mode & 0o777, 0o600);
    assert.equal((await open().lookAtAccount(patient())).account?.url, url);
  };

  it('makes no account by looking', async () => {
    const client = open();
    assert.equal((await client.lookAtAccount(patient())).account, null);
    assert.deepEqual(await client.accountKey(), {
      keyFile: at('account.key'),
      thumbprint: null,
      keyChangeOpen: false,
    });
    assert.ok(!client.exchanges.some(({ request }) => request.method === 'POST'));
    await assert.rejects(client.changeAccountKey(patient()), { code: 'E_ACME_ACCOUNT' });
    await assert.rejects(client.deactivateAccount(patient()), { code: 'E_ACME_ACCOUNT' });
    assert.deepEqual(await readdir(folder()), []);
  });

  it('shows the account as the CA has it', async () => {
    const url = await open({ email: 'admin@example.test' }).account(patient());
    const client = open({ email: 'other@example.test' });
    const { account } = await client.lookAtAccount(patient());
    assert.deepEqual(account, { url, status: 'valid', contact: ['mailto:admin@example.test'], bound: false });
    const { thumbprint } = await client.accountKey();
    assert.match(thumbprint ?? '', /^[\w-]{43}$/);
  });

  it('calls an account of which the CA knows nothing none, and a CA out of reach not', async () => {
    await open().account(patient());
    await open({ accountDirectory: join(folder(), 'other') }).account(patient());
    await pebble.restart();
    assert.equal((await open().lookAtAccount(patient())).account, null);
    await assert.rejects(open({ directoryUrl: 'https://127.0.0.1:9/dir' }).lookAtAccount(patient()), {
      code: 'E_ACME_UNREACHABLE',
    });
  });

  it('changes the key and nothing else', async () => {
    const client = open();
    const url = await client.account(patient());
    const old = await read('account.key');
    await client.changeAccountKey(patient());
    const order = await client.newOrder(NAMES, {}, patient());
    assert.equal(order.status, 'pending');
    assert.notEqual(await read('account.key'), old);
    await assertWhole(url);
    await mkdir(join(folder(), 'old'));
    await writeFile(join(folder(), 'old', 'account.key'), old, { mode: 0o600 });
    const stale = open({ accountDirectory: join(folder(), 'old') });
    assert.equal((await stale.lookAtAccount(patient())).account, null);
  });

  describe('when a change of the key stops half-way', () => {
    let url: string;
    let old: string;
    beforeEach(async () => {
      url = await open().account(patient());
      old = await read('account.key');
    });

    it('before the CA was asked, the old key stays', async () => {
      await makeNextKey(at('.'));
      assert.equal((await open().accountKey()).keyChangeOpen, true);
      assert.equal((await open().lookAtAccount(patient())).account?.url, url);
      await assertWhole(url);
      assert.equal(await read('account.key'), old);
    });

    it('after any answer of the CA, the next use finishes it', async () => {
      const outcomes = new Set<boolean>();
      for (let point = 1; ; point += 1) {
        const before = await read('account.key');
        const stop = new AbortController();
        let answers = 0;
        const client = open({
          observe: () => {
            answers += 1;
            if (answers === point) stop.abort();
          },
        });
        const done = await client.changeAccountKey({ signal: stop.signal }).then(
          () => true,
          () => false,
        );
        await assertWhole(url);
        outcomes.add((await read('account.key')) !== before);
        if (answers < point) {
          assert.ok(done && point > 5);
          break;
        }
      }
      assert.deepEqual([...outcomes], [false, true]);
    });

    it('with the CA out of reach, both keys stay until it can be asked', async () => {
      await makeNextKey(at('.'));
      const both = await files();
      const away = open({ directoryUrl: 'https://127.0.0.1:9/dir' });
      await assert.rejects(away.account(patient()), { code: 'E_ACME_UNREACHABLE' });
      assert.deepEqual(await files(), both);
      await assertWhole(url);
    });

    it('and the other key is that of another account, neither is touched', async () => {
      const other = open({ accountDirectory: join(folder(), 'other') });
      await other.account(patient());
      await copyFile(join(folder(), 'other', 'account.key'), at('next.key'));
      await assert.rejects(open().account(patient()), { code: 'E_ACME_ACCOUNT', hint: /next\.key/ });
      assert.deepEqual(await files(), ['account.json', 'account.key', 'next.key']);
      assert.equal(await read('account.key'), old);
    });

    it('because the answer was lost, the CA is asked which key it has', async () => {
      const client = open({
        observe: ({ url: path }) => {
          if (!path.includes('rollover')) return;
          throw new DelegatedError('E_ACME_UNREACHABLE', 'the answer was lost', { outcome: 'unknown' });
        },
      });
      await client.changeAccountKey(patient());
      assert.notEqual(await read('account.key'), old);
      await assertWhole(url);
    });

    for (const [why, thrown, isAsked] of [
      ['it says no', problem(409), false],
      ['it was never reached', new DelegatedError('E_ACME_UNREACHABLE', 'refused'), false],
      ['its front end is in trouble', problem(503), true],
      ['a bug of ours comes between', new TypeError('x'), true],
    ] as const)
      it(`because ${why}, the key stays, and the CA is ${isAsked ? '' : 'not '}asked which it has`, async () => {
        let asked = 0;
        const key = acmeKey(old, 'account.key');
        const refuse = async (): Promise<never> => Promise.reject(thrown);
        const ports = {
          signer: { post: refuse, get: refuse, sign: async () => ({}) },
          directoryOf: async () => ({ ...DIRECTORY, keyChange: 'https://ca.test/change' }),
          lookUp: async (each: typeof key) => {
            asked += 1;
            return each === key ? { url: '', status: 200, headers: {}, body: '' } : null;
          },
        };
        await assert.rejects(changeKey(at('.'), { url, key }, ports, patient().signal), thrown);
        assert.equal(asked > 0, isAsked);
        assert.equal(await read('account.key'), old);
        await assertWhole(url);
      });
  });

  it('closes the account and keeps its key aside', async () => {
    const url = await open().account(patient());
    const key = await read('account.key');
    const kept = await open().deactivateAccount(patient());
    assert.equal(await readFile(join(kept, 'account.key'), 'utf8'), key);
    assert.deepEqual(await readdir(folder()), [basename(kept)]);
    assert.notEqual(await open().account(patient()), url);
    const closed = await open({ accountDirectory: kept }).lookAtAccount(patient());
    assert.equal(closed.account?.status, 'deactivated');
    await assert.rejects(open({ accountDirectory: kept }).changeAccountKey(patient()), {
      code: 'E_ACME_ACCOUNT',
    });
  });

  it('closes an account of which the CA does not say how it is, before its key is moved aside', async () => {
    const url = await open().account(patient());
    const key = acmeKey(await read('account.key'), 'account.key');
    const payloads: unknown[] = [];
    const post = async ({ payload }: { readonly payload?: unknown }) => {
      payloads.push(payload);
      return { url, status: 200, headers: { location: url }, data: {}, body: '{}' };
    };
    const known = async () => ({ url, key });
    const options = {
      accountDirectory: at('.'),
      directoryUrl: pebble.directoryUrl,
      termsOfServiceAgreed: true,
      clock: createSystemClock(),
      log: SILENT,
    };
    const desk = createAccountDesk(options, {
      signer: { post, get: async () => Promise.reject(new Error('no')), sign: async () => ({}) },
      directoryOf: async () => DIRECTORY,
      account: { open: known, reopen: known, changeKey: known, current: () => null },
    });
    await desk.deactivateAccount(patient());
    assert.deepEqual(payloads.at(-1), { status: 'deactivated' });
    assert.equal((await readdir(folder())).length, 1);
  });

  it('moves a closed account aside when the run died between the two', async () => {
    await open().account(patient());
    const kept = await open().deactivateAccount(patient());
    await rename(kept, at('.'));
    const again = await open().deactivateAccount(patient());
    assert.deepEqual(await readdir(folder()), [basename(again)]);
  });
});

const DIRECTORY = { newNonce: '', newAccount: '', newOrder: '', externalAccountRequired: false };

function problem(status: number): DelegatedError {
  const cause = problemCause({ type: 'conflict', detail: 'no', status, subproblems: [] });
  return new DelegatedError('E_ACME_PROBLEM', 'no', { cause });
}
