import assert from 'node:assert/strict';
import { textValues, writeInTurn } from '../../../providers/floor/text-values.ts';
import { parseDomainName, under } from '../../../src/dns/domain-name.ts';
import { DelegatedError, type Outcome } from '../../../src/errors.ts';
import type { Change } from '../../../src/provider.ts';
import { rejection } from '../../conformance/expectations.ts';
import { txt } from '../../conformance/target.ts';

const NAME = parseDomainName('example.test');
const ZONE = { id: 'zone', name: NAME };

function refuse(code: 'E_PROVIDER_UNSUPPORTED' | 'E_ZONE_NOT_FOUND', ...changes: readonly Change[]): void {
  assert.throws(() => textValues(ZONE, changes, 'somebody'), { code });
}

const outcomeAt = async (failing: number, outcome: Outcome): Promise<readonly [Outcome, number]> => {
  let written = 0;
  const work = writeInTurn([0, 1, 2], async (index) => {
    if (index === failing) throw new DelegatedError('E_PROVIDER_FORBIDDEN', 'no', { outcome, hint: 'ask' });
    written += 1;
  });
  const error = await rejection(work);
  assert.deepEqual([error.code, error.hint], ['E_PROVIDER_FORBIDDEN', 'ask']);
  return [error.outcome, written];
};

describe('the values of changes', () => {
  const add: Change = { op: 'add', name: under('a', NAME), type: 'TXT', ttl: 60, values: ['one', 'two'] };

  it('come in their order, each with its name', () => {
    const remove: Change = { ...add, op: 'remove', name: NAME, values: ['three'] };
    assert.deepEqual(textValues(ZONE, [add, remove], 'somebody'), [
      { op: 'add', name: add.name, value: 'one' },
      { op: 'add', name: add.name, value: 'two' },
      { op: 'remove', name: NAME, value: 'three' },
    ]);
  });

  it('are none where one change is more than values, or lies elsewhere', () => {
    refuse('E_PROVIDER_UNSUPPORTED', add, { op: 'delete', rrset: txt(NAME, ['x']) });
    refuse('E_PROVIDER_UNSUPPORTED', add, { op: 'put', rrset: txt(NAME, ['x']), expect: 'absent' });
    refuse('E_ZONE_NOT_FOUND', add, { ...add, name: parseDomainName('notexample.test') });
  });
});

describe('writing in turn', () => {
  it('stops at the first failure, which is partial when others are done', async () => {
    assert.deepEqual(await outcomeAt(0, 'not-applied'), ['not-applied', 0]);
    assert.deepEqual(await outcomeAt(1, 'not-applied'), ['partial', 1]);
    assert.deepEqual(await outcomeAt(2, 'unknown'), ['unknown', 2]);
  });
});
