/** Deeper than anything that is meant, and not so deep that a hostile text could use up the stack. */
const DEEPEST = 500;

/**
 * Matrix's canonical JSON (specification, appendices § "Canonical JSON"): the shortest form, keys in the order of
 * their code points. What a signature is made over.
 * @returns null for what has no canonical form: fractions, integers beyond 2^53, and 500 levels
 */
export function canonicalJson(value: unknown): string | null {
  return isTooDeep(value) ? null : canonical(value);
}

function canonical(value: unknown): string | null {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? JSON.stringify(value) : null;
  if (Array.isArray(value)) return joined('[', value.map(canonical), ']');
  if (typeof value !== 'object') return null;
  const entries = Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b));
  return joined(
    '{',
    entries.map(([key, inner]) => {
      const text = canonical(inner);
      return text === null ? null : `${JSON.stringify(key)}:${text}`;
    }),
    '}',
  );
}

function joined(open: string, parts: readonly (string | null)[], close: string): string | null {
  return parts.includes(null) ? null : open + parts.join(',') + close;
}

/** True for what is nested so deep that neither we nor JSON.stringify would get to its end. */
export function isTooDeep(value: unknown, depth = 0): boolean {
  if (depth > DEEPEST) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((inner) => isTooDeep(inner, depth + 1));
}

/** Not what `<` does: that compares UTF-16, where a surrogate sorts before U+E000. */
function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}
