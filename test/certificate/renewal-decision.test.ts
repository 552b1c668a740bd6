import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { CertificateFacts } from '../../src/certificate/facts.ts';
import {
  decideRenewal,
  drawOf,
  holdEndsAt,
  type RenewalQuestion,
  type RenewalSuggestion,
  windowKey,
} from '../../src/certificate/renewal-decision.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';

const DAY = 24 * 3600 * 1000;
const START = new Date('2026-01-01T00:00:00Z');
const A = parseDomainName('example.org');
const B = parseDomainName('matrix.example.org');

const certificate = (days: number, over: Partial<CertificateFacts> = {}): CertificateFacts => ({
  names: [A, B],
  serial: '01',
  authorityKeyId: 'A1',
  sha256: 'ab',
  issuer: 'CA',
  notBefore: START,
  notAfter: after(days),
  keyType: 'ec256',
  ...over,
});
const after = (days: number): Date => new Date(START.getTime() + days * DAY);
const ask = (over: Partial<RenewalQuestion> = {}): RenewalQuestion => ({
  current: certificate(90),
  wanted: { names: [B, A], keyType: 'ec256' },
  now: after(1),
  draw: 0,
  ...over,
});
const reasonFor = (over: Partial<RenewalQuestion>): string => {
  const decision = decideRenewal(ask(over));
  return decision.due ? decision.reason : 'not due';
};

const window = (from: number, to: number, over: Partial<RenewalSuggestion> = {}): RenewalSuggestion => ({
  start: after(from),
  end: after(to),
  draw: 0.5,
  ...over,
});
const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const lifetimes = fc.double({ min: 0.01, max: 400, noNaN: true });

describe('a renewal', () => {
  it('comes due with a third of the lifetime left', () => {
    const reason = 'a third of its lifetime is left then';
    assert.deepEqual(decideRenewal(ask()), { due: false, at: after(60), reason });
    assert.deepEqual(decideRenewal(ask({ now: new Date(after(60).getTime() - 1) })), {
      due: false,
      at: after(60),
      reason,
    });
    assert.match(reasonFor({ now: after(60) }), /due since 2026-03-02T00:00:00\.000Z/);
  });

  it('comes due with half of the lifetime left below ten days', () => {
    const half = { due: false, at: after(3), reason: 'half of its lifetime is left then' };
    assert.deepEqual(decideRenewal(ask({ current: certificate(6) })), half);
    const third = { due: false, at: after(8), reason: 'a third of its lifetime is left then' };
    assert.deepEqual(decideRenewal(ask({ current: certificate(12) })), third);
  });

  it('comes up to a fiftieth of the lifetime earlier, as the draw says', () => {
    assert.deepEqual(decideRenewal(ask({ current: certificate(100), draw: 0.5 })), {
      due: false,
      at: new Date(Math.floor(START.getTime() + (200 / 3 - 1) * DAY)),
      reason: 'a third of its lifetime is left then',
    });
  });

  it('is due at once without a certificate, with a broken, revoked or expired one', () => {
    assert.match(reasonFor({ current: null }), /the first one/);
    assert.match(reasonFor({ current: null, broken: 'privkey.pem is missing' }), /privkey\.pem is missing/);
    assert.match(reasonFor({ revoked: true }), /revoked/);
    assert.match(reasonFor({ now: after(90) }), /expired at 2026-04-01/);
  });

  it('is due when the names or the key type changed', () => {
    const more = { names: [A, B, parseDomainName('new.example.org')], keyType: 'ec256' } as const;
    assert.match(reasonFor({ wanted: more }), /lacks new\.example\.org$/);
    assert.match(reasonFor({ wanted: { names: [A], keyType: 'ec256' } }), /still has matrix\.example\.org$/);
    assert.match(reasonFor({ wanted: { names: [A, B], keyType: 'rsa2048' } }), /is ec256, wanted is rsa2048/);
    assert.match(reasonFor({ current: certificate(90, { keyType: null }) }), /never ordered/);
  });

  it('takes the names as a set', () => {
    assert.equal(reasonFor({ wanted: { names: [B, A, A], keyType: 'ec256' } }), 'not due');
  });

  it('is due for good once it was due, and exactly from the moment that was named before', () => {
    fc.assert(
      fc.property(lifetimes, draws, fc.double({ min: 0, max: 1, noNaN: true }), (days, draw, part) => {
        const current = certificate(days);
        const now = new Date(START.getTime() + Math.floor(part * days * DAY));
        const decision = decideRenewal(ask({ current, draw, now }));
        if (decision.due) {
          assert.equal(decideRenewal(ask({ current, draw, now: after(days * 2) })).due, true);
          return;
        }
        assert.ok(decision.at > now);
        assert.equal(decideRenewal(ask({ current, draw, now: decision.at })).due, true);
        const justBefore = new Date(decision.at.getTime() - 1);
        assert.equal(decideRenewal(ask({ current, draw, now: justBefore })).due, false);
      }),
    );
  });

  it('leaves a third to a half of the lifetime as the reserve, plus at most a fiftieth', () => {
    fc.assert(
      fc.property(lifetimes, draws, (days, draw) => {
        const current = certificate(days);
        const decision = decideRenewal(ask({ current, draw, now: START }));
        assert.ok(!decision.due);
        const lifetime = current.notAfter.getTime() - START.getTime();
        const left = current.notAfter.getTime() - decision.at.getTime();
        const reserve = lifetime < 10 * DAY ? lifetime / 2 : lifetime / 3;
        assert.ok(left >= reserve - 1 && left <= reserve + lifetime / 50 + 1);
      }),
    );
  });
});

