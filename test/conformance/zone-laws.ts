import assert from 'node:assert/strict';
import { parseDomainName, relativeToRoot, under } from '../../src/dns/domain-name.ts';
import { createSystemClock } from '../../src/io/clock.ts';
import { zoneAccess } from '../../src/zone-access.ts';
import { assertRefused } from './expectations.ts';
import { type Bench, digest, srv, testCtx, txt } from './target.ts';
import type { Change } from '../../src/provider.ts';

export function zoneLaws(bench: () => Bench): void {
  describe('findZone', () => {
    it('finds a zone by its apex', async () => {
      assert.equal(await find(bench(), ''), bench().target.zone);
    });

    it('finds the zone of a deep name that does not exist', async () => {
      assert.equal(await find(bench(), '_matrix-fed._tcp.a.b.c.'), bench().target.zone);
    });

    it('does not take a zone for another whose name merely ends alike', async () => {
      assert.equal(await find(bench(), 'not'), null);
    });

    it('finds it by the name that a config may give, and that one works', async function () {
      const { provider, target } = bench();
      if (!provider.capabilities.reads) this.skip();
      const zone = await zoneAccess(provider, createSystemClock()).namedZone(
        relativeToRoot(target.zone),
        testCtx(),
      );
      assert.equal(zone?.name, target.zone);
      assert.equal(zone.id, bench().zone.id);
    });

    it('finds the deepest of nested zones', async function () {
      const { deeper } = bench().target;
      if (deeper === undefined) this.skip();
      assert.ok(deeper !== undefined);
      const zone = await bench().provider.findZone(under('_acme-challenge', deeper), testCtx());
      assert.equal(zone?.name, deeper);
    });

    it('answers null where it serves no zone', async () => {
      const { provider } = bench();
      assert.equal(await provider.findZone(parseDomainName('nobody.invalid'), testCtx()), null);
    });
  });

  describe('readRRsets', () => {
    before(function () {
      if (!bench().provider.capabilities.reads) this.skip();
    });

    it('proves an RRset absent', async () => {
      const name = bench().srvName();
      assert.equal(await bench().read({ name, type: 'SRV' }), null);
      assert.equal(await bench().read({ name, type: 'TXT' }), null);
    });

    it('answers many keys in their order', async () => {
      const { provider, zone, target, txt } = bench();
      const names = Array.from({ length: 40 }, () => bench().txtName());
      const odd = names.filter((_, index) => index % 2 === 1);
      await Promise.all(odd.map((name) => target.write(txt(name, [name]))));
      const keys = names.map((name) => ({ name, type: 'TXT' as const }));
      const found = await provider.readRRsets(zone, keys, testCtx());
      assert.deepEqual(
        found.map((rrset) => rrset?.name ?? null),
        names.map((name, index) => (index % 2 === 1 ? name : null)),
      );
    });

    it('does not take an alias for an absent RRset', async () => {
      const { target } = bench();
      const name = bench().txtName();
      await target.alias(name, parseDomainName('elsewhere.example.net'));
      const error = await assertRefused(bench().read({ name, type: 'TXT' }), 'E_RECORD_CNAME');
      assert.match(error.message, /elsewhere\.example\.net/);
    });
  });
}

/** Where nothing can be read, "nothing there" would be a lie; and what compares would compare with nothing. */
export function blindLaws(bench: () => Bench): void {
  describe('what cannot be read', () => {
    before(function () {
      if (bench().provider.capabilities.reads) this.skip();
    });

    it('is never called absent', async () => {
      const { provider, zone, target } = bench();
      const name = bench().txtName();
      for (const key of provider.capabilities.types.map((type) => ({ name, type })))
        await assertRefused(provider.readRRsets(zone, [key], testCtx()), 'E_PROVIDER_UNSUPPORTED');
      await target.write(txt(name, ['theirs']));
      await assertRefused(
        provider.readRRsets(zone, [{ name, type: 'TXT' }], testCtx()),
        'E_PROVIDER_UNSUPPORTED',
      );
    });

    it('is not replaced or deleted as a whole', async () => {
      const { provider, zone, target } = bench();
      const rrset = txt(bench().txtName(), ['theirs']);
      await target.write(rrset);
      const before = await target.snapshot();
      const changes: readonly Change[] = [
        { op: 'put', rrset: txt(bench().txtName(), ['ours']), expect: 'absent' },
        { op: 'put', rrset: txt(rrset.name, ['ours']), expect: rrset },
        { op: 'delete', rrset },
      ];
      for (const change of changes)
        await assertRefused(provider.apply(zone, [change], testCtx()), 'E_PROVIDER_UNSUPPORTED');
      assert.deepEqual(await target.snapshot(), before);
    });
  });

  describe('types that it does not have', () => {
    it('are refused, and nothing beside them is written', async function () {
      const { provider, zone, target } = bench();
      if (provider.capabilities.types.includes('SRV')) this.skip();
      const before = await target.snapshot();
      const value = { priority: 0, weight: 0, port: 1, target: parseDomainName('a.example.net') };
      const changes: readonly Change[] = [
        {
          op: 'add',
          name: bench().txtName(),
          type: 'TXT',
          ttl: bench().ttls.low,
          values: [digest('beside')],
        },
        { op: 'put', rrset: srv(bench().srvName(), [value]), expect: 'absent' },
      ];
      const error = await assertRefused(provider.apply(zone, changes, testCtx()), 'E_PROVIDER_UNSUPPORTED');
      assert.equal(error.outcome, 'not-applied');
      assert.deepEqual(await target.snapshot(), before);
    });
  });
}

async function find({ provider, target }: Bench, prefix: string): Promise<string | null> {
  const zone = await provider.findZone(parseDomainName(`${prefix}${target.zone}`), testCtx());
  return zone?.name ?? null;
}
