import assert from 'node:assert/strict';
import { ROOT, parseDomainName, under } from '../../src/dns/domain-name.ts';
import type { RRset, RRsetKey, SrvData, SrvRRset } from '../../src/provider.ts';
import { assertRRset } from './expectations.ts';
import { type Bench, testCtx } from './target.ts';

const FIRST: SrvData = { priority: 10, weight: 5, port: 8448, target: parseDomainName('a.example.net') };
const SECOND: SrvData = { priority: 20, weight: 0, port: 443, target: parseDomainName('b.example.net') };

export function srvLaws(bench: () => Bench): void {
  const srv: Bench['srv'] = (...of) => bench().srv(...of);
  /** Puts each in turn; what is read next is what was put, so that a second plan is empty, and nothing else moved. */
  async function through(...steps: readonly SrvRRset[]): Promise<void> {
    const { provider, zone, target } = bench();
    const read = (key: RRsetKey): Promise<RRset | null> => bench().read(key);
    const others = (key: RRsetKey): Promise<readonly string[]> => bench().others(key);
    const [first] = steps;
    assert.ok(first !== undefined);
    const neighbours = await others(first);
    let seen: RRset | null = null;
    for (const rrset of steps) {
      await provider.apply(zone, [{ op: 'put', rrset, expect: seen ?? 'absent' }], testCtx());
      seen = await read(rrset);
      assertRRset(seen, rrset);
      assert.deepEqual(await others(rrset), neighbours);
    }
    assert.ok(seen !== null);
    await provider.apply(zone, [{ op: 'delete', rrset: seen }], testCtx());
    assert.equal(await read(first), null);
    assert.deepEqual(await target.snapshot(), neighbours);
  }

  describe('SRV', () => {
    before(function () {
      if (!bench().provider.capabilities.types.includes('SRV')) this.skip();
    });

    it('is created and deleted', () => through(srv(bench().srvName(), [FIRST])));

    it('takes a second record and loses it again', async () => {
      const name = bench().srvName();
      await through(srv(name, [FIRST]), srv(name, [FIRST, SECOND]), srv(name, [SECOND]));
    });

    const fields: readonly Partial<SrvData>[] = [
      { priority: 11 },
      { weight: 6 },
      { port: 443 },
      { target: SECOND.target },
    ];
    for (const field of fields)
      it(`changes its ${Object.keys(field).join()}`, async () => {
        const name = bench().srvName();
        await through(srv(name, [FIRST, SECOND]), srv(name, [{ ...FIRST, ...field }, SECOND]));
      });

    it('changes its TTL only', async () => {
      const { usual, other } = bench().ttls;
      const name = bench().srvName();
      await through(srv(name, [FIRST, SECOND], usual), srv(name, [FIRST, SECOND], other));
    });

    it('takes the least and the greatest numbers', async () => {
      const { min, max } = bench().provider.capabilities.ttl;
      const name = bench().srvName();
      const least = { ...FIRST, priority: 0, weight: 0, port: 0 };
      const greatest = { ...FIRST, priority: 65535, weight: 65535, port: 65535 };
      await through(srv(name, [least], min), srv(name, [greatest], max), srv(name, [least, greatest], min));
    });

    it('takes the null target', () =>
      through(srv(bench().srvName(), [{ priority: 0, weight: 0, port: 0, target: ROOT }])));

    it('takes the longest name that may be, and a target of 253 octets', async () => {
      const { zone, target: of } = bench();
      const target = parseDomainName(labels(MAX_NAME_OCTETS));
      const head = '_matrix-fed._tcp.';
      const filler = labels((of.nameOctets ?? MAX_NAME_OCTETS) - head.length - zone.name.length);
      await through(srv(under(`${head}${filler}`, zone.name), [{ ...FIRST, target }]));
    });
  });
}

/** Without the trailing dot. */
const MAX_NAME_OCTETS = 253;

/** As many octets of labels, dots between them counted. */
function labels(octets: number): string {
  return octets <= 63
    ? 'n'.repeat(octets)
    : `${'n'.repeat(octets === 64 ? 31 : 62)}.${labels(octets - (octets === 64 ? 32 : 63))}`;
}
