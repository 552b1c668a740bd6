/** ACME directories (RFC 8555 §7.1.1) of the CAs that have a short name in the config. */
interface CertificateAuthority {
  readonly directoryUrl: string;
  /** Where an order costs nothing and counts for nothing; null where the CA runs no such thing. */
  readonly stagingDirectoryUrl: string | null;
  /** Where it hands out the external account binding that it wants; absent where it wants none. */
  readonly bindingPage?: string;
}

const LETSENCRYPT_STAGING = 'https://acme-staging-v02.api.letsencrypt.org/directory';
const GOOGLE_STAGING = 'https://dv.acme-v02.test-api.pki.goog/directory';
const GOOGLE_PAGE = 'https://docs.cloud.google.com/certificate-manager/docs/public-ca-tutorial';
const SSLCOM_PAGE = 'https://www.ssl.com/guide/ssl-tls-certificate-issuance-and-revocation-with-acme/';
const SSLCOM_ECC = {
  directoryUrl: 'https://acme.ssl.com/sslcom-dv-ecc',
  stagingDirectoryUrl: null,
  bindingPage: SSLCOM_PAGE,
};

/** Compared with the tables of lego 5 and acme.sh 3.1.3 (verified 2026-11). */
export const CERTIFICATE_AUTHORITIES: Readonly<Record<string, CertificateAuthority>> = {
  letsencrypt: {
    directoryUrl: 'https://acme-v02.api.letsencrypt.org/directory',
    stagingDirectoryUrl: LETSENCRYPT_STAGING,
  },
  'letsencrypt-staging': { directoryUrl: LETSENCRYPT_STAGING, stagingDirectoryUrl: LETSENCRYPT_STAGING },
  zerossl: {
    directoryUrl: 'https://acme.zerossl.com/v2/DV90',
    stagingDirectoryUrl: null,
    bindingPage: 'https://app.zerossl.com/developer',
  },
  google: {
    directoryUrl: 'https://dv.acme-v02.api.pki.goog/directory',
    stagingDirectoryUrl: GOOGLE_STAGING,
    bindingPage: GOOGLE_PAGE,
  },
  'google-staging': {
    directoryUrl: GOOGLE_STAGING,
    stagingDirectoryUrl: GOOGLE_STAGING,
    bindingPage: GOOGLE_PAGE,
  },
  // SSL.com has a directory for each kind of key; ours are elliptic unless somebody asks for RSA.
  sslcom: SSLCOM_ECC,
  'sslcom-ecc': SSLCOM_ECC,
  'sslcom-rsa': { ...SSLCOM_ECC, directoryUrl: 'https://acme.ssl.com/sslcom-dv-rsa' },
  actalis: {
    directoryUrl: 'https://acme-api.actalis.com/acme/directory',
    stagingDirectoryUrl: null,
    bindingPage: 'https://guide.actalis.com/ssl/activation/acme',
  },
};

/**
 * Where the CA behind a directory hands out the external account binding that it wants; null where we know of none. The
 * directories of ZeroSSL and SSL.com want one and do not say so (verified 2026-11).
 */
export function bindingPageOf(directoryUrl: string): string | null {
  const known = Object.values(CERTIFICATE_AUTHORITIES).find((each) => each.directoryUrl === directoryUrl);
  return known?.bindingPage ?? null;
}

/** Why a CA that other clients still know cannot be used; null where it can. Takes a name or a directory URL. */
export function retiredReason(ca: string): string | null {
  const host = URL.canParse(ca) ? new URL(ca).hostname : ca;
  return /^buypass$|\.buypass\.(?:com|no)$/.test(host)
    ? 'Buypass issues no certificates any more: its last day was 31 October 2025'
    : null;
}

export const DEFAULT_CA = 'letsencrypt';
