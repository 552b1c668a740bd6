const LINK = /<([^<>]*)>([^<>]*)/g;

/**
 * The target of a Link header's entry (RFC 8288).
 * @param base the URL that was asked
 * @returns null when there is no such entry
 */
export function linkTarget(header: string | undefined, rel: string, base: string): string | null {
  return linkTargets(header, rel, base)[0] ?? null;
}

/** The same for a relation that may stand there more than once. */
export function linkTargets(header: string | undefined, rel: string, base: string): readonly string[] {
  return [...(header?.matchAll(LINK) ?? [])].flatMap(([, target = '', parameters = '']) => {
    const rels = /;\s*rel\s*=\s*"?([^";,]+)"?/i.exec(parameters)?.[1]?.toLowerCase().split(/\s+/) ?? [];
    return rels.includes(rel) && URL.canParse(target, base) ? [new URL(target, base).href] : [];
  });
}
