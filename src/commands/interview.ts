import type * as z from 'zod';
import { DelegatedError } from '../errors.ts';
import type { Shell } from './shell.ts';
import { printable, wrapped } from './wrap.ts';

/** Questions to the person at the terminal, on stderr. Whatever a stranger said may stand in them. */
export interface Interview {
  /**
   * A paragraph, without line breaks.
   * @param head what stands before it; its further lines are set in as far
   */
  say(paragraph: string, head?: string): void;
  /**
   * Asks until `read` takes the answer. A question that belongs to something starts with two blanks, and is set in.
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
  /**
   * Nothing of the answer is shown; an empty one is null. Asks until `read` takes it.
   * @param read throws a DelegatedError, without the answer in it, for what is none
   */
  secret(question: string, read: (answer: string) => void | Promise<void>): Promise<string | null>;
}

export interface Choice {
  readonly name: string;
  /** What it is, in a line. */
  readonly words: string;
}

/** Of a terminal that does not say how wide it is, or that `out` does not go to. */
const USUAL_COLUMNS = 80;

/** Every question throws E_USAGE where the input ends (Ctrl-D) and E_ABORTED on Ctrl-C. */
export function createInterview({
  err,
  readLine,
  columns = USUAL_COLUMNS,
}: Pick<Shell, 'err' | 'readLine' | 'columns'>): Interview {
  const within = (text: string, indent: number): string => wrapped(printable(text), columns, indent);
  const say: Interview['say'] = (paragraph, head = '') => {
    err(`${head}${within(paragraph, head.length)}\n`);
  };
  const prompt = (question: string): string =>
    question.startsWith('  ')
      ? `  ${within(`${question.trimStart()}:`, 4)} `
      : `${within(`${question}:`, 0)} `;
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
  /** Null: it is no answer, and why stands there now. */
  const attempt = async <T>(read: () => T | Promise<T>): Promise<{ readonly answer: T } | null> => {
    try {
      return { answer: await read() };
    } catch (error) {
      if (!(error instanceof DelegatedError) || error.code === 'E_ABORTED') throw error;
      say(error.message, '  ');
      if (error.hint !== undefined) say(error.hint, '  → ');
      return null;
    }
  };
  const ask: Interview['ask'] = async (question, read, usual) => {
    for (;;) {
      const given = await answerTo(prompt(usual === undefined ? question : `${question} [${usual}]`));
      const answer = given === '' ? usual : given;
      if (answer === undefined) {
        say('There is no usual answer to this one.', '  ');
        continue;
      }
      const taken = await attempt(() => read(answer));
      if (taken !== null) return taken.answer;
    }
  };
  return {
    ask,
    say,
    confirm: (question, usual) => ask(question, yesOrNo, usual ? 'yes' : 'no'),
    async choose(question, choices, usual, read = noSuchChoice) {
      say(question);
      const width = Math.max(...choices.map(({ name }) => name.length));
      for (const [index, { name, words }] of choices.entries())
        say(words, `  ${index + 1}  ${name.padEnd(width)}  `);
      return ask(
        'Number or name',
        (answer) => {
          const chosen = choices[Number(answer) - 1] ?? choices.find(({ name }) => name === answer);
          return chosen?.name ?? read(answer);
        },
        usual,
      );
    },
    async secret(question, read) {
      for (;;) {
        const typed = await answerTo(prompt(question), true);
        if (typed === '') return null;
        if ((await attempt(() => read(typed))) !== null) return typed;
      }
    },
  };
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
    // Many a message begins with it already.
    throw new DelegatedError(
      'E_USAGE',
      said.startsWith(JSON.stringify(answer)) ? said : `"${answer}": ${said}`,
    );
  };
}

/** The same, with "none" for nothing. */
export function optional<T>(schema: z.ZodType<T>): (answer: string) => T | null {
  const read = readBy(schema);
  return (answer) => (answer === 'none' ? null : read(answer));
}
