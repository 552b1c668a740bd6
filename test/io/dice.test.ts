import assert from 'node:assert/strict';
import { createSystemDice } from '../../src/io/dice.ts';

describe('the system dice', () => {
  const dice = createSystemDice();

  it('draw in [0, 1)', () => {
    for (let n = 0; n < 1000; n += 1) {
      const draw = dice.uniform();
      assert.ok(draw >= 0 && draw < 1);
    }
  });

  it('make tokens of lower-case letters and digits that do not repeat', () => {
    const tokens = Array.from({ length: 100 }, () => dice.token(12));
    assert.equal(new Set(tokens).size, 100);
    for (const token of tokens) assert.match(token, /^[a-z0-9]{12}$/);
    assert.equal(dice.token(0), '');
  });
});
