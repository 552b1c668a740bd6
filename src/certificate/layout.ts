/** The files of one version, named as certbot names them, since every howto does. */
export const CERTIFICATE_FILES = {
  privateKey: 'privkey.pem',
  fullchain: 'fullchain.pem',
  chain: 'chain.pem',
  cert: 'cert.pem',
} as const;
export type CertificateFile = (typeof CERTIFICATE_FILES)[keyof typeof CERTIFICATE_FILES];

/** Chain and key in one, of an output that asks for it: HAProxy and others take nothing else. */
export const COMBINED_FILE = 'combined.pem';
export type OutputFile = CertificateFile | typeof COMBINED_FILE;

/** Name of the link to the live version. */
export const CURRENT = 'current';

const VERSION_ID = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[a-z0-9]+$/;

export function isVersionId(text: string): boolean {
  return VERSION_ID.test(text);
}

/**
 * Names a new version, such as `20261124T233939123Z-k3v9q2`. It sorts after all that exist, also when the clock was
 * set back meanwhile.
 * @param token random letters and digits, lower case
 */
export function nextVersionId(now: Date, token: string, existing: readonly string[]): string {
  const newest = Math.max(...existing.map(timeOf), -Infinity);
  const at = new Date(Math.max(now.getTime(), newest + 1));
  return `${at.toISOString().replace(/[-:.]/g, '')}-${token}`;
}

/** The versions to remove so that the newest `keep` and the live one stay. */
export function superseded(existing: readonly string[], live: string, keep: number): string[] {
  const others = existing.filter((id) => id !== live).sort();
  return others.slice(0, Math.max(0, others.length - Math.max(0, keep - 1)));
}

function timeOf(id: string): number {
  const parts = VERSION_ID.exec(id);
  if (parts === null) return -Infinity;
  const [, year, month, day, hour, minute, second, ms] = parts.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second, ms);
}
