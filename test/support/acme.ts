import type { Answer } from '../../src/io/acme/answer.ts';
import { createAcmeClient, type AcmeClientOptions } from '../../src/io/acme/acme-client.ts';
import type { Request } from '../../src/io/acme/exchange.ts';
import { createSystemClock } from '../../src/io/clock.ts';
import { createKeyMaker } from '../../src/io/key-maker.ts';
import type { AccountDesk } from '../../src/acme/account-sight.ts';
import { nextPoll } from '../../src/acme/poll.ts';
import type { Order } from '../../src/acme/order.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { AcmeClient, Log } from '../../src/ports.ts';

export interface Exchange {
  readonly request: Request;
  readonly answer: Answer;
}

export interface WatchedClient extends AcmeClient, AccountDesk {
  readonly exchanges: readonly Exchange[];
  /** Levels and messages of what was logged above debug. */
  readonly logged: readonly string[];
}

type Needed = Pick<AcmeClientOptions, 'directoryUrl' | 'accountDirectory'>;

/** A client whose requests can be counted and looked at. */
export function watchedClient(options: Needed & Partial<AcmeClientOptions>): WatchedClient {
  const exchanges: Exchange[] = [];
  const logged: string[] = [];
  const note =
    (level: string): Log['info'] =>
    (message) =>
      void logged.push(`${level}: ${message}`);
  const log: Log = { debug: () => undefined, info: note('info'), warn: note('warn'), error: note('error') };
  const client = createAcmeClient({
    termsOfServiceAgreed: true,
    userAgent: 'delegated-test',
    clock: createSystemClock(),
    log,
    observe: (request, answer) => void exchanges.push({ request, answer }),
    ...options,
  });
  return { ...client, exchanges, logged };
}

/** The nonce that every signed request used. */
export function noncesOf(exchanges: readonly Exchange[]): string[] {
  return exchanges.flatMap(({ request: { body } }) => {
    if (body === undefined) return [];
    const { protected: header }: { readonly protected: string } = JSON.parse(body);
    const { nonce }: { readonly nonce: string } = JSON.parse(Buffer.from(header, 'base64url').toString());
    return [nonce];
  });
}

/** For a call that may take a while. */
export function patient(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(60_000) };
}

export interface Issued {
  readonly order: Order;
  readonly fullchain: string;
  readonly privateKey: string;
}

/** A whole issuance against a CA that finds every challenge valid. */
export async function issueWith(
  client: AcmeClient,
  names: readonly string[],
  ctx: { readonly signal: AbortSignal },
): Promise<Issued> {
  await client.account(ctx);
  const placed = await client.newOrder(names.map(parseDomainName), {}, ctx);
  const authorizations = await Promise.all(
    placed.authorizations.map((url) => client.authorization(url, ctx)),
  );
  await Promise.all(
    authorizations.map(async ({ status, dns01 }) => {
      if (status === 'pending' && dns01 !== undefined) await client.respond(dns01.url, ctx);
    }),
  );
  const ready = await settled(client, placed, 'pending', ctx);
  const privateKey = await createKeyMaker().privateKey('ec256');
  const order = await settled(client, await client.finalize(ready, privateKey, ctx), 'processing', ctx);
  if (order.certificate === undefined) throw new Error(`the order is ${order.status}`);
  return { order, privateKey, fullchain: await client.certificate(order.certificate, ctx) };
}

/** The order once it has left that status. */
export async function settled(
  client: AcmeClient,
  order: Order,
  status: Order['status'],
  ctx: { readonly signal: AbortSignal },
): Promise<Order> {
  let now = order;
  for (let attempt = 0; now.status === status; attempt += 1) {
    await createSystemClock().sleep(nextPoll(attempt, now.retryAfterMs), ctx.signal);
    now = await client.order(order.url, ctx);
  }
  return now;
}

/** One of our errors, or the test fails. */
export async function failure(promise: Promise<unknown>): Promise<DelegatedError> {
  const error: unknown = await promise.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof DelegatedError) return error;
  throw error;
}
