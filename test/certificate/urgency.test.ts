import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { decideRenewal } from '../../src/certificate/renewal-decision.ts';
import { lateFrom, urgencyOf } from '../../src/certificate/urgency.ts';

const HOUR = 3_600_000;
const notBefore = new Date('2026-01-01T00:00:00Z');
const lifetimes = fc
  .integer({ min: 1, max: 400 * 24 })
  .map((hours) => new Date(notBefore.getTime() + hours * HOUR));

describe('how urgent a renewal is', () => {
  it('goes by the share of the lifetime that is left', () => {
    const notAfter = new Date(notBefore.getTime() + 120 * HOUR);
    const at = (hours: number): string =>
      urgencyOf({ notBefore, notAfter }, new Date(notAfter.getTime() - hours * HOUR));
    assert.deepEqual(
      [at(120), at(20), at(19.9), at(6), at(5.9), at(0.1), at(0), at(-5)],
      ['none', 'none', 'late', 'late', 'urgent', 'urgent', 'expired', 'expired'],
    );
  });

  it('begins at the moment that is named', () => {
    fc.assert(
      fc.property(lifetimes, (notAfter) => {
        const late = lateFrom({ notBefore, notAfter });
        assert.equal(urgencyOf({ notBefore, notAfter }, new Date(late.getTime() + 1)), 'late');
        assert.equal(urgencyOf({ notBefore, notAfter }, new Date(late.getTime() - 1)), 'none');
      }),
    );
  });

  it('never begins before the certificate came due', () => {
    fc.assert(
      fc.property(
        lifetimes,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (notAfter, draw) => {
          const facts = {
            names: [],
            serial: '01',
            authorityKeyId: null,
            sha256: 'ab',
            issuer: 'CA',
            notBefore,
            notAfter,
            keyType: 'ec256',
          } as const;
          const now = lateFrom({ notBefore, notAfter });
          assert.ok(
            decideRenewal({ current: facts, wanted: { names: [], keyType: 'ec256' }, now, draw }).due,
          );
        },
      ),
    );
  });
});
