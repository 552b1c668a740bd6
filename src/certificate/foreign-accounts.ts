/** Where other ACME clients keep the key of an account, told by the paths alone. */
import type { ForeignTool } from './foreign-layout.ts';

export interface ForeignAccounts {
  /** From the folder of a certificate to what lies above it and all accounts. */
  readonly up: string;
  /** Below that. */
  readonly folder: string;
  /** Of the key, below `folder`. */
  readonly key: RegExp;
}

/**
 * Layouts of (verified 2026-11) certbot 2 `accounts/HOST/directory/ID`, lego 4 `accounts/HOST/EMAIL/keys`, acme.sh 3
 * `ca/HOST/directory`, dehydrated 0.7 `accounts/BASE64URL`, Caddy 2 `acme/HOST-directory/users/EMAIL`. All of them put the
 * CA first.
 */
export const FOREIGN_ACCOUNTS: Readonly<Record<ForeignTool, ForeignAccounts>> = {
  certbot: { up: '../..', folder: 'accounts', key: /^(?:.+\/)?private_key\.json$/ },
  dehydrated: { up: '../..', folder: 'accounts', key: /^[^/]+\/account_key\.pem$/ },
  'acme.sh': { up: '..', folder: 'ca', key: /^(?:.+\/)?account\.key$/ },
  lego: { up: '..', folder: 'accounts', key: /^[^/]+\/[^/]+\/keys\/[^/]+\.key$/ },
  Caddy: { up: '../../..', folder: 'acme', key: /^[^/]+\/users\/[^/]+\/[^/]+\.key$/ },
};

/**
 * Whether that may be a key for that CA. Only its host is compared, since each client writes port and path in its own way:
 * the CA itself says which key it knows.
 * @param path below the folder of the accounts, with `/`
 */
export function mayBeAccountKey(tool: ForeignTool, path: string, directoryUrl: string): boolean {
  if (!FOREIGN_ACCOUNTS[tool].key.test(path)) return false;
  const [first = ''] = path.split('/');
  if (tool === 'dehydrated') return atob64url(first) === directoryUrl;
  const { hostname } = new URL(directoryUrl);
  return first === hostname || [':', '_', '-'].some((mark) => first.startsWith(`${hostname}${mark}`));
}

/** With the line end that dehydrated's `echo` puts behind the URL. */
function atob64url(text: string): string {
  return Buffer.from(text, 'base64url').toString().trimEnd();
}
