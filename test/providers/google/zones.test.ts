import assert from 'node:assert/strict';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';
import { type Stage, setStage } from './target.ts';

const APEX = parseDomainName('example.test');
const NAME = parseDomainName('_acme-challenge.example.test');

describe('the zones of google', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await setStage();
  });
  afterEach(() => stage.stop());

  const without = (...permissions: readonly string[]): void => {
    stage.fake.granted = new Set([...stage.fake.granted].filter((each) => !permissions.includes(each)));
  };

  it('are found behind a page of private twins', async () => {
    for (let twin = 0; twin < 100; twin += 1)
      stage.fake.addZone({ name: `twin-${twin}`, dnsName: APEX, visibility: 'private' });
    assert.equal(await stage.open().findZone(NAME, testCtx()), null);
    stage.fake.addZone({ name: 'the-public-one', dnsName: APEX });
    assert.deepEqual(await stage.open().findZone(NAME, testCtx()), { id: 'the-public-one', name: APEX });
  });

  it('that are named need no right on the project', async () => {
    stage.fake.addZone({ name: 'example-test', dnsName: APEX });
    without('dns.managedZones.list');
    await assertRefused(stage.open().findZone(NAME, testCtx()), 'E_PROVIDER_FORBIDDEN');
    const provider = stage.open({ zone: 'example-test' });
    assert.equal((await provider.findZone(NAME, testCtx()))?.id, 'example-test');
    assert.equal(await provider.findZone(parseDomainName('nobody.test'), testCtx()), null);
  });

  it('that are named are chosen by depth, a public one before its twin', async () => {
    stage.fake.addZone({ name: 'twin', dnsName: APEX, visibility: 'private' });
    stage.fake.addZone({ name: 'world', dnsName: APEX });
    stage.fake.addZone({ name: 'deeper', dnsName: NAME });
    const chosen = async (...zone: readonly string[]): Promise<string | undefined> =>
      (await stage.open({ zone }).findZone(NAME, testCtx()))?.id;
    assert.equal(await chosen('twin', 'world'), 'world');
    assert.equal(await chosen('twin', 'deeper', 'world'), 'deeper');
    assert.equal(await chosen('twin'), 'twin');
    await assertRefused(chosen('absent'), 'E_ZONE_NOT_FOUND');
  });

  it('may be any by name or number, if they have records', async () => {
    const provider = stage.open();
    const twin = stage.fake.addZone({ name: 'twin', dnsName: APEX, visibility: 'private' });
    stage.fake.addZone({ name: 'forwards', dnsName: APEX, visibility: 'private', forwardingConfig: {} });
    stage.fake.addZone({ name: 'peers', dnsName: APEX, visibility: 'private', peeringConfig: {} });
    const expected = { id: 'twin', name: APEX };
    assert.deepEqual(await provider.zoneById?.('twin', testCtx()), expected);
    assert.deepEqual(await provider.zoneById?.(twin.id, testCtx()), expected);
    assert.equal(await provider.zoneById?.('absent', testCtx()), null);
    assert.equal(await provider.zoneById?.('../../other/managedZones/x', testCtx()), null);
    for (const id of ['forwards', 'peers'])
      await assertRefused(provider.zoneById?.(id, testCtx()) ?? Promise.resolve(), 'E_PROVIDER_UNSUPPORTED');
  });

  it('that may not be seen are not taken for absent', async () => {
    stage.fake.addZone({ name: 'example-test', dnsName: APEX });
    without('dns.managedZones.get');
    await assertRefused(
      stage.open().zoneById?.('example-test', testCtx()) ?? Promise.resolve(),
      'E_PROVIDER_FORBIDDEN',
    );
  });

  it('are checked for each right that is missing', async () => {
    stage.fake.addZone({ name: 'example-test', dnsName: APEX });
    const provider = stage.open({ zone: 'example-test' });
    assert.deepEqual(
      (await provider.check(testCtx())).map(({ ok }) => ok),
      [true, true],
    );
    without('dns.changes.create', 'dns.resourceRecordSets.update');
    const [seen, rights] = await provider.check(testCtx());
    assert.equal(seen?.ok, true);
    assert.equal(rights?.ok, false);
    assert.match(rights.message, /are missing: dns\.changes\.create, dns\.resourceRecordSets\.update$/);
    assert.equal(stage.fake.zone('example-test').changes.length, 0);
  });

  it('are checked for what can be seen where Google does not tell our rights', async () => {
    stage.fake.addZone({ name: 'example-test', dnsName: APEX });
    stage.fake.hidesRights = true;
    const provider = stage.open({ zone: 'example-test' });
    const [, rights] = await provider.check(testCtx());
    assert.equal(rights?.ok, true);
    assert.match(rights.message, /may be read; Google does not say/);
    without('dns.resourceRecordSets.list');
    assert.equal((await provider.check(testCtx()))[1]?.ok, false);
  });

  it('are checked for being there at all', async () => {
    assert.deepEqual(
      (await stage.open({ zone: ['absent'] }).check(testCtx())).map(({ ok }) => ok),
      [false],
    );
    without('dns.managedZones.list');
    const [listed] = await stage.open().check(testCtx());
    assert.match(listed?.message ?? '', /403/);
  });
});
