import assert from 'node:assert/strict';
import { TSIG_ALGORITHMS } from '../../../providers/rfc2136/tsig.ts';
import { parseDomainName, under } from '../../../src/dns/domain-name.ts';
import type { Change, CheckItem, Zone } from '../../../src/provider.ts';
import { assertRefused, rejection } from '../../conformance/expectations.ts';
import { srv, testCtx } from '../../conformance/target.ts';
import { startBind } from '../../support/bind.ts';
import { startKnot } from '../../support/knot.ts';
import { type NameServer, type TestKey, testKey } from '../../support/name-server.ts';
import { startPowerDns } from '../../support/powerdns.ts';
import { openRfc2136 } from '../../support/rfc2136.ts';

const NAME = parseDomainName('example.test');
const ZONE: Zone = { id: NAME, name: NAME };
const OURS = under('_matrix-fed._tcp', NAME);
const NARROW = { name: 'narrow.test', record: parseDomainName('_matrix-fed._tcp.narrow.test') };

function adding(name = under('_acme-challenge', NAME)): Change[] {
  return [{ op: 'add', name, type: 'TXT', ttl: 60, values: ['value'] }];
}

for (const [kind, start] of [
  ['BIND', startBind],
  ['Knot', startKnot],
  ['PowerDNS', startPowerDns],
] as const)
  describe(`rfc2136 and the keys of ${kind}`, () => {
    const keys = TSIG_ALGORITHMS.map((algorithm) => testKey(algorithm.replace('hmac-', 'key-'), algorithm));
    const narrow = testKey('narrow');
    let server: NameServer | undefined;
    before(async () => {
      const grants = [{ key: narrow.name, name: NARROW.record, types: ['SRV'] }];
      server = await start({
        zones: ['example.test', { name: NARROW.name, grants }],
        keys: [...keys, narrow],
      });
    });
    after(() => server?.stop());
    const port = (): number => server?.port ?? 0;

    async function failure(key: TestKey, now?: () => Date): Promise<ReturnType<typeof rejection>> {
      const provider = openRfc2136(port(), key, now === undefined ? {} : { now });
      try {
        return await rejection(provider.apply(ZONE, adding(), testCtx()));
      } finally {
        await provider.close?.();
      }
    }

    async function checked(key: TestKey, zones: readonly string[]): Promise<CheckItem[]> {
      const provider = openRfc2136(port(), key, { zones });
      try {
        return await provider.check(testCtx());
      } finally {
        await provider.close?.();
      }
    }

    for (const key of keys)
      it(`writes and reads with ${key.algorithm}`, async () => {
        const provider = openRfc2136(port(), key);
        const name = under(`_acme-challenge.${key.name}`, NAME);
        await provider.apply(ZONE, adding(name), testCtx());
        const [found] = await provider.readRRsets(ZONE, [{ name, type: 'TXT' }], testCtx());
        assert.deepEqual(found?.values, ['value']);
        await provider.close?.();
      });

    it('tells a wrong secret', async () => {
      const [key] = keys;
      assert.ok(key !== undefined);
      const error = await failure({ ...key, secret: testKey().secret });
      assert.equal(error.outcome, 'not-applied');
      // PowerDNS does not say why.
      assert.equal(error.code, kind === 'PowerDNS' ? 'E_PROVIDER_FORBIDDEN' : 'E_PROVIDER_AUTH');
      assert.match(kind === 'PowerDNS' ? (error.hint ?? '') : error.message, /wrong key|BADSIG/);
    });

    it('tells an unknown key', async () => {
      const error = await failure(testKey('nobody'));
      assert.equal(error.code, kind === 'PowerDNS' ? 'E_PROVIDER_FORBIDDEN' : 'E_PROVIDER_AUTH');
      assert.match(kind === 'PowerDNS' ? (error.hint ?? '') : error.message, /wrong key|BADKEY/);
    });

    for (const [which, seconds] of [
      ['ahead', 1000],
      ['behind', -1000],
    ] as const)
      it(`tells a clock that is ${which}, and by how much`, async () => {
        const [key] = keys;
        assert.ok(key !== undefined);
        const error = await failure(key, () => new Date(Date.now() + seconds * 1000));
        if (kind === 'PowerDNS') return assert.match(error.hint ?? '', /wrong clock/);
        assert.equal(error.code, 'E_PROVIDER_CLOCK');
        assert.equal(error.outcome, 'not-applied');
        assert.match(error.message, new RegExp(`clock says 2.*Z, ours is (999|100[01]) seconds ${which}`));
      });

    it('takes no read for an answer that the key did not vouch for', async () => {
      const provider = openRfc2136(port(), testKey('nobody'));
      await assertRefused(provider.findZone(NAME, testCtx()), 'E_PROVIDER_AUTH');
      await assertRefused(
        provider.readRRsets(ZONE, [{ name: OURS, type: 'SRV' }], testCtx()),
        'E_PROVIDER_AUTH',
      );
      await provider.close?.();
    });

    it('tells a name outside the zone and a zone that is not there', async () => {
      const [key] = keys;
      assert.ok(key !== undefined);
      const provider = openRfc2136(port(), key);
      const name = parseDomainName('_acme-challenge.example.net');
      await assertRefused(provider.apply(ZONE, adding(name), testCtx()), 'E_ZONE_NOT_FOUND');
      const other = parseDomainName('example.net');
      await assertRefused(
        provider.apply({ id: other, name: other }, adding(name), testCtx()),
        'E_ZONE_NOT_FOUND',
      );
      await provider.close?.();
    });

    it('finds in its check which zones a key may change', async () => {
      const [key] = keys;
      assert.ok(key !== undefined);
      const items = await checked(key, ['example.test', 'example.net']);
      assert.deepEqual(
        items.map((item) => item.ok),
        [true, false],
      );
      assert.match(items[1]?.message ?? '', /example\.net/);
    });

    it('does all that is needed with the least rights, and no more', async () => {
      const provider = openRfc2136(port(), narrow);
      const zone = await provider.findZone(NARROW.record, testCtx());
      assert.equal(zone?.name, `${NARROW.name}.`);
      const rrset = srv(NARROW.record, [
        { priority: 1, weight: 1, port: 8448, target: parseDomainName('matrix.narrow.test') },
      ]);
      await provider.apply(zone, [{ op: 'put', rrset, expect: 'absent' }], testCtx());
      const [found] = await provider.readRRsets(zone, [rrset], testCtx());
      assert.deepEqual(found, rrset);
      assert.deepEqual(await provider.check(testCtx()).then((items) => items.map((item) => item.ok)), [true]);
      // PowerDNS grants whole zones.
      if (kind !== 'PowerDNS') {
        const foreign = adding(under('_acme-challenge', zone.name));
        const error = await rejection(provider.apply(zone, foreign, testCtx()));
        assert.equal(error.outcome, 'not-applied');
        assert.equal(error.code, kind === 'BIND' ? 'E_PROVIDER_FORBIDDEN' : 'E_PROVIDER_AUTH');
        assert.match(error.hint ?? '', /grant the key|acl does not let the key/);
      }
      await provider.close?.();
    });
  });
