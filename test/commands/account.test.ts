import assert from 'node:assert/strict';
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
import { accountDirectory } from '../../src/io/acme/account-directory.ts';
import { createSystemClock } from '../../src/io/clock.ts';
import { createSystemDice } from '../../src/io/dice.ts';
import { createStateStore } from '../../src/io/state-store.ts';
import { patient, watchedClient } from '../support/acme.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { type Pebble, startPebble } from '../support/pebble.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createTestShell } from '../support/test-shell.ts';

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
    assert.equal(await close({ yes: true }), 0);
    const left = await readdir(join(folder(), 'state', 'accounts'));
    assert.deepEqual(
      left.map((name) => name.includes('.deactivated-')),
      [true, true],
    );
  });
});
