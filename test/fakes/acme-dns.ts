/**
 * The HTTP API of acme-dns, after https://github.com/joohoi/acme-dns/tree/master/pkg/api (2026-11): its checks in their
 * order, its error bodies, and its two rolling values. It refuses whatever the server refuses.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import { isIP } from 'node:net';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { txtText } from '../../src/dns/rrset.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const KEY = /^[A-Za-z0-9_-]{40}$/;
const TXT = /^[A-Za-z0-9_-]{43}$/;
const CIDR = /^([^/]+)\/\d{1,3}$/;

const registering = z.object({ allowfrom: z.array(z.string()).optional() });
const updating = z.object({ subdomain: z.string(), txt: z.string() });

interface Account {
  readonly password: string;
  readonly subdomain: string;
  readonly allowfrom: readonly string[];
  /** The older one first; empty until it is set. */
  values: readonly [string, string];
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface FakeAcmeDns {
  readonly url: string;
  /** By user name. */
  readonly accounts: ReadonlyMap<string, Account>;
  /** As with `disable_registration`. */
  registers: boolean;
  /** `NAME TTL IN TXT RDATA`, sorted, as its name server would answer. */
  snapshot(): string[];
  stop(): Promise<void>;
}

/** @param domain without the last dot, as its config has it */
export async function startFakeAcmeDns(domain: string): Promise<FakeAcmeDns> {
  const accounts = new Map<string, Account>();

  function register(body: string): Answer {
    const parsed = registering.safeParse(body === '' ? {} : json(body));
    if (!parsed.success) return failure(400, 'malformed_json_payload');
    const { allowfrom = [] } = parsed.data;
    if (!allowfrom.every((each) => isIP(CIDR.exec(each)?.[1] ?? '') !== 0))
      return failure(400, 'invalid_allowfrom_cidr');
    const username = randomUUID();
    const subdomain = randomUUID();
    const password = randomBytes(30).toString('base64url');
    accounts.set(username, { password, subdomain, allowfrom, values: ['', ''] });
    const fulldomain = `${subdomain}.${domain}`;
    return { status: 201, body: JSON.stringify({ username, password, fulldomain, subdomain, allowfrom }) };
  }

  function update({ headers }: IncomingMessage, body: string): Answer {
    const [user = '', key = ''] = [headers['x-api-user'], headers['x-api-key']].map(String);
    const account = UUID.test(user) && KEY.test(key) ? accounts.get(user) : undefined;
    // Whose networks are others is refused as one with a wrong key is.
    const near = account?.allowfrom.length === 0 || account?.allowfrom.includes('127.0.0.1/32');
    if (account === undefined || account.password !== key || near !== true) return failure(401, 'forbidden');
    const parsed = updating.safeParse(json(body));
    if (!parsed.success || parsed.data.subdomain !== account.subdomain) return failure(401, 'forbidden');
    const { txt } = parsed.data;
    if (!TXT.test(txt)) return failure(400, 'bad_txt');
    account.values = [account.values[1], txt];
    return { status: 200, body: `{"txt": "${txt}"}` };
  }

  function answer(request: IncomingMessage, body: string): Answer {
    const { method, url } = request;
    const allowed = url === '/health' ? 'GET' : 'POST';
    if (url !== '/health' && url !== '/update' && !(url === '/register' && fake.registers))
      return { status: 404, body: '404 page not found\n' };
    if (method !== allowed) return { status: 405, body: 'Method Not Allowed\n' };
    if (url === '/health') return { status: 200, body: '' };
    return url === '/register' ? register(body) : update(request, body);
  }

  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { status, body: answered } = answer(request, body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(answered);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const fake: FakeAcmeDns = {
    url: `http://127.0.0.1:${address.port}`,
    accounts,
    registers: true,
    snapshot: () =>
      [...accounts.values()]
        .flatMap(({ subdomain, values }) =>
          values
            .filter((value) => value !== '')
            .map((value) => `${subdomain}.${domain}. 1 IN TXT ${txtText(value)}`),
        )
        .sort(),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
}

function failure(status: number, error: string): Answer {
  return { status, body: JSON.stringify({ error }) };
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
