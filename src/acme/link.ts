const LINK = /<([^<>]*)>([^<>]*)/g;

/**
 * The target of a Link header's entry (RFC 8288).
 * @param base the URL that was asked
 * @returns null when there is no such entry
 */
export function linkTarget(header: string | undefined, rel: string, base: string): string | null {
  for (const [, target = '', parameters = ''] of header?.matchAll(LINK) ?? []) {
    const rels = /;\s*rel\s*=\s*"?([^";,]+)"?/i.exec(parameters)?.[1]?.toLowerCase().split(/\s+/) ?? [];
    if (rels.includes(rel) && URL.canParse(target, base)) return new URL(target, base).href;
  }
  return null;
}
