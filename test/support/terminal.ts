/** A program on a terminal of its own, and a person who waits for each question before answering it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Terminal {
  /**
   * Types a line once the question stands there, after whatever was answered before.
   * @throws Error with all that was shown, when the program ends or nothing like it comes
   */
  answer(question: string, line: string): Promise<void>;
  /** Presses keys, once the question stands there. */
  press(question: string, keys: string): Promise<void>;
  /** Everything that was shown, what was typed included as far as the terminal echoes it. */
  shown(): string;
  /** Waits for the end. */
  end(): Promise<number | null>;
}

const PATIENCE_MS = 30_000;

/** @param command its parts must not need quoting */
export function startTerminal(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Terminal {
  const child = spawn(
    'script',
    ['--quiet', '--return', '--flush', '--command', command.join(' '), '/dev/null'],
    {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TERM: 'dumb', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  let text = '';
  let seen = 0;
  let changed = nothing;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk.replaceAll('\r', '');
    changed();
  });
  const ended = once(child, 'close').then(() => {
    changed();
  });
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  deadline.addEventListener('abort', () => {
    changed();
  });
  const press: Terminal['press'] = async (question, keys) => {
    for (;;) {
      // Wrapped lines are one sentence to a person.
      const rest = text.slice(seen);
      const at = rest.replaceAll('\n', ' ').indexOf(question);
      if (at >= 0) {
        seen += at + question.length;
        break;
      }
      const over = child.exitCode !== null || deadline.aborted;
      if (over) throw new Error(`"${question}" was not asked; what was shown:\n${text}`);
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
    }
    child.stdin.write(keys);
  };
  return {
    press,
    answer: (question, line) => press(question, `${line}\n`),
    shown: () => text,
    async end() {
      await ended;
      return child.exitCode;
    },
  };
}

const nothing = (): void => undefined;
