import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer } from 'node:tls';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { createTlsProbe } from '../../src/io/tls-probe.ts';
import type { CertificateMaterial, Endpoint } from '../../src/ports.ts';
import { selfSigned } from '../support/self-signed.ts';

const NAME = parseDomainName('a.example.org');
const { signal } = new AbortController();

const sha256 = ({ cert }: CertificateMaterial): string =>
  new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();
describe('the TLS probe', () => {
  let mine: CertificateMaterial;
  let other: CertificateMaterial;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const probe = createTlsProbe();

  before(async () => {
    [mine, other] = await Promise.all([selfSigned('a.example.org'), selfSigned('b.example.org')]);
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  });

  const listen = async (server: Server, host = '127.0.0.1'): Promise<Endpoint> => {
    servers.push(server.listen(0, host));
    server.on('connection', (socket) => sockets.add(socket));
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    return { address: host, port: address.port };
  };
  const tlsServer = (): Server =>
    createTlsServer({
      key: other.privateKey,
      cert: other.cert,
      SNICallback: (name, done) =>
        done(
          null,
          name === 'a.example.org'
            ? createSecureContext({ key: mine.privateKey, cert: mine.cert })
            : undefined,
        ),
    }).on('tlsClientError', () => {});

  it('sees the certificate that is served for the name, trusted or not', async () => {
    const server = await listen(tlsServer());
    assert.equal(await probe.servedLeaf(server, NAME, { signal }), sha256(mine));
    assert.equal(await probe.servedLeaf(server, parseDomainName('x.example.org'), { signal }), sha256(other));
  });

  it('connects to IPv6 addresses', async function () {
    const server = (await listen(tlsServer(), '::1').catch(() => null)) ?? this.skip();
    assert.equal(await probe.servedLeaf(server, NAME, { signal }), sha256(mine));
  });

  it('says when nothing listens', async () => {
    const closed = createTcpServer();
    const endpoint = await listen(closed);
    closed.close();
    await once(closed, 'close');
    await assert.rejects(probe.servedLeaf(endpoint, NAME, { signal }), {
      code: 'E_NOT_SERVED',
      message: /^127\.0\.0\.1:\d+ \(SNI a\.example\.org\) does not complete a TLS handshake/,
      hint: /nothing listens there/,
      retry: { kind: 'backoff' },
    });
  });

  it('says when something else than TLS answers', async () => {
    const server = await listen(
      createTcpServer((socket) => socket.on('error', () => {}).end('SSH-2.0-x\r\n')),
    );
    await assert.rejects(probe.servedLeaf(server, NAME, { signal }), {
      code: 'E_NOT_SERVED',
      hint: /does not speak TLS/,
    });
  });

  it('says when the server hangs up', async () => {
    const server = await listen(createTcpServer((socket) => socket.on('error', () => {}).destroy()));
    await assert.rejects(probe.servedLeaf(server, NAME, { signal }), { code: 'E_NOT_SERVED' });
  });

  it('gives up on silence, and at once on request', async () => {
    const server = await listen(createTcpServer(() => {}));
    await assert.rejects(createTlsProbe({ deadlineMs: 50 }).servedLeaf(server, NAME, { signal }), {
      code: 'E_NOT_SERVED',
      message: /no TLS handshake within 50 ms/,
    });
    const stop = new AbortController();
    const probing = probe.servedLeaf(server, NAME, { signal: stop.signal });
    setImmediate(() => stop.abort());
    await assert.rejects(probing, { code: 'E_ABORTED' });
    await assert.rejects(probe.servedLeaf(server, NAME, { signal: stop.signal }), { code: 'E_ABORTED' });
  });
});
