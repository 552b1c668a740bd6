import assert from 'node:assert/strict';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { DnsProvider, DomainName, RRset, RRType, Zone } from '../../../src/provider.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { testCtx, txt } from '../../conformance/target.ts';
import { startBind } from '../../support/bind.ts';
import { freePort } from '../../support/free-port.ts';
import { startKnot } from '../../support/knot.ts';
import { type NameServer, testKey } from '../../support/name-server.ts';
import { startPowerDns } from '../../support/powerdns.ts';
import { openRfc2136 } from '../../support/rfc2136.ts';
import { foreignUpdate } from '../../support/zone-tools.ts';

const ZONE: Zone = { id: 'example.test.', name: parseDomainName('example.test') };
const RECORDS = [
  '* IN CNAME elsewhere.example.net.',
  '*.txt IN TXT "v=spf1 -all"',
  'alias IN CNAME elsewhere.example.net.',
  'away IN NS ns.example.net.',
];

for (const [kind, start] of [
  ['BIND', startBind],
  ['Knot', startKnot],
  ['PowerDNS', startPowerDns],
] as const)
  describe(`rfc2136 and the zones of ${kind}`, () => {
    let server: NameServer | undefined;
    let provider: DnsProvider | undefined;
    before(async () => {
      server = await start({ zones: [{ name: 'example.test', records: RECORDS }, 'sub.example.test'] });
      provider = openRfc2136(server.port, server.key);
    });
    after(async () => {
      await provider?.close?.();
      await server?.stop();
    });

    function ready(): DnsProvider {
      assert.ok(provider !== undefined);
      return provider;
    }
    async function find(name: string): Promise<string | undefined> {
      return (await ready().findZone(parseDomainName(name), testCtx()))?.name;
    }
    async function read(name: DomainName, type: RRType): Promise<RRset | null | undefined> {
      return (await ready().readRRsets(ZONE, [{ name, type }], testCtx()))[0];
    }

    it('finds the zone of an alias and of a name that only a wildcard answers', async () => {
      assert.equal(await find('alias.example.test'), ZONE.name);
      assert.equal(await find('_acme-challenge.alias.example.test'), ZONE.name);
      assert.equal(await find('_matrix-fed._tcp.example.test'), ZONE.name);
    });

    it('has no zone for a name that is delegated away', async () => {
      assert.equal(await find('_matrix-fed._tcp.away.example.test'), undefined);
    });

    it('does not take a referral for an absent RRset', async () => {
      const name = parseDomainName('_acme-challenge.away.example.test');
      await assertRefused(read(name, 'TXT'), 'E_ZONE_NOT_FOUND');
    });

    it('does not look for a record in the zone above its own', async () => {
      const name = parseDomainName('_acme-challenge.sub.example.test');
      const error = await assertRefused(read(name, 'TXT'), 'E_ZONE_NOT_FOUND');
      assert.match(error.message, /sub\.example\.test\., not in example\.test\./);
    });

    it('takes what a wildcard makes for absent, and puts a record there', async () => {
      const name = parseDomainName('_matrix-fed._tcp.example.test');
      const mark = txt(parseDomainName('mark.txt.example.test'), ['ours']);
      assert.equal(await read(name, 'SRV'), null);
      assert.equal(await read(mark.name, 'TXT'), null);
      await ready().apply(ZONE, [{ op: 'put', rrset: mark, expect: 'absent' }], testCtx());
      assert.deepEqual(await read(mark.name, 'TXT'), mark);
      await ready().apply(ZONE, [{ op: 'delete', rrset: mark }], testCtx());
      assert.equal(await read(mark.name, 'TXT'), null);
    });

    it('reads real records and wildcards in one call apart', async () => {
      const real = txt(parseDomainName('real.txt.example.test'), ['real']);
      const made = parseDomainName('made.txt.example.test');
      await ready().apply(ZONE, [{ op: 'put', rrset: real, expect: 'absent' }], testCtx());
      const keys = [{ name: made, type: 'TXT' } as const, real];
      assert.deepEqual(await ready().readRRsets(ZONE, keys, testCtx()), [null, real]);
    });

    it('tells an alias by its target, also when it appears between reading and writing', async () => {
      assert.ok(server !== undefined);
      const name = parseDomainName('_acme-challenge.late.example.test');
      assert.equal(await read(name, 'TXT'), null);
      await foreignUpdate(server, 'example.test', [`update add ${name} 60 CNAME target.example.net.`]);
      const add = { op: 'add', name, type: 'TXT', ttl: 60, values: ['value'] } as const;
      const error = await assertRefused(ready().apply(ZONE, [add], testCtx()), 'E_RECORD_CNAME');
      assert.match(error.message, /target\.example\.net/);
      assert.equal(error.outcome, 'not-applied');
    });
  });

describe('rfc2136 with listed zones', () => {
  it('finds the deepest of them and asks nobody', async () => {
    const zones = ['example.test', 'sub.example.test'];
    const provider = openRfc2136(await freePort(), testKey(), { zones });
    const find = async (name: string): Promise<string | undefined> =>
      (await provider.findZone(parseDomainName(name), testCtx()))?.name;
    assert.equal(await find('a.sub.example.test'), 'sub.example.test.');
    assert.equal(await find('a.example.test'), 'example.test.');
    assert.equal(await find('notexample.test'), undefined);
  });
});
