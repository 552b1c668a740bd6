import assert from 'node:assert/strict';
import { parseDomainName, under } from '../../../src/dns/domain-name.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';
import { startHttpRelay } from '../../support/http-relay.ts';
import { ZONE, route53Setting } from './setting.ts';

const name = parseDomainName;

describe('the hosted zones of Route 53', () => {
  const at = route53Setting([
    { id: 'Z0PRIVATE', name: 'example.test.', private: true },
    { id: 'Z5ONE', name: 'twins.test.', private: false },
    { id: 'Z5TWO', name: 'twins.test.', private: false },
  ]);

  it('of one name and both public are not chosen from', async () => {
    const { open } = at();
    const error = await assertRefused(
      open().findZone(name('a.twins.test'), testCtx()),
      'E_PROVIDER_UNSUPPORTED',
    );
    assert.match(error.message, /Z5ONE and Z5TWO/);
    const chosen = await open({ hostedZoneId: 'Z5TWO' }).findZone(name('a.twins.test'), testCtx());
    assert.deepEqual(chosen, { id: 'Z5TWO', name: 'twins.test.' });
  });

  it('that are private are found by their id only', async () => {
    const { open } = at();
    const own = { id: 'Z0PRIVATE', name: 'example.test.' };
    assert.deepEqual(await open().findZone(name('a.example.test'), testCtx()), ZONE);
    assert.deepEqual(await open().zoneById?.('Z0PRIVATE', testCtx()), own);
    const only = open({ hostedZoneId: '/hostedzone/Z0PRIVATE' });
    assert.deepEqual(await only.findZone(name('a.example.test'), testCtx()), own);
    assert.equal(await only.findZone(name('a.twins.test'), testCtx()), null);
    assert.equal(await open().zoneById?.('Z9NONE', testCtx()), null);
  });

  it('are looked up by name where one page does not show them all', async () => {
    const { fake, open, requests } = at();
    const many = Array.from({ length: 150 }, (_, index) => ({
      id: `Z7X${index}`,
      name: `example.test.`,
      private: true,
      rrsets: [],
    }));
    fake.zones.push(...many, {
      id: 'ZZLAST',
      name: 'sub.example.test.',
      private: false,
      rrsets: [],
    });
    const provider = open();
    assert.deepEqual(await provider.findZone(name('a.sub.example.test'), testCtx()), {
      id: 'ZZLAST',
      name: 'sub.example.test.',
    });
    assert.deepEqual(await provider.findZone(name('a.example.test'), testCtx()), ZONE);
    assert.equal(await provider.findZone(name('nobody.invalid'), testCtx()), null);
    assert.ok(requests.length < 15, `${requests.length} requests`);
  });

  it('that are not there fail the check, as rights that are missing do', async () => {
    const { fake, open } = at();
    const [none] = await open({ hostedZoneId: 'Z9NONE' }).check(testCtx());
    assert.deepEqual([none?.ok, none?.message], [false, 'there is no hosted zone Z9NONE']);
    fake.trouble = (_, path) =>
      path.endsWith('/rrset') ? { status: 403, code: 'AccessDenied', message: 'not authorized' } : null;
    const items = await open().check(testCtx());
    assert.deepEqual(
      items.map(({ ok }) => ok),
      [true, false],
    );
    fake.zones.splice(0);
    assert.match((await open().check(testCtx()))[0]?.message ?? '', /see no public hosted zone/);
  });
});

describe('the records of a hosted zone', () => {
  const at = route53Setting();

  it('are read name by name when the zone has more pages than there are names', async () => {
    const { zone, open, requests } = at();
    const filler = Array.from({ length: 6_000 }, (_, index) => ({
      name: `a${index}.example.test.`,
      type: 'A',
      ttl: 60,
      values: ['192.0.2.1'],
    }));
    const names = Array.from({ length: 6 }, (_, index) => under(`zz${index}`, ZONE.name));
    const wanted = names.map((each) => ({ name: each, type: 'TXT', ttl: 60, values: ['"here"'] }));
    zone.rrsets = [...zone.rrsets, ...filler, ...wanted];
    const keys = names.map((each) => ({ name: each, type: 'TXT' }) as const);
    const found = await open().readRRsets(ZONE, keys, testCtx());
    assert.ok(found.every((rrset) => rrset !== null));
    assert.equal(requests.length, 12);
  });

  it('are not taken for absent when the answer does not say that it is whole', async () => {
    const { fake, open } = at();
    const relay = await startHttpRelay(fake.url);
    try {
      const provider = open({ endpoint: relay.url });
      const keys = [{ name: ZONE.name, type: 'TXT' }] as const;
      for (const body of ['<A><ResourceRecordSets/><MaxItems>300</MaxItems></A>', '<A/>', '']) {
        relay.fault = () => ({ kind: 'answer', status: 200, body });
        await assertRefused(provider.readRRsets(ZONE, keys, testCtx()), 'E_PROVIDER_UNAVAILABLE');
      }
      const whole = '<A><ResourceRecordSets/><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></A>';
      relay.fault = () => ({ kind: 'answer', status: 200, body: whole });
      assert.deepEqual(await provider.readRRsets(ZONE, keys, testCtx()), [null]);
    } finally {
      await relay.stop();
    }
  });

  it('of one name are read to their end, over as many pages as they take', async () => {
    const { put, open } = at();
    const own = parseDomainName('many.example.test');
    for (let index = 0; index < 350; index += 1)
      put({ name: own, type: 'A', ttl: 60, values: ['192.0.2.1'], setIdentifier: `${1000 + index}` });
    put({ name: own, type: 'TXT', ttl: 60, values: ['"after them all"'] });
    const [found] = await open().readRRsets(ZONE, [{ name: own, type: 'TXT' }], testCtx());
    assert.deepEqual(found?.values, ['after them all']);
  });
});
