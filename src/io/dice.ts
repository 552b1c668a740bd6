import { randomBytes, randomInt } from 'node:crypto';
import type { Dice } from '../ports.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function createSystemDice(): Dice {
  return {
    uniform: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
    token: (length) => Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join(''),
  };
}
