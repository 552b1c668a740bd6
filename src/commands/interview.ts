import type * as z from 'zod';
import { DelegatedError } from '../errors.ts';
import type { Shell } from './shell.ts';
import { printable } from './wrap.ts';

/** Questions to the person at the terminal, on stderr. Whatever a stranger said may stand in them. */
export interface Interview {
  /**
   * A paragraph, without line breaks; what starts with four blanks is left as it is.
   * @param indent of its further lines
   */
  say(paragraph: string, indent?: string): void;
  /**
   * Asks until `read` takes the answer.
   * @param read throws a DelegatedError for what is no answer
   */
  ask<T>(question: string, read: (answer: string) => T | Promise<T>, usual?: string): Promise<T>;
  confirm(question: string, usual: boolean): Promise<boolean>;
  /** One of several, by its number or its name, or whatever else `read` takes. Default: nothing else. */
  choose(
    question: string,
    choices: readonly Choice[],
    usual: string,
    read?: (answer: string) => string | Promise<string>,
  ): Promise<string>;
  /** Nothing of the answer is shown; an empty one is null. */
  secret(question: string): Promise<string | null>;
}

export interface Choice {
  readonly name: string;
  /** What it is, in a line. */
  readonly words: string;
}

const WIDTH = 78;

/** Every question throws E_USAGE where the input ends (Ctrl-D) and E_ABORTED on Ctrl-C. */
export function createInterview({ err, readLine }: Pick<Shell, 'err' | 'readLine'>): Interview {
  const answerTo = async (prompt: string, hidden = false): Promise<string> => {
    const line = await readLine({
      hidden,
      ready: () => {
        err(prompt);
      },
    });
    // Who types Ctrl-D, or what is not shown, has left the cursor on the line of the question.
    if (line === null || hidden) err('\n');
    if (line !== null) return line.trim();
    throw new DelegatedError('E_USAGE', 'the answers ended before the questions; nothing was written', {
      hint: 'run it again; --yes asks nothing and takes what is usual',
    });
  };
  const ask: Interview['ask'] = async (question, read, usual) => {
    for (;;) {
      const given = await answerTo(prompt(usual === undefined ? question : `${question} [${usual}]`));
      const answer = given === '' ? usual : given;
      if (answer === undefined) continue;
      try {
        return await read(answer);
      } catch (error) {
        if (!(error instanceof DelegatedError) || error.code === 'E_ABORTED') throw error;
        err(
          `${wrapped(`  ${error.message}`, '  ')}\n${error.hint === undefined ? '' : `${wrapped(`  → ${error.hint}`, '    ')}\n`}`,
        );
      }
    }
  };
  return {
    ask,
    say: (paragraph, indent) => {
      err(`${wrapped(paragraph, indent)}\n`);
    },
    confirm: (question, usual) => ask(question, yesOrNo, usual ? 'yes' : 'no'),
    async choose(question, choices, usual, read = noSuchChoice) {
      err(`${wrapped(question)}\n`);
      const width = Math.max(...choices.map(({ name }) => name.length));
      for (const [index, { name, words }] of choices.entries()) {
        const head = `  ${index + 1}  ${name.padEnd(width)}  `;
        err(`${wrapped(`${head}${words}`, ' '.repeat(head.length))}\n`);
      }
      return ask(
        'Number or name',
        (answer) => {
          const chosen = choices[Number(answer) - 1] ?? choices.find(({ name }) => name === answer);
          return chosen?.name ?? read(answer);
        },
        usual,
      );
    },
    async secret(question) {
      const typed = await answerTo(prompt(question), true);
      return typed === '' ? null : typed;
    },
  };
}

/** A question that belongs to something is set in, and so are its further lines. */
function prompt(question: string): string {
  return `${wrapped(question, question.startsWith('  ') ? '    ' : '')}: `;
}

/** Never over the edge of a terminal of 80 columns, unless a word is. */
export function wrapped(text: string, indent = ''): string {
  const shown = printable(text);
  if (shown.startsWith('    ')) return shown;
  const lines: string[] = [];
  for (const word of shown.split(/(?<=\S) /)) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : `${indent}${word.trimStart()}`);
  }
  return lines.join('\n');
}

function yesOrNo(answer: string): boolean {
  if (/^y(?:es)?$/i.test(answer)) return true;
  if (/^no?$/i.test(answer)) return false;
  throw new DelegatedError('E_USAGE', `"${answer}" is neither yes nor no`, { hint: 'type y or n' });
}

function noSuchChoice(answer: string): never {
  throw new DelegatedError('E_USAGE', `"${answer}" is none of these`, { hint: 'type its number' });
}

/** Takes what the config would take. */
export function readBy<T>(schema: z.ZodType<T>): (answer: string) => T {
  return (answer) => {
    const result = schema.safeParse(answer);
    if (result.success) return result.data;
    const said = result.error.issues.map(({ message }) => message).join('; ');
    throw new DelegatedError('E_USAGE', `"${answer}": ${said}`);
  };
}

/** The same, with "none" for nothing. */
export function optional<T>(schema: z.ZodType<T>): (answer: string) => T | null {
  const read = readBy(schema);
  return (answer) => (answer === 'none' ? null : read(answer));
}