describe('a renewal that the CA suggests', () => {
  it('comes at the moment that was drawn from the window, and says so', () => {
    const suggestion = window(40, 42, { explanationUrl: 'https://ca.example/why' });
    const reason =
      'the CA suggests to renew between 2026-02-10T00:00:00.000Z and 2026-02-12T00:00:00.000Z, and explains why at https://ca.example/why';
    assert.deepEqual(decideRenewal(ask({ suggestion })), { due: false, at: after(41), reason });
    assert.deepEqual(decideRenewal(ask({ suggestion, now: after(41) })), {
      due: true,
      reason,
      suggested: true,
    });
  });

  it('comes at once when the window is over', () => {
    assert.equal(decideRenewal(ask({ suggestion: window(-20, -10) })).due, true);
  });

  it('comes now when the next look would be too late', () => {
    const suggestion = window(40, 42);
    const almost = new Date(after(41).getTime() - DAY / 2);
    assert.equal(decideRenewal(ask({ suggestion, now: almost })).due, false);
    assert.equal(decideRenewal(ask({ suggestion, now: almost, nextLookMs: DAY / 2 - 1 })).due, false);
    assert.equal(decideRenewal(ask({ suggestion, now: almost, nextLookMs: DAY / 2 })).due, true);
  });

  it('never comes later than without the CA', () => {
    const decision = decideRenewal(ask({ suggestion: window(70, 80) }));
    assert.deepEqual(decision, {
      due: false,
      at: after(60),
      reason: 'a third of its lifetime is left then',
    });
    const day = fc.double({ min: -400, max: 400, noNaN: true });
    fc.assert(
      fc.property(lifetimes, draws, day, day, draws, (days, draw, from, length, windowDraw) => {
        const current = certificate(days);
        const suggestion = window(from, from + Math.abs(length) + 0.001, { draw: windowDraw });
        const without = decideRenewal(ask({ current, draw, now: START }));
        const decided = decideRenewal(ask({ current, draw, now: START, suggestion }));
        assert.ok(!without.due);
        assert.ok(decided.due || decided.at <= without.at);
      }),
    );
  });

  it('does not count for a certificate that is due for another reason', () => {
    const suggestion = window(70, 80);
    assert.match(reasonFor({ suggestion, revoked: true }), /revoked/);
    assert.match(reasonFor({ suggestion, now: after(91) }), /expired/);
    assert.match(reasonFor({ suggestion, now: after(61) }), /due since .*: a third of its lifetime is left$/);
  });

  it('is drawn once per window of a certificate', () => {
    const [first, moved] = [window(40, 42), window(40, 43)];
    const keys = [windowKey('a.b', first), windowKey('a.c', first), windowKey('a.b', moved)];
    assert.equal(new Set(keys.map((key) => drawOf('secret', key))).size, 3);
    assert.equal(windowKey('a.b', first), windowKey('a.b', window(40, 42, { draw: 0.1 })));
  });
});

describe('the draw of a certificate', () => {
  it('is the same every time, in [0, 1), and differs between installations', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (secret, sha256) => {
        const draw = drawOf(secret, sha256);
        assert.ok(draw >= 0 && draw < 1);
        assert.equal(drawOf(secret, sha256), draw);
        assert.notEqual(drawOf(`${secret}x`, sha256), draw);
      }),
    );
  });

  it('is uniform', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let n = 0; n < 10_000; n += 1) {
      const tenth = Math.floor(drawOf('secret', String(n)) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) assert.ok(count > 850 && count < 1150, String(tenths));
  });
});

describe('a hold on renewals', () => {
  const gone: RenewalSuggestion = { start: after(-2), end: after(-1), draw: 0.5 };

  it('outlasts the usual moment, a suggestion and another kind of key, and says when it ends', () => {
    for (const over of [
      { now: after(61) },
      { now: after(74.9) },
      { suggestion: gone },
      { wanted: { names: [A, B], keyType: 'rsa2048' } } as const,
    ])
      assert.deepEqual(decideRenewal(ask({ held: true, ...over })), {
        due: false,
        at: after(75),
        reason: 'a rollback holds renewals off until then, or until it is released',
        held: true,
      });
  });

  it('does not outlast other names in the config, a revocation, or damage', () => {
    assert.match(reasonFor({ held: true, wanted: { names: [A], keyType: 'ec256' } }), /still has/);
    assert.match(reasonFor({ held: true, revoked: true }), /revoked/);
    assert.match(reasonFor({ held: true, broken: 'no key' }), /no key/);
  });

  it('ends with time left to renew, whatever the lifetime', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        (days, at) => {
          const current = certificate(days);
          const now = after(days * at);
          const end = holdEndsAt(current);
          const left = (current.notAfter.getTime() - end.getTime()) / (days * DAY);
          assert.ok(left >= 1 / 6 - 1e-6 && left <= 1 / 4 + 1e-6);
          const decision = decideRenewal(ask({ held: true, current, now }));
          assert.equal(decision.due, now >= end);
          if (decision.due) assert.equal(decision.holdDropped, true);
        },
      ),
    );
  });
});
