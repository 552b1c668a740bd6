import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import {
  type AccountFlags,
  accountDeactivateCommand,
  accountRolloverCommand,
  accountShowCommand,
} from '../../src/commands/account.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { jwkThumbprint } from '../../src/acme/dns01-value.ts';
import { makeNextKey } from '../../src/io/acme/account-files.ts';
import { knownAccount } from '../../src/io/acme/known-account.ts';
import { acmeKey } from '../../src/io/acme/signer.ts';
import type { Log } from '../../src/ports.ts';
import { type CaDouble, startCaDouble } from '../fakes/ca.ts';
import { accountDirectory } from '../../src/io/acme/account-directory.ts';
import { createSystemClock } from '../../src/io/clock.ts';
import { createSystemDice } from '../../src/io/dice.ts';
import { createStateStore } from '../../src/io/state-store.ts';
import { patient, watchedClient } from '../support/acme.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { type Pebble, startPebble } from '../support/pebble.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createTestShell } from '../support/test-shell.ts';

const QUIET: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const NOWHERE = 'https://127.0.0.1:9/dir';
const account = z.strictObject({
  directory: z.string(),
  url: z.nullable(z.string()),
  status: z.nullable(z.string()),
  contact: z.nullable(z.array(z.string())),
  keyFile: z.string(),
  thumbprint: z.nullable(z.string()),
  keyChangeOpen: z.boolean(),
  externalAccountBinding: z.nullable(z.string()),
  caa: z.nullable(z.string()),
  errors: z.array(z.looseObject({ code: z.string() })),
});
const document = z.strictObject({ version: z.literal(1), ok: z.boolean(), accounts: z.array(account) });

