import assert from 'node:assert/strict';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accountDirectory } from '../../src/io/acme/account-directory.ts';
import type { DoctorReport } from '../../src/health/doctor-report.ts';
import { type Lab, startLab, strayChallenges } from './lab.ts';

const NAME = 'example.test';

describe('doctor, end to end', () => {
  let lab: Lab;
  before(async function () {
    this.timeout(30_000);
    const records = ['matrix 60 IN A 127.0.0.1', 'caa IN CAA 128 future "x"', 'matrix.caa IN A 127.0.0.1'];
    lab = await startLab({ zones: ['test', { name: NAME, records }] });
  });
  after(() => lab.stop());

  async function configure(names: readonly string[]): Promise<void> {
    const site = (name: string) => ({
      provider: 'main',
      srv: [{ target: `matrix.${name}` }],
      certificate: { outputs: [{ directory: join(lab.directory, `tls-${name}`) }], reload: 'none' },
    });
    await lab.configure(Object.fromEntries(names.map((name) => [name, site(name)])));
  }

  it('is silent and makes nothing where all is well', async () => {
    await configure([NAME]);
    const { code, stdout, stderr } = await lab.run(['doctor']);
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stdout, `GOOD  ${NAME}: nothing is in the way of the next renewal\n`);
    assert.equal(await stat(lab.state).catch(() => null), null);
    assert.deepEqual(await strayChallenges(lab, NAME), []);
    assert.equal((await lab.run(['doctor', '--quiet'])).stdout, '');
  });

  it('gives each site a verdict, and ends with 3 for one that would fail', async () => {
    await configure([NAME, `caa.${NAME}`]);
    const { code, stdout } = await lab.run(['doctor']);
    assert.equal(code, 3);
    assert.match(stdout, /^GOOD {2}example\.test: /m);
    assert.match(
      stdout,
      /^BAD {3}caa\.example\.test: the next renewal would fail\n\n {2}error .*\[CAA_CRITICAL\]\n.*\n +→ /m,
    );
    assert.equal((await lab.run(['doctor', NAME])).code, 0);
    assert.equal((await lab.run(['doctor', 'elsewhere.test'])).code, 2);
  });

  it('tells what concerns every site once, in the document too', async () => {
    await configure([NAME]);
    await mkdir(lab.state);
    await chmod(lab.state, 0o777);
    const { code, stdout } = await lab.run(['doctor', '--json']);
    assert.equal(code, 3);
    const { ok, installation, sites }: DoctorReport = JSON.parse(stdout);
    assert.equal(ok, false);
    assert.deepEqual(
      installation.findings.map(({ code: found, severity }) => [found, severity]),
      [['STATE_UNSAFE', 'error']],
    );
    assert.deepEqual(
      sites.map((site) => [site.serverName, site.ok, site.findings.length]),
      [[NAME, false, 0]],
    );
  });

  it('compares the config of Synapse, and shows none of its secrets', async () => {
    const file = join(lab.directory, 'homeserver.yaml');
    await lab.configure({
      [NAME]: {
        provider: 'main',
        srv: [{ target: `matrix.${NAME}` }],
        homeserver: { synapse: [file] },
      },
    });
    await writeFile(file, 'server_name: other.test\nmacaroon_secret_key: "a canary"\n');
    const { code, stdout, stderr } = await lab.run(['doctor', '--verbose']);
    assert.equal(code, 3, stdout + stderr);
    assert.match(stdout, /\[HOMESERVER_NAME\]/);
    assert.ok(!(stdout + stderr).includes('canary'));
  });

  it('sees an account key that others can read', async () => {
    await configure([NAME]);
    await chmod(lab.state, 0o700);
    const folder = accountDirectory(lab.state, lab.pebble.directoryUrl);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const key = join(folder, 'account.key');
    await writeFile(key, 'unread', { mode: 0o600 });
    assert.equal((await lab.run(['doctor'])).code, 0);
    await chmod(key, 0o644);
    const { code, stdout } = await lab.run(['doctor']);
    assert.equal(code, 3);
    assert.match(
      stdout,
      /^BAD {3}the installation: .*\n\n {2}error .*\[ACCOUNT_KEY_EXPOSED\]\n +→ chmod 600/m,
    );
    assert.ok(!stdout.includes('unread'));
  });
});
