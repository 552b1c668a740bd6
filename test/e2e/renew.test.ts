import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testKey } from '../support/name-server.ts';
import { startKnot } from '../support/knot.ts';
import { startPowerDns } from '../support/powerdns.ts';
import { foreignUpdate } from '../support/zone-tools.ts';
import {
  type Homeserver,
  type Lab,
  dig,
  opensslVerify,
  orders,
  startHomeserver,
  startLab,
  strayChallenges,
} from './lab.ts';

const NAME = 'example.test';
const SRV = `_matrix-fed._tcp.${NAME}`;

interface SiteDocument {
  readonly ok: boolean;
  readonly records: readonly {
    readonly name: string;
    readonly action: string;
    readonly after: readonly string[] | null;
  }[];
  readonly certificate: {
    readonly action: string;
    readonly serial: string;
    readonly names: readonly string[];
    readonly directory: string;
    readonly sha256: string;
  };
  readonly deploy: { readonly action: string; readonly reloaded: boolean; readonly verified: boolean };
  readonly errors: readonly { readonly code: string; readonly message: string; readonly hint?: string }[];
}

function onlySite(stdout: string): SiteDocument {
  const document: unknown = JSON.parse(stdout);
  assert.ok(isReport(document), stdout);
  const [site] = document.sites;
  assert.ok(site);
  return site;
}

function isReport(value: unknown): value is { readonly sites: readonly SiteDocument[] } {
  return typeof value === 'object' && value !== null && 'sites' in value && Array.isArray(value.sites);
}

function site(
  homeserver: Pick<Homeserver, 'port' | 'pidFile' | 'tls'>,
  more: object = {},
): Record<string, unknown> {
  return {
    [NAME]: {
      provider: 'main',
      srv: [{ target: `matrix.${NAME}`, port: homeserver.port, priority: 10, weight: 5 }],
      certificate: {
        names: [`matrix.${NAME}`],
        outputs: [{ directory: homeserver.tls }],
        reload: { signal: 'HUP', pidFile: homeserver.pidFile },
        verifyTimeout: 5,
      },
      ...more,
    },
  };
}