describe('the account command', () => {
  const folder = temporaryFolder();
  let pebble: Pebble;
  let config: string;
  const directory = (): string => accountDirectory(join(folder(), 'state'), pebble.directoryUrl);

  before(async () => {
    pebble = await startPebble({ dnsServer: '127.0.0.1:9' });
  });
  after(() => pebble.stop());
  beforeEach(async () => {
    config = join(folder(), 'config.yaml');
    await writeFile(
      config,
      `version: 1
state: ${join(folder(), 'state')}
acme: { ca: "${pebble.directoryUrl}", caCertificates: ${pebble.caFile}, termsOfServiceAgreed: true }
providers: { main: { type: rfc2136, server: 127.0.0.1, key: { name: k, algorithm: hmac-sha256, secret: c2VjcmV0MTIzNDU2Nzg5MA== } } }
sites:
  example.org: { provider: main, srv: [{ target: matrix.example.org }], certificate: {} }
`,
      { mode: 0o600 },
    );
  });

  const register = async (): Promise<string> => {
    const client = watchedClient({
      directoryUrl: pebble.directoryUrl,
      accountDirectory: directory(),
      caCertificates: await readFile(pebble.caFile, 'utf8'),
    });
    const url = await client.account(patient());
    client.close();
    return url;
  };
  const show = async (
    flags: AccountFlags = {},
  ): Promise<{ readonly code: number; readonly accounts: z.infer<typeof account>[] }> => {
    const shell = createTestShell();
    const code = await accountShowCommand({ config, json: true, ...flags }, shell);
    return { code, accounts: document.parse(JSON.parse(shell.printed())).accounts };
  };

  const close = (flags: AccountFlags): Promise<number> =>
    accountDeactivateCommand({ config, ...flags }, createTestShell());

  it('shows what there is, and no key', async () => {
    const before = await show();
    assert.deepEqual([before.code, before.accounts.map(({ status }) => status)], [0, ['none']]);
    const url = await register();
    const { code, accounts } = await show({ ca: pebble.directoryUrl });
    assert.equal(code, 0);
    assert.deepEqual(
      accounts.map((each) => [each.url, each.status, each.keyFile]),
      [[url, 'valid', join(directory(), 'account.key')]],
    );
    const shell = createTestShell();
    assert.equal(await accountShowCommand({ config }, shell), 0);
    const said = shell.printed() + shell.complained();
    assert.match(said, new RegExp(`account +${url} \\(valid\\)`));
    const [, secret = ''] = (await readFile(join(directory(), 'account.key'), 'utf8')).split('\n');
    assert.ok(secret.length > 40 && !said.includes(secret) && !JSON.stringify(accounts).includes(secret));
  });

  it('knows the CAs of the config only', async () => {
    await assertRefused(show({ ca: 'letsencrypt' }), 'E_USAGE');
  });

  it('gives the account another key', async () => {
    const url = await register();
    const [was] = (await show({ ca: pebble.directoryUrl })).accounts;
    assert.equal(await accountRolloverCommand({ config }, createTestShell()), 0);
    const [is] = (await show({ ca: pebble.directoryUrl })).accounts;
    assert.deepEqual([is?.url, is?.status, is?.keyChangeOpen], [url, 'valid', false]);
    assert.notEqual(is?.thumbprint, was?.thumbprint);
  });

  const write = async (directoryUrl: string, caFile: string): Promise<void> => {
    const text = await readFile(config, 'utf8');
    const sites = [
      site('example.org', 'certificate: {}'),
      site('example.net', 'certificate: {}, challenge: { type: dns-persist-01 }'),
      site('example.com', 'certificate: none, challenge: { type: dns-persist-01 }'),
    ];
    await writeFile(
      config,
      `${text
        .slice(0, text.indexOf('sites:'))
        .replace(pebble.directoryUrl, directoryUrl)
        .replace(pebble.caFile, caFile)}sites:\n${sites.join('')}`,
    );
  };
  /** What was said, and which key there was when it was said first. */
  const rollOver = async (
    folderOfAccount: string,
  ): Promise<{ said: string; out: string; key: string | null }> => {
    const shell = createTestShell();
    let key: string | null = null;
    const err = (text: string): void => {
      key ??= readFileSync(join(folderOfAccount, 'account.key'), 'utf8');
      shell.err(text);
    };
    assert.equal(await accountRolloverCommand({ config }, { ...shell, err }), 0);
    return { said: shell.complained(), out: shell.printed(), key };
  };
  const registerAt = async (directoryUrl: string, caFile: string): Promise<string> => {
    const accountFolder = accountDirectory(join(folder(), 'state'), directoryUrl);
    const caCertificates = await readFile(caFile, 'utf8');
    const client = watchedClient({ directoryUrl, accountDirectory: accountFolder, caCertificates });
    await client.account(patient());
    client.close();
    return accountFolder;
  };

  describe('where standing values name the key (dns-persist-01, draft -02)', () => {
    let ca: CaDouble;
    beforeEach(async () => {
      ca = await startCaDouble({ persist: { issuers: ['authority.test'], draft: '02' } });
    });
    afterEach(() => ca.stop());
    it('says of which sites before it does it, and what to do then', async () => {
      await write(ca.directoryUrl, ca.caFile);
      const accountFolder = await registerAt(ca.directoryUrl, ca.caFile);
      const old = await readFile(join(accountFolder, 'account.key'), 'utf8');
      const { said, out, key } = await rollOver(accountFolder);
      assert.match(said, /standing values .* name the old key: example\.net\n/);
      assert.match(out, /\nNext: `delegated sync` publishes .*: example\.net\n$/);
      assert.match(out, /^0 issue "authority\.test; accounturi=https:.*; validationmethods=dns-01"$/m);
      assert.equal(key, old);
      assert.notEqual(await readFile(join(accountFolder, 'account.key'), 'utf8'), old);
    });

    it('says nothing of it at a CA whose values name the URL', async () => {
      await write(pebble.directoryUrl, pebble.caFile);
      const { said, out } = await rollOver(await registerAt(pebble.directoryUrl, pebble.caFile));
      assert.doesNotMatch(said + out, /standing/);
    });

    it('knows both keys while a change is open, and one again after the next use', async () => {
      await write(ca.directoryUrl, ca.caFile);
      const accountFolder = await registerAt(ca.directoryUrl, ca.caFile);
      const before = await knownAccount(accountFolder, QUIET);
      const next = await makeNextKey(accountFolder);
      const during = await knownAccount(accountFolder, QUIET);
      assert.deepEqual(during, { ...before, nextThumbprint: jwkThumbprint(acmeKey(next, 'next').jwk) });
      const client = watchedClient({
        directoryUrl: ca.directoryUrl,
        accountDirectory: accountFolder,
        caCertificates: await readFile(ca.caFile, 'utf8'),
      });
      await client.account(patient());
      client.close();
      assert.deepEqual(await knownAccount(accountFolder, QUIET), before);
    });
  });

  const answer = async (
    typed: string | null,
    terminal = { inIsTerminal: true, errIsTerminal: true },
  ): Promise<{ readonly code: number | string; readonly said: string }> => {
    const shell = createTestShell();
    const asked = { ...shell, ...terminal, readLine: () => Promise.resolve(typed) };
    const code = await accountDeactivateCommand({ config }, asked).catch((error: unknown) => String(error));
    return { code, said: shell.complained() };
  };

  it('closes an account for a person who types its host, and no other', async () => {
    await register();
    const { host, hostname } = new URL(pebble.directoryUrl);
    for (const typed of [null, '', 'yes', hostname])
      assert.match(String((await answer(typed)).code), /nothing was done/);
    const { code } = await answer(host, { inIsTerminal: true, errIsTerminal: false });
    assert.match(String(code), /for good/);
    assert.equal((await show({ ca: pebble.directoryUrl })).accounts[0]?.status, 'valid');
    const closed = await answer(`${host} `);
    assert.equal(closed.code, 0);
    assert.ok(closed.said.endsWith(`Type "${host}" to do it: `));
    assert.equal((await show({ ca: pebble.directoryUrl })).accounts[0]?.status, 'none');
  });

  it('closes no account without a yes, nor with an open order, unless forced', async () => {
    await register();
    const clock = createSystemClock();
    const state = createStateStore(join(folder(), 'state'), { dice: createSystemDice(), clock });
    const journal = {
      serverName: 'example.org',
      names: [parseDomainName('example.org')],
      keyType: 'ec256',
      startedAt: clock.now(),
      challenges: [],
    } as const;
    await assertRefused(close({}), 'E_USAGE');
    await state.writeJournal('example.org', { ...journal, ca: pebble.directoryUrl });
    await assertRefused(close({ yes: true }), 'E_STATE');
    assert.equal((await show({ ca: pebble.directoryUrl })).accounts[0]?.status, 'valid');
    assert.equal(await close({ yes: true, force: true }), 0);
    assert.equal((await show({ ca: pebble.directoryUrl })).accounts[0]?.status, 'none');
    await register();
    await state.writeJournal('example.org', { ...journal, ca: NOWHERE });
    const aside = { ...journal, ca: pebble.directoryUrl, retryAt: clock.now() };
    await state.writeJournal('stale example.org', aside);
    assert.equal(await close({ yes: true }), 0);
    const left = await readdir(join(folder(), 'state', 'accounts'));
    assert.deepEqual(
      left.map((name) => name.includes('.deactivated-')),
      [true, true],
    );
  });
});

function site(name: string, more: string): string {
  return `  ${name}: { provider: main, srv: [{ target: matrix.${name} }], ${more} }\n`;
}
