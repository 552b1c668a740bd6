import * as z from 'zod';
import { Name, Timeout } from '../floor/option-types.ts';

const Variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of a variable' });

/** The settings of a provider of type `exec`; secrets in `environment` are resolved already. */
export const execOptions = z
  .strictObject({
    command: z
      .array(z.string().regex(/^[^\0]+$/, { error: 'expected a text that is not empty' }))
      .min(1)
      .describe('The program and its arguments, without a shell in between'),
    protocol: z.enum(['lego', 'json']).default('lego').describe('What the program speaks'),
    zones: z
      .array(Name)
      .min(1)
      .optional()
      .describe('The zones that the program serves; the protocol json asks the program instead'),
    environment: z
      .record(Variable, z.string().regex(/^[^\0]*$/, { error: 'expected a text without NUL' }))
      .default({})
      .describe('What the program finds in its environment, besides PATH, HOME and LANG'),
    timeout: Timeout.describe('Seconds that one run of the program may take'),
  })
  .check((ctx) => {
    const { protocol, zones } = ctx.value;
    const message =
      protocol === 'lego' && zones === undefined
        ? 'expected the zones that the program serves: the protocol lego cannot ask it'
        : protocol === 'json' && zones !== undefined
          ? 'the protocol json asks the program which zones it serves'
          : null;
    if (message !== null) ctx.issues.push({ code: 'custom', path: ['zones'], message, input: zones });
  });

export type ExecOptions = z.output<typeof execOptions>;
