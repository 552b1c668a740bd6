/** docs/recipes.md, as the tests of its recipes read it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Outcome } from '../e2e/lab.ts';

const RECIPES = readFileSync(fileURLToPath(new URL('../../docs/recipes.md', import.meta.url)), 'utf8');

/** What stands in blocks of that language below the headings, the last of them within those before. */
export function fences(headings: readonly string[], language: string): string[] {
  const section = headings.reduce((text, heading, depth) => {
    const mark = `\n${'#'.repeat(depth + 2)} `;
    return text.split(`${mark}${heading}\n`)[1]?.split(mark)[0] ?? '';
  }, RECIPES);
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, code = '']) => code,
  );
}

export function assertSucceeded({ code, stdout, stderr }: Outcome): void {
  assert.equal(code, 0, stdout + stderr);
}

/** That the check found no error, and that the recipe shows what it said. */
export function assertTold(title: string, outcome: Outcome): void {
  assertSucceeded(outcome);
  const said = outcome.stdout.trimEnd();
  const shown = fences([title], 'text').map((text) =>
    text.replace(/^\$ delegated check \S+\n/, '').trimEnd(),
  );
  assert.ok(shown.includes(said), `"${title}" in docs/recipes.md does not show this:\n\n${said}\n`);
}
