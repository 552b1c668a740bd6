import { DelegatedError } from '../errors.ts';
import type { Notice } from '../ports.ts';
import { withSession } from './session.ts';
import { paintFor } from './table.ts';
import type { GlobalOptions, Shell } from './shell.ts';

/** Sends a message that says that it is none, by every channel of the config. Exit code 3 when one of them failed. */
export async function notifyCommand(flags: GlobalOptions, shell: Shell): Promise<number> {
  return withSession(flags, shell, { lock: 'none' }, async ({ config, notifier, ports, ctx }) => {
    if (notifier === null)
      throw new DelegatedError('E_USAGE', `${config.file} names nobody who is told`, {
        hint: 'add `notify: { exec: [/path] }`, `webhook` or `matrix` to it',
      });
    const notice: Notice = {
      version: 1,
      at: ports.clock.now().toISOString(),
      text: 'This is a test of delegated: whoever reads this will be told when a renewal needs somebody.',
      sites: [],
    };
    const results = await (await notifier()).send(notice, ctx);
    const ok = results.every(({ error }) => error === null);
    if (flags.json === true) {
      const channels = results.map(({ channel, error }) => ({
        channel,
        ok: error === null,
        ...(error === null ? {} : { message: error.message, hint: error.hint }),
      }));
      shell.out(`${JSON.stringify({ version: 1, ok, channels }, null, 2)}\n`);
    } else {
      const paint = paintFor(flags, shell);
      for (const { channel, error } of results)
        if (error !== null)
          shell.out(`${paint('bad', `${channel}: ${error.message}`)}\n  → ${error.hint ?? ''}\n`);
        else if (flags.quiet !== true) shell.out(`${channel}: sent\n`);
    }
    return ok ? 0 : 3;
  });
}