describe('renew, end to end', () => {
  let lab: Lab;
  let homeserver: Homeserver;

  beforeEach(async function () {
    this.timeout(30_000);
    lab = await startLab();
    homeserver = await startHomeserver(lab.directory);
  });
  afterEach(async () => {
    await homeserver.stop();
    await lab.stop();
  });

  it('publishes the record, gets the certificate, deploys it and proves it', async () => {
    await lab.configure(site(homeserver));
    const { code, stdout, stderr } = await lab.run(['renew', '--json']);
    assert.equal(code, 0, stdout + stderr);
    const done = onlySite(stdout);
    assert.equal(done.certificate.action, 'issue');
    assert.deepEqual(done.certificate.names.toSorted(), [NAME, `matrix.${NAME}`]);
    assert.deepEqual(done.deploy, {
      action: 'deploy',
      outputs: [homeserver.tls],
      reloaded: true,
      verified: true,
    });
    assert.deepEqual(await dig(lab, SRV, 'SRV'), [`10 5 ${homeserver.port} matrix.${NAME}.`]);
    assert.deepEqual(await strayChallenges(lab, NAME), []);
    assert.match(await opensslVerify(lab, homeserver.tls, NAME), /OK/);
    assert.match(await opensslVerify(lab, done.certificate.directory, `matrix.${NAME}`), /OK/);
  });

  it('changes nothing the second time and does without the CA', async () => {
    await lab.configure(site(homeserver));
    const first = onlySite((await lab.run(['renew', '--json'])).stdout);
    await lab.pebble.halt();
    const { code, stdout, stderr } = await lab.run(['renew', '--json']);
    assert.equal(code, 0, stdout + stderr);
    const second = onlySite(stdout);
    assert.deepEqual(
      second.records.map(({ action }) => action),
      ['keep'],
    );
    assert.equal(second.certificate.action, 'keep');
    assert.equal(second.certificate.serial, first.certificate.serial);
    assert.equal(second.deploy.action, 'keep');
    assert.equal(await orders(lab), 1);
  });

  it('renews when told so, and serves the new one', async () => {
    await lab.configure(site(homeserver));
    const first = onlySite((await lab.run(['renew', '--json'])).stdout);
    const second = onlySite((await lab.run(['renew', '--force', '--json'])).stdout);
    assert.equal(second.certificate.action, 'renew');
    assert.notEqual(second.certificate.sha256, first.certificate.sha256);
    assert.equal(second.deploy.verified, true);
  });

  it('gets apex and wildcard in one order', async () => {
    const wild = site(homeserver, { certificate: { names: [`*.${NAME}`], verify: 'none' } });
    await lab.configure(wild);
    const { code, stdout, stderr } = await lab.run(['renew', '--json']);
    assert.equal(code, 0, stdout + stderr);
    const done = onlySite(stdout);
    assert.deepEqual(done.certificate.names.toSorted(), [`*.${NAME}`, NAME]);
    assert.match(await opensslVerify(lab, done.certificate.directory, `any.${NAME}`), /OK/);
    assert.deepEqual(await strayChallenges(lab, NAME), []);
    assert.equal(await orders(lab), 1);
  });

  it('issues again when the names of the config change', async () => {
    await lab.configure(site(homeserver));
    await lab.run(['renew', '--json']);
    await lab.configure(site(homeserver, { certificate: { names: [], verify: 'none' } }));
    const done = onlySite((await lab.run(['renew', '--json'])).stdout);
    assert.equal(done.certificate.action, 'renew');
    assert.deepEqual(done.certificate.names, [NAME]);
  });

  it('says so when the homeserver goes on serving the old one, and tries that again without a new order', async () => {
    const deaf = site(homeserver, {
      certificate: {
        outputs: [{ directory: homeserver.tls }],
        reload: { exec: ['/bin/true'] },
        verifyTimeout: 1,
      },
    });
    await lab.configure(deaf);
    const { code, stdout } = await lab.run(['renew', '--json']);
    assert.equal(code, 5, stdout);
    assert.deepEqual(
      onlySite(stdout).errors.map((error) => error.code),
      ['E_NOT_SERVED'],
    );
    await lab.configure(
      site(homeserver, {
        certificate: {
          outputs: [{ directory: homeserver.tls }],
          reload: { signal: 'HUP', pidFile: homeserver.pidFile },
        },
      }),
    );
    const again = await lab.run(['renew', '--json']);
    assert.equal(again.code, 0, again.stdout);
    assert.equal(onlySite(again.stdout).deploy.verified, true);
    assert.equal(await orders(lab), 1);
  });

  it('leaves a record alone that is not ours, until it is adopted', async () => {
    await foreignUpdate(lab.dns, NAME, [`update add ${SRV}. 300 SRV 0 0 8448 matrix.${NAME}.`]);
    await lab.configure(site(homeserver, { certificate: 'none' }));
    const refused = await lab.run(['sync', '--json']);
    assert.equal(refused.code, 3, refused.stdout);
    assert.deepEqual(
      onlySite(refused.stdout).errors.map(({ code }) => code),
      ['E_RECORD_FOREIGN'],
    );
    assert.deepEqual(await dig(lab, SRV, 'SRV'), [`0 0 8448 matrix.${NAME}.`]);
    const adopted = await lab.run(['adopt', NAME, '--json']);
    assert.equal(adopted.code, 0, adopted.stdout + adopted.stderr);
    assert.deepEqual(await dig(lab, SRV, 'SRV'), [`10 5 ${homeserver.port} matrix.${NAME}.`]);
    assert.equal((await lab.run(['sync', '--json'])).code, 0);
  });

  it('refuses an SRV target that is a CNAME', async () => {
    await foreignUpdate(lab.dns, NAME, [`update add alias.${NAME}. 60 CNAME matrix.${NAME}.`]);
    await lab.configure({
      [NAME]: { provider: 'main', srv: [{ target: `alias.${NAME}` }], certificate: 'none' },
    });
    const { code, stdout } = await lab.run(['sync', '--json']);
    assert.equal(code, 3);
    assert.deepEqual(
      onlySite(stdout).errors.map((error) => error.code),
      ['E_TARGET_CNAME'],
    );
    assert.deepEqual(await dig(lab, SRV, 'SRV'), []);
  });

  it('plans without changing anything, and says 10 when asked', async () => {
    await lab.configure(site(homeserver));
    const planned = await lab.run(['plan', '--exit-code', '--json']);
    assert.equal(planned.code, 10, planned.stdout + planned.stderr);
    assert.deepEqual(
      onlySite(planned.stdout).records.map(({ action }) => action),
      ['create'],
    );
    assert.deepEqual(await dig(lab, SRV, 'SRV'), []);
    assert.equal((await lab.run(['renew'])).code, 0);
    assert.equal((await lab.run(['plan', '--exit-code'])).code, 0);
  });

  it('makes one order when fifty start at once', async function () {
    this.timeout(120_000);
    await lab.configure(site(homeserver));
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => lab.run(['renew', '--quiet'])));
    const codes = outcomes.map(({ code }) => code);
    assert.ok(codes.includes(0));
    assert.ok(
      codes.every((code) => code === 0 || code === 75),
      codes.join(' '),
    );
    assert.equal(await orders(lab), 1);
  });

  it('names the key when it is wrong, and changes nothing', async () => {
    const wrong = join(lab.directory, 'wrong.secret');
    await writeFile(wrong, Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 });
    const main = {
      ...lab.provider,
      key: { name: lab.dns.key.name, algorithm: lab.dns.key.algorithm, secret: { file: wrong } },
    };
    await lab.configure(site(homeserver), { providers: { main } });
    const { code, stdout } = await lab.run(['renew', '--json']);
    assert.equal(code, 3, stdout);
    assert.ok(
      onlySite(stdout).errors.every((error) => error.code === 'E_PROVIDER_AUTH'),
      stdout,
    );
    assert.deepEqual(await dig(lab, SRV, 'SRV'), []);
  });

  it('names the server that is dead', async () => {
    const dead = '127.0.0.1:9';
    const main = { ...lab.provider, nameServers: [`127.0.0.1:${lab.dns.port}`, dead] };
    await lab.configure(site(homeserver, { certificate: 'none' }), {
      providers: { main },
      propagation: { timeout: 1 },
    });
    const { code, stdout } = await lab.run(['sync', '--json']);
    assert.equal(code, 3, stdout);
    const [error] = onlySite(stdout).errors;
    assert.equal(error?.code, 'E_NOT_PROPAGATED');
    assert.match(error?.message ?? '', /127\.0\.0\.1:9/);
  });

  it('takes its values back when it is stopped, within ten seconds', async () => {
    const dead = '127.0.0.1:9';
    const main = { ...lab.provider, nameServers: [`127.0.0.1:${lab.dns.port}`, dead] };
    await lab.configure(site(homeserver), { providers: { main }, propagation: { timeout: 60 } });
    const child = lab.start(['renew', '--json']);
    const outcome = new Promise<number | null>((resolve) => child.on('close', resolve));
    // It waits for the dead server now, with the values in the zone.
    for (let tries = 0; (await strayChallenges(lab, NAME)).length < 2; tries += 1) assert.ok(tries < 500);
    const stoppedAt = performance.now();
    child.kill('SIGTERM');
    assert.equal(await outcome, 3);
    assert.ok(performance.now() - stoppedAt < 10_000);
    assert.deepEqual(await strayChallenges(lab, NAME), []);
  });

  it('writes what to publish by hand, before the secrets are in place', async () => {
    await lab.configure(site(homeserver));
    await rm(join(lab.directory, 'tsig.secret'));
    const { stdout } = await lab.run(['records', NAME, '--format', 'zone']);
    assert.equal(stdout, `${SRV}. 3600 IN SRV 10 5 ${homeserver.port} matrix.${NAME}.\n`);
  });

  it('gives no secret away, whatever fails', async () => {
    await lab.configure(site(homeserver));
    const runs = [
      await lab.run(['renew', '--verbose']),
      await lab.run(['renew', '--force', '--verbose', '--json']),
      await lab.run(['status', '--verbose']),
    ];
    await rm(join(lab.directory, 'tsig.secret'));
    runs.push(await lab.run(['renew', '--verbose']));
    const printed = runs.map(({ stdout, stderr }) => stdout + stderr).join('');
    assert.ok(!printed.includes(lab.dns.key.secret));
    assert.ok(!printed.includes('PRIVATE KEY'));
    const key = await readFile(join(homeserver.tls, 'privkey.pem'), 'utf8');
    assert.ok(!printed.includes(key.split('\n')[1] ?? key));
  });
});

