import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { makeLabCa } from './lab-ca.ts';

export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of the JWS, decoded. */
  readonly protectedHeader: Readonly<Record<string, unknown>>;
  /** Counts the requests for that path, from 1. */
  readonly attempt: number;
}

export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object goes out as JSON. */
  readonly body?: string | object;
}

/** What is answered instead of what a friendly CA would; `reset` cuts the connection, `silence` never answers. */
export type Script = (request: ScriptedRequest) => ScriptedAnswer | 'reset' | 'silence' | null;

export interface ScriptedCa {
  readonly url: string;
  readonly directoryUrl: string;
  /** What has to be trusted, PEM. */
  readonly certificate: string;
  readonly requests: readonly ScriptedRequest[];
  script: Script;
  stop(): Promise<void>;
}

/** An ACME server that knows just enough to register an account, and for the rest says what the test wants. */
export async function startScriptedCa(): Promise<ScriptedCa> {
  const folder = await mkdtemp(join(tmpdir(), 'delegated-ca-'));
  const lab = await makeLabCa(folder);
  const requests: ScriptedRequest[] = [];
  let nonces = 0;
  const [key, cert] = await Promise.all([readFile(lab.serverKeyFile), readFile(lab.serverCertificateFile)]);
  await rm(folder, { recursive: true });
  const server = createServer({ key, cert }, (message, response) => {
    void text(message).then((body) => {
      const path = message.url ?? '';
      const attempt = requests.filter((earlier) => earlier.path === path).length + 1;
      const { method = '', headers } = message;
      const request = { method, path, headers, protectedHeader: protectedHeaderOf(body), attempt };
      requests.push(request);
      const scripted = ca.script(request);
      if (scripted === 'silence') return;
      if (scripted === 'reset') {
        message.socket.destroy();
        return;
      }
      const answer = scripted ?? friendly(ca.url, request);
      nonces += 1;
      const json = typeof answer.body === 'object';
      response.writeHead(answer.status, {
        'replay-nonce': `nonce-${nonces}`,
        ...(json && { 'content-type': `application/${answer.status >= 400 ? 'problem+' : ''}json` }),
        ...answer.headers,
      });
      response.end(json ? JSON.stringify(answer.body) : answer.body);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `https://127.0.0.1:${address.port}`;
  const ca: ScriptedCa = {
    url,
    directoryUrl: `${url}/dir`,
    certificate: lab.certificate,
    requests,
    script: () => null,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return ca;
}

/** RFC 8555 as far as an account and one order. */
function friendly(url: string, { path, attempt }: ScriptedRequest): ScriptedAnswer {
  switch (path) {
    case '/dir':
      return {
        status: 200,
        body: { newNonce: `${url}/nonce`, newAccount: `${url}/account`, newOrder: `${url}/new-order` },
      };
    case '/nonce':
      return { status: 200 };
    case '/account':
      return { status: attempt === 1 ? 201 : 200, headers: { location: `${url}/account/1` }, body: {} };
    case '/new-order':
      return { status: 201, headers: { location: `${url}/order/1` }, body: orderBody(url) };
    case '/order/1':
      return { status: 200, body: orderBody(url) };
    default:
      return {
        status: 404,
        body: { type: 'urn:ietf:params:acme:error:malformed', detail: `no ${path} here` },
      };
  }
}

export function orderBody(url: string): Readonly<Record<string, unknown>> {
  return {
    status: 'pending',
    identifiers: [{ type: 'dns', value: 'example.org' }],
    authorizations: [`${url}/authorization/1`],
    finalize: `${url}/finalize/1`,
  };
}

function protectedHeaderOf(body: string): Readonly<Record<string, unknown>> {
  if (body === '') return {};
  const { protected: header }: { readonly protected: string } = JSON.parse(body);
  return JSON.parse(Buffer.from(header, 'base64url').toString());
}
