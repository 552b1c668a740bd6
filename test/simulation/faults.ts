/** What a disaster does to the calls of a process. */
import { problemError } from '../../src/acme/problem-error.ts';
import { BACKOFF, DelegatedError, NEVER, retryAt } from '../../src/errors.ts';
import type { Clock } from '../../src/ports.ts';
import { answer } from '../support/fake-dns.ts';
import type { Around } from '../support/fake-ports.ts';
import { trouble } from '../support/faults.ts';
import type { WorldClock } from './clock.ts';
import type { Disaster, Disasters } from './disasters.ts';
import type { Random } from './random.ts';

export interface FaultOptions {
  readonly disasters: Disasters;
  readonly random: Random;
  readonly world: WorldClock;
  /** That of the process. */
  readonly clock: Clock;
  /** Whether a client cannot speak TLS with the CA while its clock is off by months. */
  readonly tlsNeedsTime: boolean;
}

const DAY = 24 * 3_600_000;
/** What the transport allows for one request. */
const REQUEST_MS = 30_000;
/** How long the certificates of an API are good for, before and after any moment. */
const TLS_SLACK_MS = 30 * DAY;
const NEVER_ENDS = new Promise<never>(() => undefined);
const NOBODY = new AbortController().signal;

export function createFaults(options: FaultOptions): Around {
  const { disasters, world, tlsNeedsTime } = options;
  return async (call, perform) => {
    const overHttps = call.startsWith('acme.') && call !== 'acme.account';
    if (overHttps && tlsNeedsTime && Math.abs(world.ahead()) > TLS_SLACK_MS)
      throw trouble('E_ACME_UNREACHABLE');
    for (const disaster of disasters.now()) {
      const done = await strike(disaster, call, perform, options);
      if (done !== null) return done.result;
    }
    return perform();
  };
}

/** Null where the disaster lets the call be. */
async function strike(
  disaster: Disaster,
  call: string,
  perform: () => Promise<unknown>,
  options: FaultOptions,
): Promise<{ readonly result: unknown } | null> {
  const { random, clock } = options;
  const [port = ''] = call.split('.');
  const writes = /\.(?:write|append|commit|activate)/.test(call);
  switch (disaster.kind) {
    case 'ca-down':
      if (port === 'acme' && call !== 'acme.account') await refuse(disaster, options);
      return null;
    case 'ca-loses-answers':
      if (port !== 'acme' || call === 'acme.account' || !random.chance(0.2)) return null;
      await perform();
      throw trouble('E_ACME_UNREACHABLE', 'unknown');
    case 'provider-flaps':
      if (port !== 'provider' || !random.chance(0.5)) return null;
      return flap(perform, options);
    case 'provider-hangs':
      if (port !== 'provider' || !random.chance(0.5)) return null;
      if (random.chance(0.3)) await perform();
      return NEVER_ENDS;
    case 'provider-refuses':
      if (port !== 'provider') return null;
      throw new DelegatedError('E_PROVIDER_AUTH', 'the token is void', { retry: NEVER });
    case 'resolver-fails':
      if (port !== 'dns' || !random.chance(0.7)) return null;
      if (random.chance(0.5)) return { result: answer('SERVFAIL', [], { authoritative: false }) };
      await clock.sleep(5_000, NOBODY);
      throw trouble('E_DNS_UNANSWERED');
    case 'disk-full':
      if (!writes || !['state', 'store', 'outputs', 'webRoot'].includes(port)) return null;
      // It may be on the disk all the same, where it was the fsync that failed.
      if (call === 'state.appendLedger' && random.chance(0.3)) await perform();
      throw trouble(port === 'store' ? 'E_CERTIFICATE_STORE' : port === 'outputs' ? 'E_OUTPUT' : 'E_STATE');
    case 'outputs-fail':
      if (call !== 'outputs.write') return null;
      throw trouble('E_OUTPUT_OWNER');
    case 'reload-fails':
      if (port !== 'reloader') return null;
      throw trouble('E_RELOAD');
    case 'ca-sees-nothing':
    case 'homeserver-deaf':
    case 'asleep':
    case 'clock-wrong':
      return null;
    default:
      return disaster satisfies never;
  }
}

async function refuse(
  { how, to }: Extract<Disaster, { kind: 'ca-down' }>,
  { clock, world, random }: FaultOptions,
): Promise<never> {
  if (how === 'unreachable') throw trouble('E_ACME_UNREACHABLE');
  if (how === 'hangs') {
    await clock.sleep(REQUEST_MS, NOBODY);
    throw trouble('E_ACME_UNREACHABLE', 'unknown');
  }
  const pause = random.magnitude(60_000, 6 * 3_600_000);
  const named = how === 'names-moment' ? Math.min(pause, to - world.elapsed()) : null;
  const document = { type: 'serverInternal', detail: 'we are at it', status: 503, subproblems: [] };
  throw problemError(document, {
    place: 'the CA',
    asked: 'other',
    retryAt: named === null ? null : new Date(clock.now().getTime() + named),
    termsOfService: null,
  });
}

async function flap(
  perform: () => Promise<unknown>,
  { random, clock }: FaultOptions,
): Promise<{ readonly result: unknown }> {
  const how = random.pick(['before', 'before', 'after', 'unknown', 'soon', 'later']);
  if (how === 'after') await perform();
  if (how === 'after' || how === 'unknown') throw trouble('E_PROVIDER_TIMEOUT', 'unknown');
  if (how === 'before') throw trouble('E_PROVIDER_UNAVAILABLE');
  const at = new Date(clock.now().getTime() + (how === 'soon' ? 20_000 : 2 * 3_600_000));
  throw new DelegatedError('E_PROVIDER_RATE_LIMITED', 'too many', { retry: retryAt(at), cause: BACKOFF });
}
