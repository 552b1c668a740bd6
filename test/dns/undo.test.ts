import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { ownershipMark } from '../../src/dns/ownership.ts';
import { planRecord } from '../../src/dns/plan.ts';
import type { SrvRRset, TxtRRset } from '../../src/dns/rrset.ts';
import { isThere, undo, writtenBy } from '../../src/dns/undo.ts';
import { createMemory } from '../../providers/memory/index.ts';
import { SILENT } from '../support/fake-ports.ts';

const ZONE = parseDomainName('example.org');
const NAME = parseDomainName('_matrix-fed._tcp.example.org');
const CTX = { signal: new AbortController().signal, log: SILENT, changeId: 'test' };

function srv(port: number, ttl = 300): SrvRRset {
  return { name: NAME, type: 'SRV', ttl, values: [{ priority: 10, weight: 0, port, target: ZONE }] };
}

function marks(owners: readonly string[]): TxtRRset {
  return { name: NAME, type: 'TXT', ttl: 300, values: owners.map(ownershipMark) };
}

describe('a change that is taken back', () => {
  it('leaves everything as it was, whatever that was', async () => {
    const before = fc.record({
      port: fc.option(fc.constantFrom(443, 8448)),
      owners: fc.uniqueArray(fc.constantFrom('us', 'them', 'others'), { maxLength: 3 }),
      wanted: fc.option(fc.constantFrom(443, 8448)),
      adopt: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(before, async ({ port, owners, wanted, adopt }) => {
        const memory = createMemory({ zones: [ZONE] });
        const zone = { id: ZONE, name: ZONE };
        if (port !== null) memory.write(srv(port));
        if (owners.length > 0) memory.write(marks(owners));
        const snapshot = memory.snapshot();
        const keys = [{ name: NAME, type: 'SRV' } as const, { name: NAME, type: 'TXT' } as const];
        const [first = null, txt = null] = await memory.readRRsets(zone, keys, CTX);
        const sight = { name: NAME, wanted: wanted === null ? null : srv(wanted, 60), srv: first, txt };
        const step = planRecord(sight, { owner: 'us', adopt, byHand: false });
        const [written] = writtenBy(step === null ? [] : [step]);
        if (step === null || written === undefined) return;
        await memory.apply(zone, step.changes, CTX);
        const [current = null] = await memory.readRRsets(zone, keys, CTX);
        assert.ok(isThere(written.after, current));
        const back = undo(written, current);
        assert.ok(back !== null);
        await memory.apply(zone, back.changes, CTX);
        assert.deepEqual(memory.snapshot(), snapshot);
      }),
    );
  });

  it('is left alone where something else stands by now', () => {
    const written = { name: NAME, before: srv(443), after: srv(8448), marks: [] };
    assert.equal(undo(written, srv(8449)), null);
    assert.equal(undo(written, { ...srv(8448), ttl: 60 }), null);
    assert.equal(undo(written, null), null);
    assert.equal(undo({ ...written, after: null }, srv(8448)), null);
  });
});
