import assert from 'node:assert/strict';
import { createRateLimit } from '../../../providers/builtin/rate-limit.ts';

const OPTIONS = { perSecond: 10, burst: 4, networks: 100 };

describe('response rate limiting', () => {
  it('answers a burst, then asks every second query to come over TCP and drops the others', () => {
    const verdict = createRateLimit(OPTIONS);
    const verdicts = Array.from({ length: 8 }, () => verdict('192.0.2.1', 0));
    assert.deepEqual(verdicts.slice(0, 4), ['answer', 'answer', 'answer', 'answer']);
    assert.deepEqual(verdicts.slice(4), ['truncate', 'drop', 'truncate', 'drop']);
  });

  it('answers again as time goes by', () => {
    const verdict = createRateLimit(OPTIONS);
    for (let count = 0; count < 5; count += 1) verdict('192.0.2.1', 0);
    assert.equal(verdict('192.0.2.1', 100), 'answer');
    assert.notEqual(verdict('192.0.2.1', 100), 'answer');
  });

  it('counts a network as one, and another network apart', () => {
    const verdict = createRateLimit({ ...OPTIONS, burst: 1 });
    for (const [first, same, other] of [
      ['192.0.2.1', '192.0.2.200', '192.0.3.1'],
      ['2001:db8:0:1::1', '2001:db8:0:ff:1:2:3:4', '2001:db8:0:200::1'],
      ['::1', '::ffff', '1::'],
    ] as const)
      assert.deepEqual(
        [first, same, other].map((address) => verdict(address, 0) === 'answer'),
        [true, false, true],
      );
  });
});
