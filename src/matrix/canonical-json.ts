/**
 * Matrix's canonical JSON (specification, appendices § "Canonical JSON"): the shortest form, keys in the order of
 * their code points. What a signature is made over.
 * @returns null for what has no canonical form: fractions, and integers beyond 2^53
 */
export function canonicalJson(value: unknown): string | null {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? JSON.stringify(value) : null;
  if (Array.isArray(value)) return joined('[', value.map(canonicalJson), ']');
  if (typeof value !== 'object') return null;
  const entries = Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b));
  return joined(
    '{',
    entries.map(([key, inner]) => {
      const text = canonicalJson(inner);
      return text === null ? null : `${JSON.stringify(key)}:${text}`;
    }),
    '}',
  );
}

function joined(open: string, parts: readonly (string | null)[], close: string): string | null {
  return parts.includes(null) ? null : open + parts.join(',') + close;
}

/** Not what `<` does: that compares UTF-16, where a surrogate sorts before U+E000. */
function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}
