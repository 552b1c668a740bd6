import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { NotifyConfig } from '../../src/config/notify-schema.ts';
import { createNotifier } from '../../src/io/notifier.ts';
import type { Notice, Notifier } from '../../src/ports.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { THIS_PROCESS } from '../support/this-process.ts';

const NOTICE: Notice = {
  version: 1,
  at: '2026-11-25T12:00:00.000Z',
  text: 'example.org: runs fail',
  sites: [{ serverName: 'example.org', level: 'failing' }],
};
const ctx = { signal: new AbortController().signal };

const notifier = (config: NotifyConfig, timeoutMs = 10_000): Notifier =>
  createNotifier(config, {
    kill: THIS_PROCESS.kill,
    environment: { PATH: '/usr/bin:/bin', SECRET: 'hidden' },
    timeoutMs,
  });

const messages = async (config: NotifyConfig, timeoutMs?: number): Promise<(string | null)[]> =>
  (await notifier(config, timeoutMs).send(NOTICE, ctx)).map(({ error }) => error?.message ?? null);

interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('the notifier', () => {
  const folder = temporaryFolder();
  let server: Server;
  let origin: string;
  let calls: Call[];
  /** Null: it never answers. */
  let answer: {
    readonly status: number;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  } | null;

  beforeEach(async () => {
    calls = [];
    answer = { status: 200, body: '{}' };
    server = createServer((request, response) => {
      void text(request).then((body) => {
        const { method = '', url = '', headers } = request;
        calls.push({ method, url, headers, body });
        if (answer !== null) response.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? '');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address: AddressInfo | string | null = server.address();
    assert.ok(address !== null && typeof address === 'object');
    origin = `http://127.0.0.1:${address.port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const script = async (...lines: string[]): Promise<string> => {
    const path = join(folder(), 'tell');
    await writeFile(path, ['#!/bin/sh', ...lines, ''].join('\n'));
    await chmod(path, 0o755);
    return path;
  };

  it('gives a command the message on its standard input, and none of our secrets', async () => {
    const out = join(folder(), 'out');
    const path = await script('cat > "$1"', 'env >> "$1"');
    assert.deepEqual(await messages({ exec: [path, out] }), [null]);
    const [json = '', ...environment] = (await readFile(out, 'utf8')).trim().split('\n');
    assert.deepEqual(JSON.parse(json), NOTICE);
    assert.ok(environment.every((line) => !line.includes('hidden')));
  });

  it('says how a command ended that failed, also one that does not read', async () => {
    const path = await script('echo no mail today >&2', 'exit 7');
    const [message] = await messages({ exec: [path] });
    assert.match(message ?? '', /tell`: status 7; it printed:\nno mail today$/);
    assert.match((await messages({ exec: [join(folder(), 'gone')] }))[0] ?? '', /was not found/);
  });

  it('calls a webhook with a signed body', async () => {
    assert.deepEqual(await messages({ webhook: { url: `${origin}/hook`, secret: 'canary' } }), [null]);
    const [call] = calls;
    assert.ok(call !== undefined);
    assert.deepEqual([call.method, call.url, JSON.parse(call.body)], ['POST', '/hook', NOTICE]);
    const hmac = createHmac('sha256', 'canary').update(call.body).digest('hex');
    assert.equal(call.headers['x-delegated-signature'], `sha256=${hmac}`);
  });

  it('writes a notice into a Matrix room', async () => {
    const matrix = { homeserver: origin, room: '!a/b:example.org', accessToken: 'canary' };
    assert.deepEqual(await messages({ matrix }), [null]);
    assert.deepEqual(await messages({ matrix }), [null]);
    const [first, second] = calls;
    assert.ok(first !== undefined && second !== undefined);
    assert.match(
      first.url,
      /^\/_matrix\/client\/v3\/rooms\/!a%2Fb%3Aexample\.org\/send\/m\.room\.message\/[\w-]+$/,
    );
    assert.notEqual(first.url, second.url, 'two messages are two transactions');
    assert.deepEqual(
      [first.method, first.headers.authorization, JSON.parse(first.body)],
      ['PUT', 'Bearer canary', { msgtype: 'm.notice', body: NOTICE.text }],
    );
  });

  it('says what the other side said, and never the rest of its address', async () => {
    answer = { status: 403, body: 'who are you' };
    assert.deepEqual(await messages({ webhook: { url: `${origin}/hook/canary` } }), [
      `${origin} answered 403: who are you`,
    ]);
  });

  it('follows no redirect', async () => {
    answer = { status: 307, headers: { location: '/elsewhere' } };
    assert.deepEqual(await messages({ webhook: { url: `${origin}/hook` } }), [`${origin} answered 307`]);
    assert.equal(calls.length, 1);
  });

  it('does not wait for ever, nor for who is not there', async () => {
    answer = null;
    const url = `${origin}/hook`;
    assert.deepEqual(await messages({ webhook: { url } }, 50), [
      `${origin} cannot be reached: no answer within 0.05 s`,
    ]);
    const gone = 'http://127.0.0.1:1/canary';
    assert.match(
      (await messages({ webhook: { url: gone } }))[0] ?? '',
      /^http:\/\/127\.0\.0\.1:1 cannot be reached: (?!.*canary)/,
    );
  });

  it('goes on to the next channel when one fails', async () => {
    answer = { status: 500 };
    const path = await script('cat > /dev/null');
    assert.deepEqual(await messages({ exec: [path], webhook: { url: origin } }), [
      null,
      `${origin} answered 500`,
    ]);
  });

  it('stops when it is told to', async () => {
    answer = null;
    const stop = new AbortController();
    const sending = notifier({ webhook: { url: origin } }).send(NOTICE, { signal: stop.signal });
    await once(server, 'request');
    stop.abort();
    await assert.rejects(sending, { code: 'E_ABORTED' });
  });
});
