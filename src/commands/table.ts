import type { GlobalOptions, Shell } from './shell.ts';

/** Columns that line up. Everything that we print in a table is ASCII: server names, dates, words. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, column) =>
    Math.max(...[header, ...rows].map((row) => (row[column] ?? '').length), title.length),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(column === row.length - 1 ? 0 : (widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)];
}

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'bold';

const SGR: Readonly<Record<Tone, string>> = { good: '32', bad: '31', warn: '33', dim: '2', bold: '1' };

export type Paint = (tone: Tone, text: string) => string;

/** Colours for stdout, where they are wanted. */
export function paintFor(flags: GlobalOptions, shell: Shell): Paint {
  return painter(shell.outIsTerminal && wantsColour(flags, shell));
}

/** Whether a terminal may be painted (no-color.org: a variable that is empty says nothing). */
export function wantsColour({ color }: GlobalOptions, { env }: Pick<Shell, 'env'>): boolean {
  return color !== false && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** Paints only where a person looks on a terminal. */
export function painter(colour: boolean): Paint {
  return (tone, text) => (colour && text !== '' ? `\u001b[${SGR[tone]}m${text}\u001b[0m` : text);
}
