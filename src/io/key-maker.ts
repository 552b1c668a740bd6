import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyType } from '../certificate/key-type.ts';
import { mismatch } from '../certificate/mismatch.ts';
import { factsOf, parseChain } from '../certificate/x509.ts';
import type { KeyMaker } from '../ports.ts';

const generate = promisify(generateKeyPair);

const MAKE = {
  ec256: () => generate('ec', { namedCurve: 'prime256v1' }),
  ec384: () => generate('ec', { namedCurve: 'secp384r1' }),
  rsa2048: () => generate('rsa', { modulusLength: 2048 }),
  rsa3072: () => generate('rsa', { modulusLength: 3072 }),
  rsa4096: () => generate('rsa', { modulusLength: 4096 }),
} as const satisfies Record<KeyType, () => Promise<{ readonly privateKey: KeyObject }>>;

export function createKeyMaker(): KeyMaker {
  return {
    // Off the main thread: an RSA key takes up to seconds.
    privateKey: async (type) => {
      const { privateKey } = await MAKE[type]();
      return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    },
    facts: (fullchain) => factsOf(parseChain(fullchain)[0]),
    mismatch: ({ fullchain, privateKey }, names, now) => mismatch(fullchain, privateKey, names, now),
  };
}
