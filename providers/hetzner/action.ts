import { setTimeout as sleep } from 'node:timers/promises';
import { BACKOFF, DelegatedError, aborted } from '../../src/errors.ts';
import type { Ctx } from '../../src/provider.ts';
import type { HttpApi } from '../floor/http-api.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { type ApiAction, startedAction } from './answers.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const GROWTH = 1.5;
/** A change of records takes seconds; what takes longer is stuck. */
const POLLS = 60;

/**
 * Waits until an action of the API is done, asking less and less often.
 * @throws DelegatedError E_PROVIDER_UNAVAILABLE when it failed, E_PROVIDER_TIMEOUT when it does not end; with outcome
 * `unknown`, as everything that goes wrong after the write was accepted
 */
export async function finished(api: HttpApi, started: ApiAction, vendor: string, ctx: Ctx): Promise<void> {
  let action = started;
  let pause = FIRST_PAUSE_MS;
  for (let polls = 0; action.status === 'running'; polls += 1) {
    if (polls === POLLS) throw unfinished(vendor, action, 'E_PROVIDER_TIMEOUT', 'still runs');
    await pauseFor(pause, ctx.signal);
    pause = Math.min(pause * GROWTH, LONGEST_PAUSE_MS);
    action = await look(api, action.id, vendor, ctx);
  }
  if (action.status === 'error')
    throw unfinished(
      vendor,
      action,
      'E_PROVIDER_UNAVAILABLE',
      `failed: ${action.error?.message ?? 'no reason given'} (${action.error?.code ?? 'no code'})`,
    );
}

async function look(api: HttpApi, id: number, vendor: string, { signal }: Ctx): Promise<ApiAction> {
  const request = { to: `show the action ${id}`, write: false };
  try {
    const { json } = await api.send({ method: 'GET', path: `/actions/${id}`, ...request }, signal);
    return parseAnswer(startedAction, json, { vendor, ...request }).action;
  } catch (error) {
    if (!(error instanceof DelegatedError)) throw error;
    const { code, message, hint, retry } = error;
    throw new DelegatedError(code, message, {
      retry,
      outcome: 'unknown',
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw aborted(signal);
  }
}

function unfinished(
  vendor: string,
  { id }: ApiAction,
  code: 'E_PROVIDER_TIMEOUT' | 'E_PROVIDER_UNAVAILABLE',
  what: string,
): DelegatedError {
  return new DelegatedError(code, `${vendor} accepted a change, and its action ${id} ${what}`, {
    hint: 'the next run reads the records again; the Hetzner Console lists the actions of the zone',
    retry: BACKOFF,
    outcome: 'unknown',
  });
}
