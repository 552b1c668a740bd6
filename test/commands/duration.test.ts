import assert from 'node:assert/strict';
import { parseDuration } from '../../src/commands/duration.ts';

describe('parseDuration', () => {
  it('reads minutes, hours and days', () => {
    const texts = ['1m', '90m', '12h', '1d', '14d'];
    assert.deepEqual(texts.map(parseDuration), [60_000, 5_400_000, 43_200_000, 86_400_000, 1_209_600_000]);
  });

  it('refuses everything else', () => {
    for (const text of ['', '12', 'h', '0h', '-1h', '1.5h', '12 h', '12H', '1w', '123456h', '12h30m'])
      assert.throws(() => parseDuration(text), /such as 12h/, text);
  });
});
