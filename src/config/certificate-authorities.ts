/** ACME directories (RFC 8555 §7.1.1) of the CAs that have a short name in the config. */
interface CertificateAuthority {
  readonly directoryUrl: string;
  /** Where an order costs nothing and counts for nothing; null where the CA runs no such thing. */
  readonly stagingDirectoryUrl: string | null;
}

const LETSENCRYPT_STAGING = 'https://acme-staging-v02.api.letsencrypt.org/directory';

export const CERTIFICATE_AUTHORITIES: Readonly<Record<string, CertificateAuthority>> = {
  letsencrypt: {
    directoryUrl: 'https://acme-v02.api.letsencrypt.org/directory',
    stagingDirectoryUrl: LETSENCRYPT_STAGING,
  },
  'letsencrypt-staging': { directoryUrl: LETSENCRYPT_STAGING, stagingDirectoryUrl: LETSENCRYPT_STAGING },
  zerossl: { directoryUrl: 'https://acme.zerossl.com/v2/DV90', stagingDirectoryUrl: null },
  google: {
    directoryUrl: 'https://dv.acme-v02.api.pki.goog/directory',
    stagingDirectoryUrl: 'https://dv.acme-v02.test-api.pki.goog/directory',
  },
  buypass: {
    directoryUrl: 'https://api.buypass.com/acme/directory',
    stagingDirectoryUrl: 'https://api.test4.buypass.no/acme/directory',
  },
  // SSL.com has a directory for each kind of key; ours are elliptic unless somebody asks for RSA.
  sslcom: { directoryUrl: 'https://acme.ssl.com/sslcom-dv-ecc', stagingDirectoryUrl: null },
};

export const DEFAULT_CA = 'letsencrypt';
