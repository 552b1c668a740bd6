import type { KeyPath } from './problem.ts';

/** Where a secret lies: a file, an environment variable, a systemd credential. */
export type SecretSource = { readonly kind: 'file' | 'env' | 'credential'; readonly name: string };

export interface SecretReference {
  readonly path: KeyPath;
  readonly source: SecretSource;
}

const KINDS = ['file', 'env', 'credential'] as const;
/** Keys whose inline value is a secret. */
const SECRET_KEY = /^(secret|token|password|key|hmacKey|apiKey|apiToken|privateKey)$/;

/** Every place that may hold a secret: below `providers`, and the EAB keys. */
function mayHoldSecrets(path: KeyPath): boolean {
  return path[0] === 'providers' || (path[0] === 'acme' && path.includes('eab'));
}

export function secretReferences(document: unknown): SecretReference[] {
  const found: SecretReference[] = [];
  walk(document, [], (value, path) => {
    const source = mayHoldSecrets(path) ? sourceOf(value) : null;
    if (source !== null) found.push({ path, source });
    return source !== null;
  });
  return found;
}

/** Secrets that stand in the file itself. */
export function inlineSecrets(document: unknown): string[] {
  const found: string[] = [];
  walk(document, [], (value, path) => {
    const key = path.at(-1);
    if (mayHoldSecrets(path) && typeof key === 'string' && typeof value === 'string' && SECRET_KEY.test(key))
      found.push(value);
    return false;
  });
  return found;
}

/** The document with each reference replaced by what was read for it, in the order of `secretReferences`. */
export function withSecrets(document: unknown, values: readonly string[]): unknown {
  let next = 0;
  const replace = (value: unknown, path: KeyPath): unknown => {
    if (mayHoldSecrets(path) && sourceOf(value) !== null) {
      next += 1;
      return values[next - 1];
    }
    if (Array.isArray(value)) return value.map((item, index) => replace(item, [...path, index]));
    if (!isMapping(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, replace(inner, [...path, key])]),
    );
  };
  return replace(document, []);
}

/** `stop` returns true where nothing below is to be looked at. */
function walk(value: unknown, path: KeyPath, stop: (value: unknown, path: KeyPath) => boolean): void {
  if (stop(value, path)) return;
  if (Array.isArray(value)) for (const [index, item] of value.entries()) walk(item, [...path, index], stop);
  else if (isMapping(value))
    for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key], stop);
}

function sourceOf(value: unknown): SecretSource | null {
  if (!isMapping(value)) return null;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length !== 1 || first === undefined) return null;
  const kind = KINDS.find((each) => each === first[0]);
  return kind === undefined || typeof first[1] !== 'string' ? null : { kind, name: first[1] };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
