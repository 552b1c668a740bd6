import type * as z from 'zod';
import { DelegatedError, aborted } from '../../src/errors.ts';
import type { Log } from '../../src/provider.ts';
import { tooSlow } from '../floor/http-trouble.ts';
import { orAborted } from '../floor/or-aborted.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { notSent } from '../floor/not-sent.ts';
import { type Circumstances, noCredentials, translated } from './errors.ts';
import type { Route53Options } from './options.ts';
import { type Pace, createPace } from './pace.ts';
import type { CallOptions, Route53Client, Route53Sdk, SdkLogger } from './sdk.ts';

export interface LinkDeps {
  readonly sdk: Route53Sdk;
  readonly log: Log;
  readonly now: () => Date;
  readonly hide: (secret: string) => void;
  readonly pace?: Pace;
}

export interface LinkRequest<T> {
  /** Completes "asked to …" in errors. */
  readonly to: string;
  readonly write: boolean;
  readonly answer: z.ZodType<T>;
  readonly send: (client: Route53Client, options: CallOptions) => Promise<unknown>;
}

export interface Link {
  /** @throws DelegatedError as an HTTP API of the floor does, and E_PROVIDER_AUTH where there are no credentials */
  call<T>(request: LinkRequest<T>, signal: AbortSignal): Promise<T>;
  close(): void;
}

const VENDOR = 'Route 53';

/** The client of the SDK, without its retries, bound to our signal and our errors. */
export function createLink(options: Route53Options, deps: LinkDeps): Link {
  const client = new deps.sdk.Route53({
    region: options.region,
    // What may be tried again, and when, is not for the SDK to decide.
    maxAttempts: 1,
    logger: sdkLogger(deps.log),
    ...credentialsOf(options),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  });
  const host = new URL(options.endpoint ?? 'https://route53.amazonaws.com').host;
  const timeoutMs = options.timeout * 1_000;
  const { pace = createPace() } = deps;
  const hidden = new Set<string>();

  return {
    async call({ to, write, answer, send }, signal) {
      if (signal.aborted) throw notSent(signal);
      const asked = { vendor: VENDOR, to, write };
      let secrets: readonly string[] = [];
      const circumstances = (): Circumstances => ({
        asked,
        host,
        now: deps.now(),
        hide: (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), text),
      });
      await inTurn(pace, signal);
      const late = AbortSignal.timeout(timeoutMs);
      const abortSignal = AbortSignal.any([signal, late]);
      let sent = false;
      try {
        // Neither the search for credentials nor the body of an answer heeds a signal.
        secrets = await orAborted(secretsOf(client), abortSignal);
        for (const secret of secrets.filter((each) => !hidden.has(each))) {
          hidden.add(secret);
          deps.hide(secret);
        }
        sent = true;
        return parseAnswer(answer, await orAborted(send(client, { abortSignal }), abortSignal), asked);
      } catch (error) {
        if (signal.aborted) throw sent ? aborted(signal) : notSent(signal);
        if (late.aborted) throw tooSlow({ ...asked, write: write && sent }, timeoutMs);
        if (error instanceof DelegatedError) throw error;
        throw sent ? translated(error, circumstances()) : noCredentials(error, circumstances());
      }
    },
    close: () => {
      client.destroy();
    },
  };
}

function credentialsOf({ accessKeyId, secretAccessKey, sessionToken }: Route53Options): {
  readonly credentials?: Awaited<ReturnType<Route53Client['config']['credentials']>>;
} {
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  return {
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  };
}

/** Wherever the SDK has them from; it keeps them as long as they last. */
async function secretsOf(client: Route53Client): Promise<readonly string[]> {
  const { secretAccessKey, sessionToken } = await client.config.credentials();
  return [secretAccessKey, sessionToken ?? ''].filter((secret) => secret !== '');
}

async function inTurn(pace: Pace, signal: AbortSignal): Promise<void> {
  try {
    await pace(signal);
  } catch (error) {
    throw signal.aborted ? notSent(signal) : error;
  }
}

/** At its other levels it tells of every request with all that is in it. */
function sdkLogger(log: Log): SdkLogger {
  const say =
    (level: 'warn' | 'debug') =>
    (...content: readonly unknown[]): void => {
      const words = content.filter((each) => typeof each === 'string').join(' ');
      if (words !== '') log[level](`the AWS SDK says: ${words}`);
    };
  return { trace: nothing, debug: nothing, info: nothing, warn: say('warn'), error: say('debug') };
}

function nothing(): void {
  return undefined;
}
