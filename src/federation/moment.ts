/** `2026-11-25T12:00:00Z`: to the second, which is what certificates and people go by. */
export function momentText(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}
