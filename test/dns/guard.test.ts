import assert from 'node:assert/strict';
import { type DomainName, ROOT, parseDomainName } from '../../src/dns/domain-name.ts';
import { type TargetFact, guard, targetsToExamine } from '../../src/dns/guard.ts';
import { ownershipMark } from '../../src/dns/ownership.ts';
import { type PlannedRecord, planRecord } from '../../src/dns/plan.ts';
import type { RRset, SrvData, SrvRRset } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import { srv, txt } from '../conformance/target.ts';

const FED = parseDomainName('_matrix-fed._tcp.example.org');
const LEGACY = parseDomainName('_matrix._tcp.example.org');
const TARGET = parseDomainName('matrix.example.org');
const DATA = { priority: 10, weight: 5, port: 8448, target: TARGET };
const SILENCE = new DelegatedError('E_DNS_UNANSWERED', 'nobody could answer');

const GOOD: TargetFact = { kind: 'addresses', addresses: ['203.0.113.5'] };
const UNKNOWN: TargetFact = { kind: 'unknown', error: SILENCE };

function step(name: DomainName, wanted: SrvRRset | null, before: RRset | null, ours = true): PlannedRecord {
  const mark = ours ? txt(name, [ownershipMark('us')]) : null;
  const planned = planRecord(
    { name, wanted, srv: before, txt: mark },
    { owner: 'us', adopt: false, byHand: false },
  );
  assert.ok(planned !== null);
  return planned;
}

function judge(plan: readonly PlannedRecord[], fact: TargetFact = GOOD): string[] {
  return guard(plan, new Map([[TARGET, fact]])).map(({ action, changes, refusal }) => {
    if (action === 'refuse') assert.deepEqual(changes, [], 'what is refused changes nothing');
    return refusal === undefined ? action : `${action} ${refusal.code}`;
  });
}

const creation = (value: SrvData = DATA): PlannedRecord => step(FED, srv(FED, [value]), null);
const kept = step(FED, srv(FED, [DATA]), srv(FED, [DATA]));

describe('the guard', () => {
  it('lets a record through whose targets have addresses', () => {
    assert.deepEqual(judge([creation()]), ['create']);
  });

  it('refuses a target that is an alias, and says what to use instead', () => {
    const alias: TargetFact = { kind: 'alias', target: parseDomainName('host.example.net') };
    assert.deepEqual(judge([creation()], alias), ['refuse E_TARGET_CNAME']);
    const [refused] = guard([creation()], new Map([[TARGET, alias]]));
    assert.match(refused?.refusal?.hint ?? '', /use host\.example\.net\. as the target/);
  });

  it('refuses a target without any address, which may get one by itself', () => {
    assert.deepEqual(judge([creation()], { kind: 'none' }), ['refuse E_TARGET_ADDRESS']);
    const [refused] = guard([creation()], new Map([[TARGET, { kind: 'none' }]]));
    assert.deepEqual(refused?.refusal?.retry, { kind: 'backoff' });
  });

  it('refuses to write what nobody could tell, and lets stand what is there already', () => {
    assert.deepEqual(judge([creation()], UNKNOWN), ['refuse E_DNS_UNANSWERED']);
    assert.deepEqual(judge([kept], UNKNOWN), ['keep']);
  });

  it('asks only for the targets of what would be written, each once', () => {
    const legacy = step(LEGACY, srv(LEGACY, [DATA]), null);
    assert.deepEqual(targetsToExamine([creation(), legacy]), [TARGET]);
    assert.deepEqual(targetsToExamine([kept]), []);
  });

  it('refuses to say that there is no service, and to say nothing at all', () => {
    assert.deepEqual(judge([creation({ ...DATA, target: ROOT })]), ['refuse E_WOULD_EMPTY']);
    assert.deepEqual(judge([step(FED, srv(FED, []), srv(FED, [DATA]))]), ['refuse E_WOULD_EMPTY']);
  });

  it('takes a record away only while another of the same server stands', () => {
    const legacyGoes = step(LEGACY, null, srv(LEGACY, [DATA]));
    const fedGoes = step(FED, null, srv(FED, [DATA]));
    assert.deepEqual(judge([kept, legacyGoes]), ['keep', 'delete']);
    assert.deepEqual(judge([creation(), legacyGoes]), ['create', 'delete']);
    assert.deepEqual(judge([fedGoes]), ['refuse E_WOULD_EMPTY']);
    assert.deepEqual(judge([fedGoes, legacyGoes]), ['refuse E_WOULD_EMPTY', 'refuse E_WOULD_EMPTY']);
  });

  it('takes no record away beside one that it refused to write', () => {
    const legacyGoes = step(LEGACY, null, srv(LEGACY, [DATA]));
    assert.deepEqual(judge([creation(), legacyGoes], { kind: 'none' }), [
      'refuse E_TARGET_ADDRESS',
      'refuse E_WOULD_EMPTY',
    ]);
  });

  it('lets an orphan of a mark go: no live record goes with it', () => {
    assert.deepEqual(judge([step(FED, null, null)]), ['delete']);
  });
});
