import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { DelegatedError, aborted } from '../../src/errors.ts';
import type { CheckItem, DnsProvider } from '../../src/provider.ts';
import type { ProviderDeps } from '../adapter.ts';
import { deepestZone } from '../floor/deepest-zone.ts';
import { textValues, writeInTurn } from '../floor/text-values.ts';
import { CAPABILITIES } from './capabilities.ts';
import type { ExecOptions } from './options.ts';
import { type ProgramRun, type RunProgram, failing } from './run-program.ts';

/** An argument of a program is a text without NUL, and more than ASCII would change its octets on the way. */
const ARGUMENT = /^(?:(?!\0)\p{ASCII})*$/u;

/**
 * `PROGRAM present|cleanup FQDN. VALUE`, as lego's provider "exec" calls it
 * (https://go-acme.github.io/lego/dns/exec/, verified 2026-11).
 */
export function createLego(
  options: ExecOptions,
  run: RunProgram,
  deps: Pick<ProviderDeps, 'env'>,
): DnsProvider {
  const zones = (options.zones ?? []).map((name) => ({ id: name, name }));
  const [program = ''] = options.command;

  return {
    capabilities: CAPABILITIES,
    async check({ signal }) {
      if (signal.aborted) throw aborted(signal);
      return [await found(program, deps.env['PATH'] ?? '')];
    },
    async findZone(name, { signal }) {
      if (signal.aborted) throw aborted(signal);
      return deepestZone(name, zones);
    },
    async readRRsets(_, __, { signal }) {
      if (signal.aborted) throw aborted(signal);
      throw new DelegatedError('E_PROVIDER_UNSUPPORTED', `${program} cannot be asked what stands in a zone`, {
        hint: 'use it for challenges only, or teach the program `protocol: json`',
      });
    },
    async apply(zone, changes, ctx) {
      if (ctx.signal.aborted) throw aborted(ctx.signal);
      const runs = textValues(zone, changes, program).map(runOf);
      await writeInTurn(runs, (each) => call(run, program, each, ctx.signal));
      return { changed: runs.length > 0 };
    },
  };
}

function runOf({ op, name, value }: ReturnType<typeof textValues>[number]): ProgramRun {
  if (!ARGUMENT.test(value))
    throw new DelegatedError(
      'E_PROVIDER_REJECTED',
      `a value for ${name} cannot be an argument of a program`,
      {
        hint: 'challenge values always can; use `protocol: json` for anything else',
      },
    );
  const verb = op === 'add' ? 'present' : 'cleanup';
  return { args: [verb, name, value], stdin: '', to: `${verb} ${name}`, write: true };
}

async function call(run: RunProgram, program: string, each: ProgramRun, signal: AbortSignal): Promise<void> {
  const { end, stderr } = await run(each, signal);
  if (end === 'status 0') return;
  // A program that failed half-way says the same as one that did nothing.
  const words = stderr === '' ? '' : `: ${stderr}`;
  throw failing(program, each.to, true)('E_PROVIDER_UNAVAILABLE', `ended with ${end}${words}`);
}

/** As execvp(3) would look for it. */
async function found(program: string, path: string): Promise<CheckItem> {
  const places = program.includes('/') ? [program] : path.split(delimiter).map((each) => join(each, program));
  for (const place of places)
    if (await mayExecute(place))
      return { ok: true, message: `${place} may be executed; whether it works shows when it is called` };
  return {
    ok: false,
    message: `${program} cannot be executed`,
    hint: 'does the file of `command` exist, and may the user of delegated execute it?',
  };
}

async function mayExecute(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
