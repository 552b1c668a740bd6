/**
 * A CA that does what Pebble 2.4.0 does not: renewal information and `replaces` (RFC 9773), profiles
 * (draft-ietf-acme-profiles-00), and whatever else a test has it say. For the rest it is as strict as RFC 8555 allows,
 * and `test/io/acme/ca-laws.ts` holds it and Pebble to the same laws. The certificates are real.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { makeLabCa } from '../support/lab-ca.ts';
import { createIssuer } from './ca-issuer.ts';
import { Refusal, isRecord } from './ca-jws.ts';
import type { DoubleCertificate, DoubleOrder } from './ca-objects.ts';
import { type CaAnswer, createRoutes } from './ca-routes.ts';

export interface CaDoubleOptions {
  /** In its certificates. */
  readonly name?: string;
  /** By name, each with the lifetime of its certificates in seconds. The first is the usual one. Absent: it knows none. */
  readonly profiles?: Readonly<Record<string, number>>;
  /** Where it knows no profiles. Default: 90 days. */
  readonly lifetimeSeconds?: number;
  /** False: it offers no renewal information. */
  readonly renewalInfo?: boolean;
  readonly eab?: { readonly kid: string; readonly hmacKey: string };
  /** It offers dns-persist-01 as well, under these names. Needs `lookUp`. */
  readonly persist?: {
    readonly issuers: readonly string[];
    /** Of draft-ietf-acme-dns-persist: account URL and `issuer-domain-names`, or digest and `issuerDomainNames`. */
    readonly draft: '01' | '02';
  };
  /** The TXT values at a name. Absent: every challenge is waved through. */
  readonly lookUp?: (name: string) => Promise<readonly string[]>;
}

export interface CaRequest {
  readonly method: string;
  readonly path: string;
}

/** What it says of a certificate (RFC 9773 §4.2). */
export interface Suggestion {
  readonly start: Date;
  readonly end: Date;
  readonly explanationURL?: string;
  /** Seconds. Default: 21600. */
  readonly retryAfter?: number;
}

export interface CaDouble {
  readonly directoryUrl: string;
  /** PEM file of what a client has to trust for the API. */
  readonly caFile: string;
  /** What the issued certificates chain up to, PEM. */
  readonly root: string;
  readonly orders: readonly DoubleOrder[];
  readonly certificates: readonly DoubleCertificate[];
  readonly requests: readonly CaRequest[];
  /** Default: the last third of the lifetime begins with the window, which is a fiftieth of it. */
  suggest: (certificate: DoubleCertificate) => Suggestion;
  /** Answered in its place; null: it answers itself. */
  script: (request: CaRequest) => CaAnswer | null;
  /** Out of order, for good. */
  halt(): Promise<void>;
  /** Halts it and removes its files. */
  stop(): Promise<void>;
}

export async function startCaDouble(options: CaDoubleOptions = {}): Promise<CaDouble> {
  const folder = await mkdtemp(join(tmpdir(), 'delegated-double-'));
  const [lab, issuer] = await Promise.all([makeLabCa(folder), createIssuer(options.name ?? 'double')]);
  const [key, cert] = await Promise.all([readFile(lab.serverKeyFile), readFile(lab.serverCertificateFile)]);
  const requests: CaRequest[] = [];
  const nonces = new Set<string>();
  const server = createServer({ key, cert }, (message, response) => {
    const { method = '', url: path = '' } = message;
    const answering = async (): Promise<CaAnswer> => {
      const body = await text(message);
      const request = { method, path };
      requests.push(request);
      const scripted = double.script(request);
      if (scripted !== null) return scripted;
      try {
        return await routes.answer({ ...request, body, contentType: message.headers['content-type'] ?? '' });
      } catch (thrown) {
        return problemAnswer(thrown);
      }
    };
    const send = ({ status, headers = {}, body }: CaAnswer): void => {
      const nonce = randomBytes(16).toString('base64url');
      nonces.add(nonce);
      const json = isRecord(body);
      response.writeHead(status, {
        'replay-nonce': nonce,
        'cache-control': 'no-store',
        link: `<${origin}/directory>;rel="index"`,
        ...(json && { 'content-type': `application/${status >= 400 ? 'problem+json' : 'json'}` }),
        ...headers,
      });
      response.end(json ? JSON.stringify(body) : body);
    };
    // Whoever hangs up before the request is whole gets no answer.
    answering().then(send, () => response.destroy());
  });
  const origin = await listening(server);
  const routes = createRoutes(origin, options, issuer, {
    spend: (nonce) => nonces.delete(nonce),
    suggest: (certificate) => double.suggest(certificate),
  });
  let up = true;
  const halt = async (): Promise<void> => {
    if (!up) return;
    up = false;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  const double: CaDouble = {
    directoryUrl: `${origin}/directory`,
    caFile: lab.certificateFile,
    root: issuer.root,
    orders: routes.orders,
    certificates: routes.certificates,
    requests,
    suggest: lastThird,
    script: () => null,
    halt,
    async stop() {
      await halt();
      await Promise.all([issuer.stop(), rm(folder, { recursive: true, force: true })]);
    },
  };
  return double;
}

function lastThird({ notBefore, notAfter }: DoubleCertificate): Suggestion {
  const lifetime = notAfter.getTime() - notBefore.getTime();
  const start = new Date(notAfter.getTime() - lifetime / 3);
  return { start, end: new Date(start.getTime() + lifetime / 50) };
}

function problemAnswer(thrown: unknown): CaAnswer {
  const refusal = thrown instanceof Refusal ? thrown : new Refusal(500, 'serverInternal', String(thrown));
  const { status, type, message } = refusal;
  return { status, body: { type: `urn:ietf:params:acme:error:${type}`, detail: message, status } };
}

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `https://127.0.0.1:${address.port}`;
}
