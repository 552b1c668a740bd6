import { createHash } from 'node:crypto';
import type { CertificateFacts } from '../../src/certificate/facts.ts';
import { KEY_TYPES } from '../../src/certificate/key-type.ts';
import type { DomainName } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { CertificateMaterial, KeyMaker } from '../../src/ports.ts';

/** What stands in a certificate that is none: enough to ask whether it fits what was ordered. */
export interface Minted {
  readonly names: readonly DomainName[];
  readonly privateKey: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Certificates without cryptography; whoever holds this object can read them. */
export interface FakeCertificates extends KeyMaker {
  /** The chain in PEM, a leaf and an intermediate. */
  mint(content: Minted): string;
  material(content: Minted): CertificateMaterial;
}

export function createFakeCertificates(): FakeCertificates {
  const minted = new Map<string, Minted>();
  let keys = 0;
  const chain = pem('intermediate');

  const read = (fullchain: string): { leaf: string; content: Minted } => {
    const leaf = `${fullchain.split('-----END CERTIFICATE-----')[0] ?? ''}-----END CERTIFICATE-----\n`;
    const content = minted.get(leaf);
    if (content === undefined)
      throw new DelegatedError('E_ACME_CERTIFICATE', 'not a certificate of this fake');
    return { leaf, content };
  };
  const mint = (content: Minted): string => {
    const leaf = pem(`leaf ${minted.size + 1}`);
    minted.set(leaf, content);
    return leaf + chain;
  };

  return {
    mint,
    material(content) {
      const fullchain = mint(content);
      return { privateKey: content.privateKey, cert: fullchain.slice(0, -chain.length), chain, fullchain };
    },
    privateKey: async (type) => `${type} key ${(keys += 1)}`,
    facts(fullchain): CertificateFacts {
      const { leaf, content } = read(fullchain);
      const { names, notBefore, notAfter, privateKey } = content;
      const sha256 = createHash('sha256').update(leaf).digest('hex');
      const keyType = KEY_TYPES.find((type) => privateKey.startsWith(type)) ?? null;
      return {
        names,
        notBefore,
        notAfter,
        keyType,
        sha256,
        authorityKeyId: 'FA4E',
        serial: sha256.slice(0, 8).toUpperCase(),
        issuer: 'Fake CA',
      };
    },
    mismatch({ fullchain, privateKey }, names, now) {
      const { content } = read(fullchain);
      if (content.privateKey !== privateKey) return 'its public key is not that of the private key';
      const [has, wants] = [content.names, names].map((each) => each.toSorted().join(' '));
      if (has !== wants) return `it is for ${has}`;
      return content.notAfter <= now ? 'it has expired' : null;
    },
  };
}

function pem(text: string): string {
  const body = Buffer.from(text).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
}
