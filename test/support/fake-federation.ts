import type { HttpsOutcome, TlsSight } from '../../src/federation/https-outcome.ts';
import type { HttpsLooker, HttpsRequest } from '../../src/ports.ts';
import { serverKeys } from './federation.ts';

/** A homeserver as peers meet it. */
export interface FakePeer {
  readonly serverName: string;
  /** What the certificate is for; the server name without this. */
  readonly certificateFor?: string;
  /** Of the certificate. */
  readonly sha256?: string;
  /** OpenSSL's word for why nobody trusts it. */
  readonly distrust?: string;
  /** No intermediate comes with the certificate. */
  readonly alone?: true;
}

/** The addresses of the world, as seen over HTTPS. Nothing listens where nothing is said. */
export interface FakeFederation extends HttpsLooker {
  /** By `ADDRESS PORT`. */
  readonly peers: Map<string, FakePeer>;
  /** `m.server`, by host. */
  readonly wellKnown: Map<string, string>;
  /** By `ADDRESS PORT`: there is no way to it from here. */
  readonly unroutable: Set<string>;
  /** `ADDRESS PORT PATH`, in order. */
  readonly asked: string[];
}

export function createFakeFederation(): FakeFederation {
  const federation: FakeFederation = {
    peers: new Map(),
    wellKnown: new Map(),
    unroutable: new Set(),
    asked: [],
    getPlain: async () => ({ kind: 'no-connection', why: 'refused', message: 'connect ECONNREFUSED' }),
    async get(request) {
      const place = `${request.endpoint.address} ${request.endpoint.port}`;
      federation.asked.push(`${place} ${request.path}`);
      if (federation.unroutable.has(place))
        return { kind: 'no-connection', why: 'no-route', message: 'connect ENETUNREACH' };
      const server = federation.wellKnown.get(request.host);
      if (request.path === '/.well-known/matrix/server' && server !== undefined)
        return answered(tls({ serverName: request.certName }, request), { 'm.server': server });
      const peer = federation.peers.get(place);
      if (peer === undefined)
        return { kind: 'no-connection', why: 'refused', message: 'connect ECONNREFUSED' };
      if (request.path.includes('%'))
        return { kind: 'no-response', tls: tls(peer, request), message: 'no such path' };
      const document = request.path.startsWith('/_matrix/key/')
        ? serverKeys({ server_name: peer.serverName, valid_until_ts: Date.UTC(2100, 0) })
        : { server: { name: 'Lab', version: '1' } };
      return answered(tls(peer, request), document);
    },
  };
  return federation;
}

function answered(sight: TlsSight, document: object): HttpsOutcome {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(document);
  return { kind: 'response', tls: sight, response: { status: 200, headers, body, oversized: false } };
}

function tls(
  { serverName, certificateFor = serverName, sha256 = 'aa', distrust, alone }: FakePeer,
  { certName }: HttpsRequest,
): TlsSight {
  const dates = { notBefore: new Date('2026-01-01'), notAfter: new Date('2030-01-01') };
  const leaf = { subject: certificateFor, issuer: 'CA', names: [certificateFor], sha256, selfIssued: false };
  const issuer = { subject: 'CA', issuer: 'Root', names: [], sha256: 'ca', selfIssued: false };
  return {
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    chain: [{ ...leaf, ...dates }, ...(alone === true ? [] : [{ ...issuer, ...dates }])],
    namesMatch: certificateFor === certName,
    distrust: distrust ?? null,
  };
}
