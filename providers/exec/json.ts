import type * as z from 'zod';
import { txtText, keyText } from '../../src/dns/rrset.ts';
import { BACKOFF, DelegatedError, NEVER, type Retry, aborted, retryAt } from '../../src/errors.ts';
import type { Change, DnsProvider } from '../../src/provider.ts';
import type { Asked } from '../floor/http-trouble.ts';
import { createQueue } from '../floor/one-at-a-time.ts';
import { touchedKeys } from '../floor/planned-changes.ts';
import {
  type ProgramError,
  applyResult,
  capabilitiesResult,
  checkResult,
  envelope,
  readResult,
  rrsetMessage,
  rrsetOf,
  zoneResult,
} from './messages.ts';
import type { ExecOptions } from './options.ts';
import { type ProgramResult, type RunProgram, failing } from './run-program.ts';

const VERSION = 1;

/** One JSON object on stdin, one on stdout, one run of the program for each call. */
export async function createJson(options: ExecOptions, run: RunProgram): Promise<DnsProvider> {
  const [program = ''] = options.command;

  async function ask<T>(
    request: { readonly op: string; readonly [key: string]: unknown },
    schema: z.ZodType<T>,
    asked: Omit<Asked, 'vendor'>,
    signal: AbortSignal,
  ): Promise<T> {
    const stdin = `${JSON.stringify({ v: VERSION, ...request })}\n`;
    const ended = await run({ args: [], stdin, ...asked }, signal);
    const fail = failing(program, asked.to, asked.write);
    const answer = envelope.safeParse(parsed(ended.stdout));
    if (answer.success && !answer.data.ok) throw ofProgram(program, asked.to, answer.data.error);
    if (ended.end !== 'status 0') throw fail('E_PROVIDER_UNAVAILABLE', `ended with ${words(ended)}`);
    if (!answer.success)
      throw fail('E_PROVIDER_UNAVAILABLE', `printed no answer of protocol version ${VERSION}`);
    const result = schema.safeParse(answer.data.ok ? answer.data.result : undefined);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const place = ['result', ...(issue?.path ?? [])].map(String).join('.');
    throw fail('E_PROVIDER_UNAVAILABLE', `answered ${place}: ${issue?.message ?? 'unexpected'}`);
  }

  const never = new AbortController().signal;
  const capabilities = await ask(
    { op: 'capabilities' },
    capabilitiesResult,
    { to: 'tell what it can do', write: false },
    never,
  );
  const queue = createQueue();

  return {
    capabilities,
    check: ({ signal }) => ask({ op: 'check' }, checkResult, { to: 'check itself', write: false }, signal),
    // Whatever its ids are, it is asked by name.
    zoneById: async () => null,
    findZone: (name, { signal }) =>
      ask({ op: 'findZone', name }, zoneResult, { to: `find the zone of ${name}`, write: false }, signal),
    async readRRsets(zone, keys, { signal }) {
      if (signal.aborted) throw aborted(signal);
      if (!capabilities.reads)
        throw new DelegatedError('E_PROVIDER_UNSUPPORTED', `${program} cannot read, as it says itself`, {
          hint: 'use it for challenges only: `challenge: { provider: … }` of the site',
        });
      const asked = { to: `show ${keys.map(keyText).join(', ')}`, write: false };
      const found = await ask({ op: 'read', zone, keys }, readResult, asked, signal);
      const broken = failing(program, asked.to, false);
      if (found.length !== keys.length)
        throw broken('E_PROVIDER_UNAVAILABLE', `answered ${found.length} of ${keys.length} RRsets`);
      return keys.map((key, index) => {
        const sent = found[index] ?? null;
        const rrset = sent === null ? null : rrsetOf(key, sent);
        if (rrset === undefined)
          throw broken('E_PROVIDER_UNAVAILABLE', `answered something else for ${keyText(key)}`);
        return rrset;
      });
    },
    async apply(zone, changes, ctx) {
      if (ctx.signal.aborted) throw aborted(ctx.signal);
      const keys = touchedKeys(zone, changes);
      mustBeAbleTo(program, capabilities, changes);
      if (changes.length === 0) return { changed: false };
      const asked = { to: `change ${keys.map(keyText).join(', ')}`, write: true };
      const request = { op: 'apply', zone, changes: changes.map(changeMessage), changeId: ctx.changeId };
      return queue.run(zone.id, ctx.signal, () => ask(request, applyResult, asked, ctx.signal));
    },
  };
}

function mustBeAbleTo(
  program: string,
  { types, reads }: DnsProvider['capabilities'],
  changes: readonly Change[],
): void {
  for (const change of changes) {
    const whole = change.op === 'put' || change.op === 'delete';
    const type = whole ? change.rrset.type : change.type;
    if (types.includes(type) && (reads || !whole)) continue;
    throw new DelegatedError(
      'E_PROVIDER_UNSUPPORTED',
      `${program} cannot write ${type} records${types.includes(type) ? ' as a whole' : ''}, as it says itself`,
      { hint: 'use it for challenges only: `challenge: { provider: … }` of the site' },
    );
  }
}

function changeMessage(change: Change): unknown {
  switch (change.op) {
    case 'put': {
      const { op, rrset, expect } = change;
      return { op, rrset: rrsetMessage(rrset), expect: expect === 'absent' ? expect : rrsetMessage(expect) };
    }
    case 'delete':
      return { op: change.op, rrset: rrsetMessage(change.rrset) };
    case 'add':
    case 'remove':
      return { ...change, values: change.values.map(txtText) };
    default:
      return change satisfies never;
  }
}

const PASSING: ReadonlySet<string> = new Set([
  'E_PROVIDER_CONFLICT',
  'E_PROVIDER_RATE_LIMITED',
  'E_PROVIDER_UNAVAILABLE',
  'E_PROVIDER_TIMEOUT',
]);

function ofProgram(program: string, to: string, error: ProgramError): DelegatedError {
  const { code, message, hint, retryAfterMs, outcome } = error;
  return new DelegatedError(code, `${program}, asked to ${to}, answers: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    retry: retryOf(code, retryAfterMs),
    outcome,
  });
}

function retryOf(code: string, retryAfterMs: number | undefined): Retry {
  if (retryAfterMs !== undefined) return retryAt(new Date(Date.now() + retryAfterMs));
  return PASSING.has(code) ? BACKOFF : NEVER;
}

function words({ end, stderr }: ProgramResult): string {
  return stderr === '' ? end : `${end}: ${stderr}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
