import assert from 'node:assert/strict';
import { createMemory } from '../../../providers/memory/index.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { DelegatedError } from '../../../src/errors.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { testCtx, txt } from '../../conformance/target.ts';

const NAME = parseDomainName('example.test');
const ZONE = { id: NAME, name: NAME };
const RRSET = txt(parseDomainName('_acme-challenge.example.test'), ['value']);
const CREATE = { op: 'put', rrset: RRSET, expect: 'absent' } as const;

describe('the memory provider', () => {
  it('tells whether anything is different after an apply', async () => {
    const memory = createMemory({ zones: [NAME] });
    const add = { op: 'add', name: RRSET.name, type: 'TXT', ttl: 60, values: ['value'] } as const;
    assert.deepEqual(await memory.apply(ZONE, [add], testCtx()), { changed: true });
    assert.deepEqual(await memory.apply(ZONE, [{ ...add, ttl: 5 }], testCtx()), { changed: false });
    assert.deepEqual(await memory.apply(ZONE, [{ ...add, op: 'remove' }], testCtx()), { changed: true });
  });

  it('fails where a test tells it to, and changes nothing then', async () => {
    const memory = createMemory({
      zones: [NAME],
      before: (call) => {
        if (call === 'apply') throw new DelegatedError('E_PROVIDER_UNAVAILABLE', 'out of order');
      },
    });
    await assertRefused(memory.apply(ZONE, [CREATE], testCtx()), 'E_PROVIDER_UNAVAILABLE');
    assert.deepEqual(await memory.readRRsets(ZONE, [RRSET], testCtx()), [null]);
  });

  it('without compare-and-swap overwrites unseen', async () => {
    const memory = createMemory({ zones: [NAME], promises: { cas: 'none' } });
    memory.write(txt(RRSET.name, ['theirs']));
    await memory.apply(ZONE, [CREATE], testCtx());
    assert.deepEqual(memory.snapshot(), ['_acme-challenge.example.test. 60 IN TXT "value"']);
  });

  it('that promises whole RRsets only keeps what came before a failure, and says so', async () => {
    const memory = createMemory({ zones: [NAME], promises: { atomic: 'rrset' } });
    const error = await assertRefused(memory.apply(ZONE, [CREATE, CREATE], testCtx()), 'E_PROVIDER_CONFLICT');
    assert.equal(error.outcome, 'partial');
    assert.equal(memory.snapshot().length, 1);
  });
});
