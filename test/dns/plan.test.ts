import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createMemory } from '../../providers/memory/index.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { ownershipMark } from '../../src/dns/ownership.ts';
import { type PlannedRecord, planRecord } from '../../src/dns/plan.ts';
import type { RRset, SrvRRset, TxtRRset } from '../../src/dns/rrset.ts';
import { srv, testCtx, txt } from '../conformance/target.ts';

const ZONE = parseDomainName('example.org');
const NAME = parseDomainName('_matrix-fed._tcp.example.org');
const DATA = { priority: 10, weight: 5, port: 8448, target: parseDomainName('matrix.example.org') };
const WANTED = srv(NAME, [DATA], 3600);
const OTHER = srv(NAME, [{ ...DATA, port: 443 }], 3600);
const OURS = txt(NAME, [ownershipMark('us')], 3600);
const THEIRS = txt(NAME, [ownershipMark('them')], 3600);
const BOTH = txt(NAME, [ownershipMark('us'), ownershipMark('them')], 3600);
const NOTE = txt(NAME, ['v=something else'], 3600);

interface Seen {
  readonly wanted?: SrvRRset | null;
  readonly srv?: RRset | null;
  readonly txt?: RRset | null;
  readonly adopt?: boolean;
  readonly byHand?: boolean;
}

function plan({ wanted = WANTED, srv = null, txt = null, ...how }: Seen): PlannedRecord | null {
  return planRecord({ name: NAME, wanted, srv, txt }, { owner: 'us', adopt: false, byHand: false, ...how });
}

const mark = (op: 'add' | 'remove', ...owners: readonly string[]): unknown => ({
  op,
  name: NAME,
  type: 'TXT',
  ttl: 3600,
  values: owners.map(ownershipMark),
});

describe('the plan for a wanted record', () => {
  it('creates it with our mark beside it, where nothing stands', () => {
    const step = plan({});
    assert.equal(step?.action, 'create');
    assert.deepEqual(step.changes, [{ op: 'put', rrset: WANTED, expect: 'absent' }, mark('add', 'us')]);
  });

  it('creates it beside the TXT values of others, which are nobody’s mark', () => {
    assert.equal(plan({ txt: NOTE })?.action, 'create');
  });

  it('marks it no second time, where an earlier run put the mark and not the record', () => {
    assert.deepEqual(plan({ txt: OURS })?.changes, [{ op: 'put', rrset: WANTED, expect: 'absent' }]);
  });

  it('updates ours, saying what it saw', () => {
    const step = plan({ srv: OTHER, txt: OURS });
    assert.equal(step?.action, 'update');
    assert.deepEqual(step.changes, [{ op: 'put', rrset: WANTED, expect: OTHER }]);
  });

  it('updates ours for the TTL alone', () => {
    const step = plan({ srv: { ...WANTED, ttl: 60 }, txt: OURS });
    assert.equal(step?.action, 'update');
    assert.equal(step.changes.length, 1);
  });

  it('keeps what is as wanted, and says so when it is not ours', () => {
    assert.deepEqual(plan({ srv: WANTED, txt: OURS }), {
      name: NAME,
      action: 'keep',
      before: WANTED,
      after: WANTED,
      changes: [],
    });
    for (const seen of [null, NOTE, THEIRS, BOTH]) {
      const step = plan({ srv: WANTED, txt: seen });
      assert.deepEqual([step?.action, step?.foreign, step?.changes], ['keep', true, []]);
    }
  });

  it('refuses to touch another record without our mark, naming both', () => {
    for (const seen of [null, NOTE]) {
      const step = plan({ srv: OTHER, txt: seen });
      assert.equal(step?.action, 'refuse');
      assert.deepEqual(step.changes, []);
      assert.equal(step.refusal?.code, 'E_RECORD_FOREIGN');
      assert.match(step.refusal.message, /"3600 10 5 443 matrix.*"3600 10 5 8448 matrix/);
      assert.match(step.refusal.hint ?? '', /delegated adopt/);
    }
  });

  it('refuses where the mark of another installation stands, even beside ours or alone', () => {
    for (const seen of [
      { srv: OTHER, txt: THEIRS },
      { srv: OTHER, txt: BOTH },
      { srv: null, txt: THEIRS },
    ]) {
      const step = plan(seen);
      assert.equal(step?.action, 'refuse');
      assert.match(step.refusal?.message ?? '', /mark of another installation, them/);
    }
  });
});

