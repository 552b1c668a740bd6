import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { planStanding } from '../../src/acme/plan-standing.ts';
import {
  type StandingNeed,
  type StandingValue,
  judgeStanding,
  parseStandingValue,
  standingText,
} from '../../src/acme/standing-value.ts';

const OURS = 'https://ca.example/acct/123';
const NOW = new Date('2026-11-25T12:00:00Z');
const NEED: StandingNeed = { issuers: ['ca.example'], accountUris: [OURS], wildcard: false };
const PLAIN: StandingValue = { issuer: 'ca.example', accountUri: OURS, wildcard: false, persistUntil: null };

const issuer = fc.domain().map((name) => name.toLowerCase());
const persistUntil = fc.option(
  fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => new Date(seconds * 1_000)),
);
const value: fc.Arbitrary<StandingValue> = fc.record(
  {
    issuer,
    accountUri: fc.webUrl({ validSchemes: ['https'] }).filter((url) => !/[;\s]/.test(url)),
    wildcard: fc.boolean(),
    persistUntil,
  },
  { noNullPrototype: true },
);
/** Of our account at our CA. */
const own = fc.record({
  issuer: fc.constant('ca.example'),
  accountUri: fc.constant(OURS),
  wildcard: fc.boolean(),
  persistUntil,
});
/** Whatever else people put into TXT records. */
const stranger = fc.oneof(
  value.map(standingText),
  fc.string({ maxLength: 80 }),
  fc.constantFrom('v=spf1 -all', 'ca.example', 'ca.example; accounturi=https://ca.example/acct/9', ''),
);

function judged(...texts: string[]): string {
  return judgeStanding(texts, NEED, NOW).kind;
}

