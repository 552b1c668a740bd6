import assert from 'node:assert/strict';
import { transferZone } from '../support/zone-tools.ts';
import { type Lab, startLab } from './lab.ts';

const NAME = 'example.test';

describe('the commands on providers, end to end', () => {
  let lab: Lab;
  before(async function () {
    this.timeout(30_000);
    lab = await startLab();
    await lab.configure({
      [NAME]: {
        provider: 'main',
        srv: [{ target: `matrix.${NAME}` }],
        certificate: { names: [`*.${NAME}`] },
      },
    });
  });
  after(() => lab.stop());

  it('list says what there is, without a config', async () => {
    const { code, stdout } = await lab.run(['provider', 'list', '--json']);
    assert.equal(code, 0);
    const { providers }: { providers: { type: string; settings: string[] }[] } = JSON.parse(stdout);
    const rfc2136 = providers.find(({ type }) => type === 'rfc2136');
    assert.deepEqual(rfc2136?.settings, ['server', 'key']);
    assert.match((await lab.run(['provider', 'list'])).stdout, /^rfc2136 +SRV TXT +yes +server key +/m);
  });

  it('check proves credentials and zones, and prints the rights for exactly these names', async () => {
    const { code, stdout } = await lab.run(['provider', 'check']);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /ok {4}example\.test: in the zone example\.test/);
    assert.match(stdout, /grant "delegated" name _matrix-fed\._tcp\.example\.test\. SRV;/);
    assert.match(stdout, /grant "delegated" name _acme-challenge\.example\.test\. TXT;/);
  });

  it('check says which variable lent a credential, and fails on a wrong one', async () => {
    const { key, ...rest } = lab.provider;
    assert.ok(typeof key === 'object');
    const site = { [NAME]: { provider: 'main', srv: [{ target: `matrix.${NAME}` }] } };
    const zones = [NAME];
    const named = { ...rest, zones, key: { ...key, secret: undefined } };
    await lab.configure(site, { providers: { main: named } });
    const right = { RFC2136_TSIG_SECRET: lab.dns.key.secret };
    const good = await lab.run(['provider', 'check', 'main'], { env: right });
    assert.equal(good.code, 0, good.stdout + good.stderr);
    assert.match(good.stdout, /key\.secret comes from RFC2136_TSIG_SECRET in the environment/);
    assert.ok(!good.stdout.includes(lab.dns.key.secret));

    const wrong = { RFC2136_TSIG_SECRET: Buffer.alloc(32, 'x').toString('base64') };
    const bad = await lab.run(['provider', 'check', '--json'], { env: wrong });
    assert.equal(bad.code, 3);
    assert.equal(JSON.parse(bad.stdout).ok, false);
    const missing = await lab.run(['provider', 'check']);
    assert.equal(missing.code, 78);
    assert.match(
      missing.stderr,
      /providers\.main\.key\.secret: required key is missing: .*RFC2136_TSIG_SECRET/,
    );
    await lab.configure(site);
  });

  it('test tries the laws on a zone in use, and leaves it as it was', async () => {
    const before = await transferZone(lab.dns, NAME);
    const { code, stdout, stderr } = await lab.run(['provider', 'test', 'main', '--zone', NAME]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /ok {4}SRV records are written, changed in every field and read back as they are/);
    assert.match(stdout, /main keeps its promises in this zone/);
    assert.deepEqual(await transferZone(lab.dns, NAME), before);
  });

  it('test says what is wrong with a zone that is not there', async () => {
    const { code, stderr } = await lab.run(['provider', 'test', 'main', '--zone', 'nobody.invalid']);
    assert.equal(code, 3);
    assert.match(stderr, /nobody\.invalid/);
    const unknown = await lab.run(['provider', 'test', 'mian', '--zone', NAME]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /did you mean "main"/);
  });
});
