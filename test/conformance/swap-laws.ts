import assert from 'node:assert/strict';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import type { Change, DomainName, SrvData } from '../../src/provider.ts';
import { assertRRset, assertRefused, rejection } from './expectations.ts';
import { type Bench, digest, testCtx } from './target.ts';

const OURS: SrvData = { priority: 10, weight: 5, port: 8448, target: parseDomainName('ours.example.net') };
const THEIRS: SrvData = {
  priority: 10,
  weight: 5,
  port: 8448,
  target: parseDomainName('theirs.example.net'),
};
const LATER: SrvData = { priority: 10, weight: 5, port: 8448, target: parseDomainName('later.example.net') };

export function swapLaws(bench: () => Bench): void {
  const srv: Bench['srv'] = (...of) => bench().srv(...of);
  const apply = (...changes: readonly Change[]): Promise<unknown> =>
    bench().provider.apply(bench().zone, changes, testCtx());
  const add = (name: DomainName, ...values: readonly string[]): Change => ({
    op: 'add',
    name,
    type: 'TXT',
    ttl: bench().ttls.low,
    values,
  });
  const cas = (): string => bench().provider.capabilities.cas;

  describe('compare-and-swap', () => {
    it('does not create what somebody else has created meanwhile', async function () {
      if (cas() === 'none') this.skip();
      const theirs = srv(bench().srvName(), [THEIRS]);
      await bench().target.write(theirs);
      const error = await assertRefused(
        apply({ op: 'put', rrset: srv(theirs.name, [OURS]), expect: 'absent' }),
        'E_PROVIDER_CONFLICT',
      );
      assert.equal(error.outcome, 'not-applied');
      assertRRset(await bench().read(theirs), theirs);
    });

    it('lets one of two creators win', async function () {
      if (cas() === 'none') this.skip();
      const name = bench().srvName();
      const race = [OURS, THEIRS].map((value) =>
        apply({ op: 'put', rrset: srv(name, [value]), expect: 'absent' }),
      );
      const results = await Promise.allSettled(race);
      assert.deepEqual(results.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
      const winner = results[0]?.status === 'fulfilled' ? OURS : THEIRS;
      assertRRset(await bench().read({ name, type: 'SRV' }), srv(name, [winner]));
    });

    it('does not replace what was changed after it was read', async function () {
      if (cas() !== 'full') this.skip();
      const name = bench().srvName();
      const [ours, theirs] = [srv(name, [OURS]), srv(name, [OURS, THEIRS])];
      await apply({ op: 'put', rrset: ours, expect: 'absent' });
      const seen = await bench().read(ours);
      assert.ok(seen !== null);
      await bench().target.write(theirs);
      await assertRefused(
        apply({ op: 'put', rrset: srv(name, [LATER]), expect: seen }),
        'E_PROVIDER_CONFLICT',
      );
      assertRRset(await bench().read(ours), theirs);
    });

    it('does not replace what was deleted after it was read', async function () {
      if (cas() !== 'full') this.skip();
      const ours = srv(bench().srvName(), [OURS]);
      await bench().target.write(ours);
      const seen = await bench().read(ours);
      assert.ok(seen !== null);
      await bench().target.erase(ours);
      await assertRefused(
        apply({ op: 'put', rrset: srv(ours.name, [LATER]), expect: seen }),
        'E_PROVIDER_CONFLICT',
      );
      assert.equal(await bench().read(ours), null);
    });

    it('does not delete what was changed after it was read', async function () {
      if (cas() !== 'full') this.skip();
      const ours = srv(bench().srvName(), [OURS]);
      await bench().target.write(ours);
      const seen = await bench().read(ours);
      assert.ok(seen !== null);
      const theirs = srv(ours.name, [THEIRS]);
      await bench().target.write(theirs);
      await assertRefused(apply({ op: 'delete', rrset: seen }), 'E_PROVIDER_CONFLICT');
      assertRRset(await bench().read(ours), theirs);
    });
  });

  describe('one apply', () => {
    it('of several values makes them all', async () => {
      const [first, second] = [bench().txtName(), bench().txtName()];
      await apply(add(first, digest('a'), digest('b')), add(second, digest('c')));
      assert.deepEqual(await bench().texts(first), [digest('a'), digest('b')].sort());
      assert.deepEqual(await bench().texts(second), [digest('c')]);
    });

    it('of several changes makes them all', async function () {
      if (!bench().provider.capabilities.types.includes('SRV')) this.skip();
      const [name, challenge] = [bench().srvName(), bench().txtName()];
      await apply(
        { op: 'put', rrset: srv(name, [OURS]), expect: 'absent' },
        { op: 'add', name: challenge, type: 'TXT', ttl: bench().ttls.low, values: ['value'] },
      );
      assertRRset(await bench().read({ name, type: 'SRV' }), srv(name, [OURS]));
      assertRRset(await bench().read({ name: challenge, type: 'TXT' }), bench().txt(challenge, ['value']));
    });

    it('of no change changes nothing', async () => {
      assert.deepEqual(await apply(), { changed: false });
    });

    it('of a good and a bad change makes none', async function () {
      const { atomic } = bench().provider.capabilities;
      if (atomic !== 'changes' || cas() === 'none') this.skip();
      const before = srv(bench().srvName(), [THEIRS]);
      await bench().target.write(before);
      const snapshot = await bench().target.snapshot();
      const good: Change = { op: 'put', rrset: srv(bench().srvName(), [OURS]), expect: 'absent' };
      const value = add(bench().txtName(), 'x');
      const bad: Change = { op: 'put', rrset: srv(before.name, [OURS]), expect: 'absent' };
      await assertRefused(apply(good, value, bad), 'E_PROVIDER_CONFLICT');
      assert.deepEqual(await bench().target.snapshot(), snapshot);
    });

    it('never writes beside a CNAME', async function () {
      // Who cannot read does not see it either; a program or a server behind it may.
      if (!bench().provider.capabilities.reads) this.skip();
      const name = bench().txtName();
      await bench().target.alias(name, parseDomainName('elsewhere.example.net'));
      const snapshot = await bench().target.snapshot();
      const error = await rejection(apply(add(name, digest('x'))));
      assert.equal(error.code, 'E_RECORD_CNAME', error.message);
      assert.deepEqual(await bench().target.snapshot(), snapshot);
    });

    it('never writes outside its zone', async () => {
      const name = parseDomainName('_acme-challenge.nobody.invalid');
      const before = await bench().target.snapshot();
      await rejection(apply(add(name, digest('x'))));
      assert.deepEqual(await bench().target.snapshot(), before);
    });
  });
}
