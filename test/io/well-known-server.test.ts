import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { createWellKnownServer, type WellKnownServer } from '../../src/io/well-known-server.ts';
import type { WellKnownFiles } from '../../src/matrix/well-known.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { SILENT } from '../support/builtin.ts';
import { freePort } from '../support/free-port.ts';

const FILES: WellKnownFiles = new Map([['server', { 'm.server': 'matrix.example.org:443' }]]);

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function ask(port: number, path: string, { method = 'GET', host = 'example.org' } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { port, path, method, host: '127.0.0.1', headers: { host }, agent: false },
      (response) => {
        text(response).then(
          (body) => resolve({ status: response.statusCode, headers: response.headers, body }),
          reject,
        );
      },
    );
    sent.on('error', reject).end();
  });
}

describe('the server of the well-known files', () => {
  const PATH = '/.well-known/matrix/server';
  let port: number;
  let server: WellKnownServer;
  beforeEach(async () => {
    server = createWellKnownServer(SILENT);
    port = await freePort();
    await server.serve([{ address: '127.0.0.1', port }], new Map([['example.org', FILES]]));
  });
  afterEach(() => server.close());

  it('answers by the Host header, as JSON, for browsers too', async () => {
    for (const host of ['example.org', 'EXAMPLE.org:443']) {
      const { status, headers, body } = await ask(port, `${PATH}?x=1`, { host });
      assert.equal(status, 200);
      assert.equal(headers['content-type'], 'application/json');
      assert.equal(headers['access-control-allow-origin'], '*');
      assert.match(String(headers['cache-control']), /max-age=\d+/);
      assert.deepEqual(JSON.parse(body), { 'm.server': 'matrix.example.org:443' });
    }
  });

  it('answers what is not there at once, with the headers that let a browser read it', async () => {
    const absent: readonly (readonly [string, string])[] = [
      ['/.well-known/matrix/client', 'example.org'],
      [PATH, 'other.example'],
      ['/', 'example.org'],
      ['/.well-known/matrix/../matrix/server', 'example.org'],
    ];
    for (const [path, host] of absent) {
      const { status, headers } = await ask(port, path, { host });
      assert.equal(status, 404, path);
      assert.equal(headers['access-control-allow-origin'], '*');
    }
  });

  it('answers a preflight and a HEAD, and no other method', async () => {
    assert.equal((await ask(port, PATH, { method: 'OPTIONS' })).status, 204);
    const head = await ask(port, PATH, { method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [200, '']);
    assert.equal((await ask(port, PATH, { method: 'POST' })).status, 405);
  });

  it('takes other files and other addresses while it runs', async () => {
    const next = await freePort();
    const files: WellKnownFiles = new Map([['client', { a: 1 }]]);
    await server.serve([{ address: '127.0.0.1', port: next }], new Map([['example.net', files]]));
    const { body } = await ask(next, '/.well-known/matrix/client', { host: 'example.net' });
    assert.deepEqual(JSON.parse(body), { a: 1 });
    await assert.rejects(ask(port, PATH));
  });

  it('says which address it cannot have', async () => {
    const other = createWellKnownServer(SILENT);
    const error = await assertRefused(other.serve([{ address: '127.0.0.1', port }], new Map()), 'E_OUTPUT');
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port} \\(EADDRINUSE\\)`));
    await other.close();
  });
});