const sites = (more: object): Record<string, unknown> => ({
  [NAME]: {
    provider: 'main',
    srv: [{ target: `matrix.${NAME}` }],
    certificate: { names: [`*.${NAME}`], verify: 'none' },
    ...more,
  },
});

describe('renew with _acme-challenge in another zone', () => {
  const target = 'example.acme.test';
  let lab: Lab;

  beforeEach(async function () {
    this.timeout(30_000);
    // The key may change the challenge zone, and nothing of the other but the SRV record and its mark.
    const keys = [testKey('records'), testKey('challenges')];
    const grants = [{ key: 'records', name: SRV, types: ['SRV', 'TXT'] }];
    lab = await startLab({
      zones: [
        {
          name: NAME,
          records: ['matrix 60 IN A 127.0.0.1', `_acme-challenge 60 IN CNAME ${target}.`],
          grants,
        },
        { name: 'acme.test', grants: [{ key: 'challenges', name: target, types: ['TXT'] }] },
      ],
      keys,
      // The CA's resolver would do the walking; Pebble has none.
      recursion: true,
    });
  });
  afterEach(() => lab.stop());

  it('follows the CNAME, with the provider that the site names for it', async () => {
    const [, key] = lab.dns.keys;
    const other = { ...lab.provider, key };
    await lab.configure(sites({ challenge: { provider: 'other' } }), {
      providers: { main: lab.provider, other },
    });
    const { code, stdout, stderr } = await lab.run(['renew', '--json']);
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(await strayChallenges(lab, 'acme.test'), []);
    assert.deepEqual(await dig(lab, `_acme-challenge.${NAME}`, 'CNAME'), [`${target}.`]);
  });

  it('names the right that is missing when it may not write there', async () => {
    await lab.configure(sites({}));
    const { code, stdout } = await lab.run(['renew', '--json']);
    assert.equal(code, 3, stdout);
    const [error] = onlySite(stdout).errors;
    assert.equal(error?.code, 'E_PROVIDER_FORBIDDEN');
  });

  it('refuses a CNAME that a wildcard made up', async () => {
    const wild = await startLab({
      zones: [{ name: NAME, records: ['matrix 60 IN A 127.0.0.1', '* 60 IN CNAME elsewhere.test.'] }],
    });
    try {
      await wild.configure(sites({ certificate: { verify: 'none' } }));
      const { code, stdout } = await wild.run(['renew', '--json']);
      assert.equal(code, 3, stdout);
      assert.deepEqual(
        onlySite(stdout).errors.map((error) => error.code),
        ['E_CHALLENGE_CNAME'],
      );
    } finally {
      await wild.stop();
    }
  });
});

