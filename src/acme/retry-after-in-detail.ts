/** Let's Encrypt writes the moment into the detail of `rateLimited` (verified 2026-11). */
const IN_DETAIL = /retry after (\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)? ?(?:UTC|Z|\+0000)/i;

/** The moment that a problem's detail names; null when it names none. */
export function retryAfterInDetail(detail: string): Date | null {
  const match = IN_DETAIL.exec(detail);
  if (match === null) return null;
  const at = new Date(`${match[1]}T${match[2]}Z`);
  return Number.isNaN(at.getTime()) ? null : at;
}
