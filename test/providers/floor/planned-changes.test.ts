import assert from 'node:assert/strict';
import { plannedChanges, touchedKeys } from '../../../providers/floor/planned-changes.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { DelegatedError } from '../../../src/errors.ts';
import type { Change, RRset } from '../../../src/provider.ts';

const ZONE = { id: 'z', name: parseDomainName('example.test') };
const NAME = parseDomainName('_acme-challenge.example.test');
const txt = (...values: readonly string[]): RRset => ({ name: NAME, type: 'TXT', ttl: 60, values });
const plan = (current: RRset | null, ...changes: readonly Change[]): ReturnType<typeof plannedChanges> =>
  plannedChanges(touchedKeys(ZONE, changes), [current], changes);
const values = (op: 'add' | 'remove', ...list: readonly string[]): Change => ({
  op,
  name: NAME,
  type: 'TXT',
  ttl: 300,
  values: list,
});

describe('planned changes', () => {
  it('leave out what makes no difference', () => {
    assert.deepEqual(plan(txt('a'), values('add', 'a'), values('remove', 'b')), []);
    assert.deepEqual(plan(null, values('remove', 'b')), []);
    assert.deepEqual(plan(txt('a'), { op: 'put', rrset: txt('a'), expect: txt('a') }), []);
  });

  it('build upon each other when they touch the same RRset', () => {
    const [only, ...others] = plan(txt('a'), values('add', 'b'), values('remove', 'a'));
    assert.deepEqual(others, []);
    assert.deepEqual([only?.before, only?.after], [txt('a'), txt('b')]);
  });

  it('keep the TTL of an RRset that is there, and take the given one for a new one', () => {
    assert.equal(plan(txt('a'), values('add', 'b'))[0]?.after?.ttl, 60);
    assert.equal(plan(null, values('add', 'b'))[0]?.after?.ttl, 300);
  });

  it('take an RRset away with its last value', () => {
    assert.equal(plan(txt('a'), values('remove', 'a'))[0]?.after, null);
  });

  it('refuse to replace or delete what is not as it was read', () => {
    const stale: readonly (readonly [RRset | null, Change])[] = [
      [txt('a'), { op: 'put', rrset: txt('b'), expect: 'absent' }],
      [null, { op: 'put', rrset: txt('b'), expect: txt('a') }],
      [txt('x'), { op: 'put', rrset: txt('b'), expect: txt('a') }],
      [
        { ...txt('a'), ttl: 61 },
        { op: 'delete', rrset: txt('a') },
      ],
    ];
    for (const [current, change] of stale)
      assert.throws(
        () => plan(current, change),
        (error) => error instanceof DelegatedError && error.code === 'E_PROVIDER_CONFLICT',
      );
  });

  it('never leave the zone', () => {
    const name = parseDomainName('notexample.test');
    const outside: Change = { op: 'add', name, type: 'TXT', ttl: 60, values: ['a'] };
    assert.throws(
      () => touchedKeys(ZONE, [outside]),
      (error) => error instanceof DelegatedError && error.code === 'E_ZONE_NOT_FOUND',
    );
  });
});