describe('a standing value', () => {
  it('is what it was, after being written and read', () => {
    fc.assert(
      fc.property(value, (each) => {
        assert.deepEqual(parseStandingValue(standingText(each)), each);
      }),
    );
  });

  it('is read from whatever stands in a TXT record without a throw', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const read = parseStandingValue(text);
        assert.ok(read === null || read.accountUri !== '');
      }),
    );
  });

  it('is written as the draft shows it', () => {
    const until = new Date('2024-07-26T00:00:00Z');
    assert.equal(
      standingText({ issuer: 'authority.example', accountUri: OURS, wildcard: true, persistUntil: until }),
      `authority.example; accounturi=${OURS}; policy=wildcard; persistUntil=1721952000`,
    );
  });

  for (const text of [
    `CA.Example.;accounturi=${OURS}`,
    `ca.example ; AccountURI = ${OURS} ;`,
    `\tca.example;accounturi=${OURS};later=thing`,
    `ca.example; accounturi=${OURS}; policy=narrow`,
    `ca.example; accounturi=${OURS}; x-note=1`,
    `ca.example; later=1; accounturi=${OURS}; later=2`,
  ])
    it(`is taken as a CA takes it: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseStandingValue(text), PLAIN);
    });

  for (const [text, why] of [
    ['ca.example', 'without an account'],
    ['ca.example; accounturi=', 'with an empty account'],
    [`; accounturi=${OURS}`, 'of no CA'],
    [`ca.example; accounturi=${OURS}; accounturi=${OURS}`, 'with an account twice'],
    [`ca.example; accounturi=${OURS}; persistUntil=1; PERSISTUNTIL=9999999999`, 'with two ends'],
    [`ca.example; accounturi=${OURS}; persistUntil=tomorrow`, 'with an end that is no number'],
    [`ca.example; accounturi=${OURS}; persistUntil=-1`, 'with an end before all time'],
    [`ca.example; accounturi=${OURS}; policy`, 'with a parameter that has no value'],
    [`ca.example; accounturi=${OURS} x`, 'with a space in the account'],
  ] as const)
    it(`is none ${why}`, () => {
      assert.equal(parseStandingValue(text), null);
    });
});

describe('judgeStanding', () => {
  const plain = standingText(PLAIN);
  const until = (seconds: number): string => `${plain}; persistUntil=${seconds}`;
  const now = NOW.getTime() / 1_000;

  it('finds ours among what others have there', () => {
    fc.assert(
      fc.property(fc.array(stranger, { maxLength: 6 }), fc.nat(6), (others, at) => {
        const texts = [...others.slice(0, at), plain, ...others.slice(at)];
        assert.equal(judgeStanding(texts, NEED, NOW).kind, 'good');
      }),
    );
  });

  it('takes nothing for good that does not name our account at this CA, for now and for all that is asked', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(own.map(standingText), stranger)), fc.boolean(), (texts, wildcard) => {
        const verdict = judgeStanding(texts, { ...NEED, wildcard }, NOW);
        const good = texts.some((text) => {
          const read = parseStandingValue(text);
          if (read?.issuer !== 'ca.example' || read.accountUri !== OURS) return false;
          return (read.wildcard || !wildcard) && (read.persistUntil ?? new Date(8e15)) > NOW;
        });
        assert.equal(verdict.kind === 'good', good);
      }),
    );
  });

  it('tells what is wrong', () => {
    assert.equal(judged(), 'missing');
    assert.equal(judged('v=spf1 -all'), 'missing');
    assert.equal(judged(`other.example; accounturi=${OURS}`), 'issuer');
    assert.equal(judged('ca.example; accounturi=https://ca.example/acct/12'), 'account');
    assert.equal(judged(`ca.example; accounturi=${OURS.toUpperCase()}`), 'account');
    assert.equal(judged(until(now)), 'expired');
    assert.equal(judged(until(now + 1)), 'good');
    assert.equal(judgeStanding([plain], { ...NEED, wildcard: true }, NOW).kind, 'narrow');
  });

  it('counts the value that lasts longest', () => {
    const verdict = judgeStanding([until(now - 9), until(now + 9), until(now + 5)], NEED, NOW);
    assert.equal(verdict.kind === 'good' && verdict.value.persistUntil?.getTime(), (now + 9) * 1_000);
    assert.equal(judged(until(now + 9), plain), 'good');
  });

  it('does not ask for the CA as long as nobody knows what it is called', () => {
    const unknown = { ...NEED, issuers: null };
    assert.equal(judgeStanding([plain], unknown, NOW).kind, 'good');
    assert.equal(judgeStanding(['ca.example; accounturi=https://x/1'], unknown, NOW).kind, 'account');
  });
});

describe('planStanding', () => {
  it('leaves what is good for it alone, and what belongs to others', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(own.map(standingText), stranger)), own, (texts, wanted) => {
        const { add, remove } = planStanding(texts, NEED, wanted);
        const after = [...texts.filter((text) => !remove.includes(text)), ...add];
        const foreign = texts.filter((text) => parseStandingValue(text)?.accountUri !== OURS);
        assert.deepEqual(
          foreign.filter((text) => !after.includes(text)),
          [],
        );
        // Once done there is nothing more to do, and of ours there is exactly what is wanted.
        assert.deepEqual(planStanding(after, NEED, wanted), {
          before: after.filter(
            (text) => parseStandingValue(text)?.accountUri === OURS && text.startsWith('ca.'),
          ),
          add: [],
          remove: [],
        });
        assert.ok(
          after.some((text) => standingText(parseStandingValue(text) ?? PLAIN) === standingText(wanted)),
        );
      }),
    );
  });

  it('does not write again what a person wrote in another way', () => {
    const typed = `CA.example.;AccountURI=${OURS}`;
    assert.deepEqual(planStanding([typed], NEED, PLAIN), { before: [typed], add: [], remove: [] });
  });

  it('takes a wider scope back', () => {
    const wide = `ca.example; accounturi=${OURS}; policy=wildcard`;
    assert.deepEqual(planStanding([wide], NEED, PLAIN), {
      before: [wide],
      add: [standingText(PLAIN)],
      remove: [wide],
    });
  });
});