describe('renew over other name servers', () => {
  for (const [name, startDns] of [
    ['Knot', startKnot],
    ['PowerDNS', startPowerDns],
  ] as const)
    it(`does the whole job over ${name}`, async function () {
      this.timeout(30_000);
      const lab = await startLab({ startDns });
      try {
        await lab.configure({
          [NAME]: {
            provider: 'main',
            srv: [{ target: `matrix.${NAME}` }],
            certificate: { names: [`*.${NAME}`], verify: 'none' },
          },
        });
        const { code, stdout, stderr } = await lab.run(['renew', '--json']);
        assert.equal(code, 0, stdout + stderr);
        assert.deepEqual(await dig(lab, SRV, 'SRV'), [`10 0 8448 matrix.${NAME}.`]);
        assert.deepEqual(await dig(lab, `_acme-challenge.${NAME}`, 'TXT'), []);
      } finally {
        await lab.stop();
      }
    });
});

describe('renew with a difficult CA', () => {
  for (const [what, env] of [
    ['refuses nine nonces of ten', { PEBBLE_WFE_NONCEREJECT: '90' }],
    ['has authorizations to reuse', { PEBBLE_AUTHZREUSE: '100' }],
    ['takes its time to validate', { PEBBLE_VA_NOSLEEP: '0', PEBBLE_VA_SLEEPTIME: '3' }],
  ] as const)
    it(`gets its certificates from one that ${what}`, async function () {
      this.timeout(60_000);
      const lab = await startLab({ pebble: { env } });
      try {
        await lab.configure({
          [NAME]: {
            provider: 'main',
            srv: [{ target: `matrix.${NAME}` }],
            certificate: { names: [`matrix.${NAME}`], verify: 'none' },
          },
        });
        for (const args of [
          ['renew', '--json'],
          ['renew', '--force', '--json'],
        ]) {
          const { code, stdout, stderr } = await lab.run(args);
          assert.equal(code, 0, stdout + stderr);
        }
        assert.deepEqual(await strayChallenges(lab, NAME), []);
      } finally {
        await lab.stop();
      }
    });
});