describe('the plan to adopt', () => {
  it('replaces the record and the mark of the other installation', () => {
    const step = plan({ srv: OTHER, txt: THEIRS, adopt: true });
    assert.equal(step?.action, 'update');
    assert.deepEqual(step.changes, [
      { op: 'put', rrset: WANTED, expect: OTHER },
      mark('add', 'us'),
      mark('remove', 'them'),
    ]);
  });

  it('only marks a record that is as wanted', () => {
    assert.deepEqual(plan({ srv: WANTED, adopt: true })?.changes, [mark('add', 'us')]);
  });

  it('leaves ours alone', () => {
    assert.equal(plan({ srv: WANTED, txt: OURS, adopt: true })?.action, 'keep');
  });
});

describe('the plan for a record that is not wanted', () => {
  it('deletes exactly what it saw, with our mark, where the mark is ours alone', () => {
    const step = plan({ wanted: null, srv: OTHER, txt: OURS });
    assert.equal(step?.action, 'delete');
    assert.deepEqual(step.changes, [
      { op: 'delete', rrset: OTHER },
      { op: 'remove', name: NAME, type: 'TXT', ttl: 3600, values: [ownershipMark('us')] },
    ]);
  });

  it('takes away an orphan of a mark', () => {
    assert.deepEqual(
      plan({ wanted: null, txt: OURS })?.changes.map(({ op }) => op),
      ['remove'],
    );
  });

  it('is none at all where the record is not ours', () => {
    for (const seen of [null, NOTE, THEIRS, BOTH])
      assert.equal(plan({ wanted: null, srv: OTHER, txt: seen }), null);
    assert.equal(plan({ wanted: null }), null);
  });
});

const data = fc.record({
  priority: fc.integer({ min: 0, max: 2 }),
  weight: fc.integer({ min: 0, max: 2 }),
  port: fc.constantFrom(443, 8448),
  target: fc.constantFrom('a.example.org', 'b.example.org').map(parseDomainName),
});
const values = fc.uniqueArray(data, { minLength: 1, maxLength: 3, selector: (each) => JSON.stringify(each) });
const records = fc
  .tuple(values, fc.constantFrom(60, 3600))
  .map(([each, ttl]): SrvRRset => srv(NAME, each, ttl));
const marks = fc
  .subarray(['v=something else', ownershipMark('us'), ownershipMark('them')], { minLength: 1 })
  .map((each): TxtRRset => txt(NAME, each, 3600));

describe('the plan for a person', () => {
  it('asks for no mark and minds no TTL', () => {
    assert.deepEqual(plan({ byHand: true })?.changes, [{ op: 'put', rrset: WANTED, expect: 'absent' }]);
    const kept = plan({ byHand: true, srv: { ...WANTED, ttl: 300 } });
    assert.deepEqual([kept?.action, kept?.foreign, kept?.after?.ttl], ['keep', undefined, 300]);
  });

  it('asks for what differs, whoever made it', () => {
    const step = plan({ byHand: true, srv: OTHER, txt: THEIRS });
    assert.deepEqual(step?.changes, [{ op: 'put', rrset: WANTED, expect: OTHER }]);
  });

  it('knows of nothing that it would have removed', () => {
    assert.equal(plan({ byHand: true, wanted: null, srv: OTHER, txt: OURS }), null);
  });
});

describe('a second plan', () => {
  it('is empty, whatever stood there and whatever is wanted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.option(records),
        fc.option(records),
        fc.option(marks),
        fc.boolean(),
        async (wanted, before, txtBefore, adopt) => {
          const provider = createMemory({ zones: [ZONE] });
          for (const rrset of [before, txtBefore]) if (rrset !== null) provider.write(rrset);
          const planNow = async (): Promise<PlannedRecord | null> => {
            const keys = [{ name: NAME, type: 'SRV' } as const, { name: NAME, type: 'TXT' } as const];
            const [srv = null, txt = null] = await provider.readRRsets(zone, keys, testCtx());
            return plan({ wanted, srv, txt, adopt });
          };
          const zone = { id: ZONE, name: ZONE };
          const first = await planNow();
          if (first !== null) await provider.apply(zone, first.changes, testCtx());
          const second = await planNow();
          assert.deepEqual(second?.changes ?? [], []);
          assert.equal(second?.action ?? 'keep', first?.action === 'refuse' ? 'refuse' : 'keep');
          const others = provider.snapshot().filter((line) => line.includes('v=something else'));
          assert.equal(others.length, txtBefore?.values.includes('v=something else') === true ? 1 : 0);
        },
      ),
    );
  });

  it('never changes anything that is not ours, unless it was told to adopt', () => {
    fc.assert(
      fc.property(fc.option(records), fc.option(records), fc.option(marks), (wanted, before, txtBefore) => {
        const step = plan({ wanted, srv: before, txt: txtBefore });
        const ours = txtBefore?.values.includes(ownershipMark('us')) === true;
        const theirs = txtBefore?.values.includes(ownershipMark('them')) === true;
        if (before !== null && (!ours || theirs)) assert.deepEqual(step?.changes ?? [], []);
      }),
    );
  });
});
