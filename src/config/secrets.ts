import type { KeyPath } from './problem.ts';

/** Where a secret lies: a file, an environment variable, a systemd credential. */
export type SecretSource = { readonly kind: 'file' | 'env' | 'credential'; readonly name: string };

export interface SecretReference {
  readonly path: KeyPath;
  readonly source: SecretSource;
}

/** What a secret may look like in the file. */
export const SECRET_FORMS = 'a text, { file: PATH }, { env: NAME } or { credential: NAME }';

const KINDS = ['file', 'env', 'credential'] as const;
/** Keys whose inline value is a secret: `secret`, `apiToken`, `hmacKey`, `secret_access_key`, … */
const SECRET_KEY = /(?:secret|token|password|passphrase|key|credentials)$/i;
/** The address of a webhook is as good as a password with many services. */
const NOTIFY_SECRETS: ReadonlySet<string> = new Set(['secret', 'accessToken', 'url']);
/** `user:password@` in a URL. */
const URL_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:([^/?#@]+)@/i;

/** Every place that may hold a secret: below `providers` and `notify`, and the keys of an external account binding. */
export function mayHoldSecrets(path: KeyPath): boolean {
  const [root, , key] = path;
  if (root === 'notify') return NOTIFY_SECRETS.has(String(path.at(-1)));
  if (root === 'acme') return path.at(-1) === 'hmacKey';
  return root === 'providers' && key !== 'type' && key !== 'nameServers';
}

export function secretReferences(document: unknown): SecretReference[] {
  const found: SecretReference[] = [];
  replaceReferences(document, (path, source) => found.push({ path, source }));
  return found;
}

/** The document with each reference replaced by what was read for it, in the order of `secretReferences`. */
export function withSecrets(document: unknown, values: readonly string[]): unknown {
  let next = 0;
  return replaceReferences(document, () => {
    next += 1;
    return values[next - 1];
  });
}

function replaceReferences(
  document: unknown,
  replacement: (path: KeyPath, source: SecretSource) => unknown,
): unknown {
  return replaceIn(document, []);

  function replaceIn(value: unknown, path: KeyPath): unknown {
    const source = referenceAt(value, path);
    if (source !== null) return replacement(path, source);
    if (Array.isArray(value)) return value.map((item, index) => replaceIn(item, [...path, index]));
    if (!isMapping(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, replaceIn(inner, [...path, key])]),
    );
  }
}

/** Secrets that stand in the file itself, as far as their keys tell. */
export function inlineSecrets(document: unknown): string[] {
  const found: string[] = [];
  collect(document, []);
  return found;

  function collect(value: unknown, path: KeyPath): void {
    if (typeof value === 'string' || typeof value === 'number') found.push(...secretsIn(String(value), path));
    else if (Array.isArray(value))
      for (const [index, item] of value.entries()) collect(item, [...path, index]);
    else if (isMapping(value) && referenceAt(value, path) === null)
      for (const [key, inner] of Object.entries(value)) collect(inner, [...path, key]);
  }
}

/** Whether a value below this key is a secret, as far as its key tells. */
export function isSecretKey(path: KeyPath): boolean {
  const key = path.findLast((segment) => typeof segment === 'string') ?? '';
  return mayHoldSecrets(path) && (path[0] === 'notify' || SECRET_KEY.test(key));
}

function secretsIn(text: string, path: KeyPath): readonly string[] {
  if (!mayHoldSecrets(path)) return [];
  if (isSecretKey(path)) return [text];
  const password = URL_PASSWORD.exec(text)?.[1];
  return password === undefined ? [] : [password];
}

function referenceAt(value: unknown, path: KeyPath): SecretSource | null {
  // A provider may be called `file`.
  if (path.length <= 2 || !mayHoldSecrets(path) || !isMapping(value)) return null;
  const [first, ...others] = Object.entries(value);
  if (first === undefined || others.length > 0) return null;
  const kind = KINDS.find((each) => each === first[0]);
  return kind === undefined || typeof first[1] !== 'string' ? null : { kind, name: first[1] };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
