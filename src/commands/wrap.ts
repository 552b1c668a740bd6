/**
 * Breaks a text between words, so that each line has at most that many columns; what follows the first line is
 * indented. A word that is too long stays whole, since people copy URLs and fingerprints; so does a text
 * that starts with four blanks, which is a line for a file.
 * @param columns of the terminal; null where there is none: one line, for `grep`
 * @param indent columns that stand before the text already
 */
export function wrapped(text: string, columns: number | null, indent: number): string {
  if (columns === null || text.startsWith('    ')) return text;
  const room = Math.max(NARROWEST, columns - indent);
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > room) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

const NARROWEST = 20;

/**
 * Servers that are looked at, and CAs, are strangers: what they say must not move anybody's cursor, turn the direction of
 * the text, or begin a line that looks like ours.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
