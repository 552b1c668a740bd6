import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { chmod, cp, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { accountRolloverCommand } from '../../src/commands/account.ts';
import { type ImportFlags, importCommand } from '../../src/commands/import.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { isRecord } from '../../src/acme/is-record.ts';
import { accountDirectory } from '../../src/io/acme/account-directory.ts';
import { run } from '../bench/peers.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { patient, watchedClient } from '../support/acme.ts';
import { freePort } from '../support/free-port.ts';
import { type Pebble, startPebble } from '../support/pebble.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createTestShell } from '../support/test-shell.ts';
import { makeCertificate } from '../support/x509-maker.ts';

const NAME = 'example.org';
const document = z.looseObject({
  ok: z.boolean(),
  accounts: z.array(z.strictObject({ directory: z.string(), url: z.string(), from: z.string() })),
});

describe('certificates import --account', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let pebble: Pebble;
  let config: string;
  const at = (...parts: readonly string[]): string => join(folder(), ...parts);
  const ours = (): string => accountDirectory(at('state'), pebble.directoryUrl);

  before(async () => {
    // dehydrated gives up at the first badNonce.
    const env = { PEBBLE_VA_ALWAYS_VALID: '1', PEBBLE_WFE_NONCEREJECT: '0' };
    pebble = await startPebble({ dnsServer: '127.0.0.1:9', env });
  });
  after(() => pebble.stop());
  beforeEach(async () => {
    config = at('config.yaml');
    await writeFile(
      config,
      `version: 1
state: ${at('state')}
acme: { ca: "${pebble.directoryUrl}", caCertificates: ${pebble.caFile}, termsOfServiceAgreed: true }
providers: { main: { type: rfc2136, server: 127.0.0.1, key: { name: k, algorithm: hmac-sha256, secret: c2VjcmV0MTIzNDU2Nzg5MA== } } }
sites:
  example.org: { provider: main, srv: [{ target: matrix.example.org }], certificate: {} }
`,
      { mode: 0o600 },
    );
  });

  interface Taken {
    readonly url: string;
    readonly from: string;
    /** All that was printed, to either side. */
    readonly said: string;
  }
  const take = async (directory: string): Promise<Taken> => {
    const shell = createTestShell();
    const flags = { config, json: true, verbose: true, account: true };
    assert.equal(await importCommand(at(directory), flags, shell), 0, shell.printed());
    const [account, ...more] = document.parse(JSON.parse(shell.printed())).accounts;
    assert.ok(account !== undefined && more.length === 0);
    assert.equal(account.directory, pebble.directoryUrl);
    return { ...account, said: shell.printed() + shell.complained() };
  };
  const refuse = async (directory: string, code: Parameters<typeof assertRefused>[1]): Promise<string> => {
    const shell = createTestShell();
    const flags: ImportFlags = { config, account: true, verbose: true };
    const error = await assertRefused(importCommand(at(directory), flags, shell), code);
    return `${error.message}\n${error.hint ?? ''}\n${shell.printed()}${shell.complained()}`;
  };
  const client = async (accountFolder: string): Promise<ReturnType<typeof watchedClient>> =>
    watchedClient({
      directoryUrl: pebble.directoryUrl,
      accountDirectory: accountFolder,
      caCertificates: await readFile(pebble.caFile, 'utf8'),
    });
  const register = async (name: string, deactivate = false): Promise<{ url: string; key: string }> => {
    const made = await client(at(name));
    const url = await made.account(patient());
    const key = await readFile(at(name, 'account.key'), 'utf8');
    if (deactivate) await made.deactivateAccount(patient());
    made.close();
    return { url, key };
  };
  const files = async (contents: Readonly<Record<string, string>>): Promise<void> => {
    for (const [path, content] of Object.entries(contents)) {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), content, { mode: 0o600 });
    }
  };
  const acmeSh = async (...accounts: readonly (readonly [string, string])[]): Promise<void> => {
    const ca = makeCertificate({ subject: 'Lab CA', isCa: true });
    const leaf = makeCertificate({
      subject: NAME,
      names: [NAME],
      notAfter: new Date(Date.now() + 60 * 86_400_000),
      issuer: ca,
    });
    await files({
      'sh/example.org_ecc/example.org.key': leaf.privateKey,
      'sh/example.org_ecc/example.org.cer': leaf.pem,
      'sh/example.org_ecc/ca.cer': ca.pem,
      'sh/example.org_ecc/fullchain.cer': leaf.pem + ca.pem,
      ...Object.fromEntries(accounts.map(([path, key]) => [`sh/ca/${path}/account.key`, key])),
    });
  };
  const SH = 'sh/example.org_ecc';

  /** The account is the one of the other client, ours is the key that orders, and no part of it was said. */
  async function assertTaken({ url, from, said }: Taken, type: 'rsa' | 'ec'): Promise<void> {
    const pem = await readFile(join(ours(), 'account.key'), 'utf8');
    const key = createPrivateKey(pem);
    assert.equal(key.asymmetricKeyType, type);
    assert.deepEqual((await readdir(ours())).sort(), ['account.json', 'account.key']);
    for (const file of await readdir(ours()))
      assert.equal((await stat(join(ours(), file))).mode & 0o777, 0o600, file);
    const secrets = pem.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'));
    const jwk = key.export({ format: 'jwk' });
    secrets.push(...[jwk.d, jwk.p, jwk.q].flatMap((part) => (part === undefined ? [] : [part.slice(0, 20)])));
    for (const secret of secrets) assert.ok(!said.includes(secret), `${from} was printed`);
    const using = await client(ours());
    assert.equal((await using.lookAtAccount(patient())).account?.url, url);
    // What the other client has had validated may count at once.
    const { status } = await using.newOrder([parseDomainName(NAME)], {}, patient());
    assert.ok(['pending', 'ready'].includes(status), status);
    assert.ok(
      !using.exchanges.some(({ answer }) => answer.status === 201 && answer.url.endsWith('sign-me-up')),
    );
    using.close();
  }

  it('takes the RSA key of certbot, which is a JWK', async () => {
    const folders = ['config', 'work', 'logs'].flatMap((name) => [`--${name}-dir`, at('certbot', name)]);
    const how = ['--manual', '--manual-auth-hook', '/bin/true', '--preferred-challenges', 'dns'];
    const who = ['-n', '--agree-tos', '-m', 'admin@example.org', '--server', pebble.directoryUrl];
    await run('certbot', ['certonly', ...who, ...folders, ...how, '-d', NAME], {
      REQUESTS_CA_BUNDLE: pebble.caFile,
    });
    const taken = await take(`certbot/config/live/${NAME}`);
    const regr: unknown = JSON.parse(await readFile(join(dirname(taken.from), 'regr.json'), 'utf8'));
    assert.equal(taken.url, isRecord(regr) ? regr['uri'] : null);
    await assertTaken(taken, 'rsa');
  });

  it('gives an RSA account another key', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await files({ 'rsa/account.key': key });
    const made = await client(at('rsa'));
    const url = await made.account(patient());
    made.close();
    await acmeSh(['127.0.0.1/dir', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()]);
    const taken = await take(SH);
    assert.equal(taken.url, url);
    await assertTaken(taken, 'rsa');
    assert.equal(await accountRolloverCommand({ config, quiet: true }, createTestShell()), 0);
    await assertTaken(taken, 'ec');
  });

  it('takes the key of lego', async () => {
    const options = ['--path', at('lego'), '--server', pebble.directoryUrl, '--accept-tos'];
    const port = `127.0.0.1:${await freePort()}`;
    const more = ['--email', 'admin@example.org', '--http', '--http.port', port, '-d', NAME, 'run'];
    await run('lego', [...options, ...more], { LEGO_CA_CERTIFICATES: pebble.caFile });
    const taken = await take('lego/certificates');
    await assertTaken(taken, 'ec');
  });

  it('takes the RSA key of dehydrated', async () => {
    await files({
      'dehydrated/domains.txt': `${NAME}\n`,
      'dehydrated/wk/.keep': '',
      'dehydrated/config': `CA="${pebble.directoryUrl}"
BASEDIR="${at('dehydrated')}"
WELLKNOWN="${at('dehydrated/wk')}"
CURL_OPTS="--cacert ${pebble.caFile}"
KEY_ALGO=prime256v1
`,
    });
    const dehydrated = (...args: readonly string[]): Promise<string> =>
      run('dehydrated', ['--config', at('dehydrated/config'), ...args]);
    await dehydrated('--register', '--accept-terms');
    await dehydrated('-c');
    await assertTaken(await take(`dehydrated/certs/${NAME}`), 'rsa');
  });

  it('takes the key of Caddy', async () => {
    const { url, key } = await register('made');
    await acmeSh();
    const path = `caddy/certificates/127.0.0.1-dir/${NAME}`;
    await files({
      [`${path}/${NAME}.key`]: await readFile(at(SH, `${NAME}.key`), 'utf8'),
      [`${path}/${NAME}.crt`]: await readFile(at(SH, 'fullchain.cer'), 'utf8'),
      [`${path}/${NAME}.json`]: '{}',
      'caddy/acme/127.0.0.1-dir/users/default/default.key': key,
    });
    const taken = await take(path);
    assert.equal(taken.url, url);
    await assertTaken(taken, 'ec');
  });

  it('takes the key of acme.sh, once, and says where it came from', async () => {
    const { url, key } = await register('made');
    await acmeSh(['127.0.0.1/dir', createPrivateKey(key).export({ type: 'sec1', format: 'pem' }).toString()]);
    const shell = createTestShell();
    assert.equal(await importCommand(at(SH), { config, account: true }, shell), 0);
    assert.ok(
      shell.printed().includes(`account ${url}\n  taken over from ${at('sh/ca/127.0.0.1/dir/account.key')}`),
    );
    const before = await readFile(join(ours(), 'account.json'), 'utf8');
    const taken = await take(SH);
    await assertTaken(taken, 'ec');
    assert.equal(await readFile(join(ours(), 'account.json'), 'utf8'), before);
  });

  it('leaves an account of ours alone', async () => {
    const { key } = await register('made');
    const using = await client(ours());
    await using.account(patient());
    using.close();
    await cp(ours(), at('before'), { recursive: true });
    await acmeSh(['127.0.0.1/dir', key]);
    assert.match(await refuse(SH, 'E_ACME_ACCOUNT'), /an account of ours at 127\.0\.0\.1:\d+ already/);
    for (const file of ['account.key', 'account.json'])
      assert.equal(await readFile(join(ours(), file), 'utf8'), await readFile(at('before', file), 'utf8'));
    assert.deepEqual(await readdir(at('state', 'certificates')).catch(() => []), []);
  });

  it('takes nothing that the CA does not call the one valid account of that key', async () => {
    const stranger = makeCertificate({ subject: 'x' }).privateKey;
    await acmeSh(['127.0.0.1/unknown', stranger]);
    assert.match(await refuse(SH, 'E_ACME_ACCOUNT'), /knows no valid account of .*unknown\/account\.key/);
    await acmeSh(['127.0.0.1/closed', (await register('closed', true)).key]);
    assert.match(await refuse(SH, 'E_ACME_ACCOUNT'), /knows no valid account of .*closed\/account\.key/);
    await acmeSh(['ca.example/dir', (await register('elsewhere')).key]);
    assert.doesNotMatch(await refuse(SH, 'E_ACME_ACCOUNT'), /ca\.example/);
    await acmeSh(
      ['127.0.0.1/one', (await register('one')).key],
      ['127.0.0.1/two', (await register('two')).key],
    );
    assert.match(await refuse(SH, 'E_ACME_ACCOUNT'), /has several accounts, by .*one\/.*two\//);
    assert.deepEqual(await readdir(at('state', 'accounts')).catch(() => []), []);
  });

  it('takes no key that others can use, that cannot be read, or that signs nothing here', async () => {
    const { key } = await register('made');
    const path = 'sh/ca/127.0.0.1/dir/account.key';
    await acmeSh(['127.0.0.1/dir', key]);
    await chmod(at(path), 0o640);
    assert.match(await refuse(SH, 'E_SECRET'), /account\.key can be used by others/);
    await chmod(at('sh/ca'), 0o700);
    assert.equal((await take(SH)).from, at(path));
    await writeFile(at(path), `CANARY-${key.slice(30)}`);
    const said = await refuse(SH, 'E_SECRET');
    assert.match(said, /no private key that can be read/);
    assert.doesNotMatch(said, /CANARY/);
    for (const weak of [
      generateKeyPairSync('ed25519').privateKey,
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
    ]) {
      await writeFile(at(path), weak.export({ type: 'pkcs8', format: 'pem' }));
      assert.match(await refuse(SH, 'E_SECRET'), /of a kind that is not used here/);
    }
  });

  it('says so where the other client has no account', async () => {
    await acmeSh();
    assert.match(await refuse(SH, 'E_ACME_ACCOUNT'), /there is none for 127\.0\.0\.1:\d+ in .*\/sh\/ca/);
  });
});
