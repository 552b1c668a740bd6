import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { type DomainName, parseDomainName } from '../../src/dns/domain-name.ts';
import { mayOrder } from '../../src/schedule/ledger.ts';
import type { LedgerEntry } from '../../src/schedule/state.ts';

const HOUR = 3600 * 1000;
const DAY = 24 * HOUR;
const NOW = new Date('2026-11-24T12:00:00Z');
const CA = 'https://ca.example/directory';
const A = parseDomainName('a.example.org');
const B = parseDomainName('b.example.org');
const question = { ca: CA, names: [A, B], now: NOW };

const entry = (ageMs: number, over: Partial<LedgerEntry> = {}): LedgerEntry => ({
  at: new Date(NOW.getTime() - ageMs),
  ca: CA,
  names: [A, B],
  ...over,
});

const ages = fc.integer({ min: -DAY, max: 9 * DAY });
const entries = fc.array(
  fc.record({
    at: ages.map((age) => new Date(NOW.getTime() - age)),
    ca: fc.constantFrom(CA, 'https://other.example/directory'),
    names: fc.constantFrom<readonly DomainName[]>([A, B], [B, A], [A]),
  }),
  { maxLength: 12 },
);

describe('the ledger of orders', () => {
  it('allows the first order and the second one', () => {
    assert.deepEqual(mayOrder([], question), { allowed: true });
    assert.deepEqual(mayOrder([entry(HOUR)], question), { allowed: true });
  });

  it('refuses the third one in 24 hours, until the older of the two is a day old', () => {
    assert.deepEqual(mayOrder([entry(HOUR), entry(2 * HOUR)], question), {
      allowed: false,
      retryAt: new Date(NOW.getTime() + 22 * HOUR),
    });
    assert.deepEqual(mayOrder([entry(HOUR), entry(DAY)], question), { allowed: true });
  });

  it('refuses the fifth one in 7 days', () => {
    const four = [6.5, 5, 3, 2].map((days) => entry(days * DAY));
    assert.deepEqual(mayOrder(four, question), {
      allowed: false,
      retryAt: new Date(NOW.getTime() + DAY / 2),
    });
  });

  it('counts per CA and per set of names, whatever their order', () => {
    const others = [entry(HOUR, { names: [A] }), entry(HOUR, { ca: 'https://other.example/directory' })];
    assert.deepEqual(mayOrder([...others, ...others], question), { allowed: true });
    const reversed = [entry(HOUR, { names: [B, A] }), entry(HOUR, { names: [A, B] })];
    assert.equal(mayOrder(reversed, question).allowed, false);
  });

  it('counts an entry of the future as made just now', () => {
    assert.deepEqual(mayOrder([entry(-40 * DAY), entry(-40 * DAY)], question), {
      allowed: false,
      retryAt: new Date(NOW.getTime() + DAY),
    });
  });

  it('never allows what it refused because of one more entry, or of another order of them', () => {
    fc.assert(
      fc.property(entries, entries, (some, more) => {
        if (!mayOrder(some, question).allowed)
          assert.equal(mayOrder([...more, ...some], question).allowed, false);
        assert.deepEqual(mayOrder(some, question), mayOrder(some.toReversed(), question));
      }),
    );
  });

  it('never allows sooner because the clock was set back', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 0, max: 30 * DAY }), (some, back) => {
        const past = { ...question, now: new Date(NOW.getTime() - back) };
        const hadBeen = some.filter(({ at }) => at <= NOW);
        if (!mayOrder(hadBeen, question).allowed) assert.equal(mayOrder(hadBeen, past).allowed, false);
      }),
    );
  });

  it('allows at the moment that it named, and a millisecond before it does not', () => {
    fc.assert(
      fc.property(entries, (some) => {
        const past = some.filter(({ at }) => at <= NOW);
        const answer = mayOrder(past, question);
        if (answer.allowed) return;
        assert.ok(answer.retryAt > NOW);
        const justBefore = new Date(answer.retryAt.getTime() - 1);
        assert.deepEqual(mayOrder(past, { ...question, now: answer.retryAt }), { allowed: true });
        assert.equal(mayOrder(past, { ...question, now: justBefore }).allowed, false);
      }),
    );
  });

  it('lets a loop that asks as often as it can order 2 times in any day and 4 times in any 7 days', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10 * HOUR }), { maxLength: 200 }), (steps) => {
        const ordered: LedgerEntry[] = [];
        let now = NOW.getTime();
        for (const step of steps) {
          now += step;
          const at = new Date(now);
          if (mayOrder(ordered, { ...question, now: at }).allowed)
            ordered.push({ at, ca: CA, names: [A, B] });
        }
        const times = ordered.map(({ at }) => at.getTime());
        for (const [index, time] of times.entries()) {
          assert.ok((times[index + 2] ?? Infinity) - time >= DAY);
          assert.ok((times[index + 4] ?? Infinity) - time >= 7 * DAY);
        }
      }),
    );
  });
});
