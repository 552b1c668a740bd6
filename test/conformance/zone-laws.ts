import assert from 'node:assert/strict';
import { parseDomainName, under } from '../../src/dns/domain-name.ts';
import { assertRefused } from './expectations.ts';
import { type Bench, testCtx } from './target.ts';

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
    it('proves an RRset absent', async () => {
      const name = bench().srvName();
      assert.equal(await bench().read({ name, type: 'SRV' }), null);
      assert.equal(await bench().read({ name, type: 'TXT' }), null);
    });

    it('answers many keys in their order', async () => {
      const { provider, zone, target } = bench();
      const names = Array.from({ length: 40 }, () => bench().txtName());
      const odd = names.filter((_, index) => index % 2 === 1);
      await Promise.all(odd.map((name) => target.write({ name, type: 'TXT', ttl: 60, values: [name] })));
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

async function find({ provider, target }: Bench, prefix: string): Promise<string | null> {
  const zone = await provider.findZone(parseDomainName(`${prefix}${target.zone}`), testCtx());
  return zone?.name ?? null;
}
