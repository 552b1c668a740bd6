import type { StoredVersion } from '../../src/ports.ts';

/** Not a real certificate: every file says which version it is of. */
export function version(number: number): StoredVersion {
  return {
    id: `20261124T000000000Z-${String(number).padStart(6, '0')}`,
    directory: '/var/lib/delegated/certificates/example.org/current',
    facts: {
      names: [],
      serial: String(number),
      sha256: '',
      issuer: '',
      notBefore: new Date(0),
      notAfter: new Date(0),
      authorityKeyId: null,
      keyType: 'ec256',
    },
    material: {
      privateKey: `key ${number} end`,
      cert: `cert ${number} end`,
      chain: `chain ${number} end`,
      fullchain: `fullchain ${number} end`,
    },
  };
}
