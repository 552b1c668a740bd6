import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingHttpHeaders, createServer } from 'node:http';
import {
  createHttpApi,
  type HttpAnswer,
  type HttpApiOptions,
  type HttpRequest,
} from '../../../providers/floor/http-api.ts';
import { rejection } from '../../conformance/expectations.ts';
import { freePort } from '../../support/free-port.ts';

const SECRET = 'canary-of-the-api';
const GET: HttpRequest = { method: 'GET', path: '/things', to: 'show things', write: false };
const POST: HttpRequest = {
  method: 'POST',
  path: '/things',
  body: { a: 1 },
  to: 'make a thing',
  write: true,
};

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

describe('an HTTP API', () => {
  let reply: Reply;
  let seen: { url: string | undefined; headers: IncomingHttpHeaders; body: string } | undefined;
  let baseUrl: string;
  const { signal } = new AbortController();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      seen = { url: request.url, headers: request.headers, body };
      response.writeHead(reply.status, reply.headers).end(reply.body ?? '');
    });
  });
  before(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    baseUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/base`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const send = (request: HttpRequest, more: Partial<HttpApiOptions> = {}): Promise<HttpAnswer> =>
    createHttpApi({
      vendor: 'Vendor',
      baseUrl,
      authorize: () => ({ authorization: `Bearer ${SECRET}` }),
      secrets: [SECRET],
      timeoutMs: 5_000,
      now: () => new Date(),
      ...more,
    }).send(request, signal);

  it('sends JSON with the credentials, and encodes the query', async () => {
    reply = { status: 200, body: '{"ok":true}' };
    await send({ ...POST, query: { name: 'a b&c', page: 2, left: undefined } });
    assert.equal(seen?.url, '/base/things?name=a+b%26c&page=2');
    assert.equal(seen.headers.authorization, `Bearer ${SECRET}`);
    assert.equal(seen.headers['content-type'], 'application/json');
    assert.equal(seen.body, '{"a":1}');
  });

  it('takes an empty body for no value', async () => {
    reply = { status: 204 };
    const { json } = await send(GET);
    assert.equal(json, null);
  });

  it('tells by the status what went wrong', async () => {
    const codes = {
      400: 'E_PROVIDER_REJECTED',
      401: 'E_PROVIDER_AUTH',
      403: 'E_PROVIDER_FORBIDDEN',
      404: 'E_ZONE_NOT_FOUND',
      409: 'E_PROVIDER_CONFLICT',
      412: 'E_PROVIDER_CONFLICT',
      422: 'E_PROVIDER_REJECTED',
      429: 'E_PROVIDER_RATE_LIMITED',
      503: 'E_PROVIDER_UNAVAILABLE',
    };
    for (const [status, code] of Object.entries(codes)) {
      reply = { status: Number(status), body: '{}' };
      const error = await rejection(send(POST));
      assert.equal(error.code, code);
      assert.match(error.message, new RegExp(`^Vendor, asked to make a thing, answers ${status}`));
      assert.equal(error.outcome, Number(status) >= 500 ? 'unknown' : 'not-applied');
    }
  });

  it('takes statuses for an answer that the request accepts', async () => {
    reply = { status: 404, body: '{"gone":true}' };
    await send({ ...GET, accept: [404] });
  });

  it('quotes the vendor on one line, shortened, with the secrets out', async () => {
    reply = { status: 400, body: '{}' };
    const says = `no\n\u001b[31mgood ${SECRET} ${'x'.repeat(600)}`;
    const { message } = await rejection(send(GET, { explain: () => ({ says }) }));
    assert.match(message, /answers 400: no \[31mgood \[secret\] x+…$/);
    assert.ok(message.length < 400);
  });

  it('lets the vendor’s own words decide before the status', async () => {
    reply = { status: 403, body: '{"reason":"rateLimitExceeded"}' };
    const error = await rejection(send(POST, { explain: () => ({ code: 'E_PROVIDER_RATE_LIMITED' }) }));
    assert.equal(error.code, 'E_PROVIDER_RATE_LIMITED');
    assert.equal(error.retry.kind, 'backoff');
  });

  it('knows that nothing was sent when nobody listens', async () => {
    const error = await rejection(send(POST, { baseUrl: `http://127.0.0.1:${await freePort()}` }));
    assert.equal(error.code, 'E_PROVIDER_UNAVAILABLE');
    assert.equal(error.outcome, 'not-applied');
    assert.match(error.message, /ECONNREFUSED/);
  });

  it('gives up after its time, and does not know what became of a write', async () => {
    const silent = createServer(() => undefined);
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const address = silent.address();
    try {
      const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
      const error = await rejection(send(POST, { baseUrl: url, timeoutMs: 50 }));
      assert.equal(error.code, 'E_PROVIDER_TIMEOUT');
      assert.equal(error.outcome, 'unknown');
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });
});
