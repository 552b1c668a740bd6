import assert from 'node:assert/strict';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { Change, DnsProvider, RRset, Zone } from '../../../src/provider.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { srv, testCtx } from '../../conformance/target.ts';
import { startBind } from '../../support/bind.ts';
import { freePort } from '../../support/free-port.ts';
import type { NameServer } from '../../support/name-server.ts';
import { openRfc2136 } from '../../support/rfc2136.ts';
import { type TcpRelay, startTcpRelay } from '../../support/tcp-relay.ts';
import { transferZone } from '../../support/zone-tools.ts';

const ZONE: Zone = { id: 'example.test.', name: parseDomainName('example.test') };

describe('rfc2136 on the wire', () => {
  let server: NameServer | undefined;
  let relay: TcpRelay | undefined;
  let provider: DnsProvider | undefined;
  let label = 0;
  before(async () => {
    server = await startBind({ zones: ['example.test'] });
  });
  after(() => server?.stop());
  beforeEach(async () => {
    assert.ok(server !== undefined);
    relay = await startTcpRelay(server.port);
    provider = openRfc2136(relay.port, server.key, { timeout: 0.3 });
  });
  afterEach(async () => {
    await provider?.close?.();
    await relay?.stop();
  });

  function ready(): { provider: DnsProvider; relay: TcpRelay; server: NameServer } {
    assert.ok(provider !== undefined && relay !== undefined && server !== undefined);
    return { provider, relay, server };
  }
  /** A new TXT value. */
  function change(): Extract<Change, { readonly type: 'TXT' }> {
    label += 1;
    const name = parseDomainName(`_acme-challenge.n${label}.example.test`);
    return { op: 'add', name, type: 'TXT', ttl: 60, values: ['value'] };
  }
  async function stored({ name }: { readonly name: string }): Promise<boolean> {
    return (await transferZone(ready().server, 'example.test')).some((line) => line.startsWith(`${name} `));
  }
  function read(...changes: readonly { name: Zone['name'] }[]): Promise<readonly (RRset | null)[]> {
    const keys = changes.map(({ name }) => ({ name, type: 'TXT' as const }));
    return ready().provider.readRRsets(ZONE, keys, testCtx());
  }

  it('writes an SRV RRset and a challenge value in one round trip', async () => {
    const { provider, relay } = ready();
    const rrset = srv(parseDomainName('_matrix-fed._tcp.example.test'), [
      { priority: 1, weight: 1, port: 8448, target: parseDomainName('matrix.example.test') },
    ]);
    await provider.apply(ZONE, [{ op: 'put', rrset, expect: 'absent' }, change()], testCtx());
    assert.equal(relay.connections(), 1);
    assert.equal(relay.sent().length, 1);
  });

  it('reads and writes on one connection', async () => {
    const { provider, relay } = ready();
    const changes = [change(), change()];
    await read(...changes);
    await provider.apply(ZONE, changes, testCtx());
    await Promise.all([read(...changes), read(change())]);
    assert.equal(relay.connections(), 1);
  });

  it('asks again on a new connection when the server has hung up', async () => {
    const { provider, relay } = ready();
    await read(change());
    await relay.hangUp();
    assert.deepEqual(await read(change()), [null]);
    await relay.hangUp();
    const value = change();
    await provider.apply(ZONE, [value], testCtx());
    assert.ok(await stored(value));
    assert.equal(relay.connections(), 3);
  });

  it('reads once more when the server hangs up under the question', async () => {
    const { relay } = ready();
    await read(change());
    relay.mode = { kind: 'cut' };
    const pending = assertRefused(read(change()), 'E_PROVIDER_UNAVAILABLE');
    const error = await pending;
    assert.equal(error.outcome, 'not-applied');
    assert.equal(relay.connections(), 2);
  });

  it('does not know what became of a write whose answer is lost', async () => {
    const { provider, relay } = ready();
    relay.mode = { kind: 'swallow' };
    const value = change();
    const error = await assertRefused(provider.apply(ZONE, [value], testCtx()), 'E_PROVIDER_TIMEOUT');
    assert.equal(error.outcome, 'unknown');
    assert.equal(error.retry.kind, 'backoff');
    assert.ok(await stored(value));
  });

  it('does not write twice when the server hangs up under a write', async () => {
    const { provider, relay } = ready();
    await read(change());
    const sent = relay.sent().length;
    relay.mode = { kind: 'cut' };
    const error = await assertRefused(provider.apply(ZONE, [change()], testCtx()), 'E_PROVIDER_UNAVAILABLE');
    assert.equal(error.outcome, 'unknown');
    assert.equal(relay.sent().length, sent + 1);
  });

  it('knows that nothing was written when a read or a connection fails', async () => {
    const { relay, server } = ready();
    relay.mode = { kind: 'swallow' };
    const late = await assertRefused(read(change()), 'E_PROVIDER_TIMEOUT');
    assert.equal(late.outcome, 'not-applied');
    const nobody = openRfc2136(await freePort(), server.key);
    const refused = await assertRefused(nobody.apply(ZONE, [change()], testCtx()), 'E_PROVIDER_UNAVAILABLE');
    assert.equal(refused.outcome, 'not-applied');
    assert.equal(refused.retry.kind, 'backoff');
    assert.match(refused.message, /ECONNREFUSED/);
  });

  it('goes on after an answer that never came', async () => {
    const { relay } = ready();
    relay.mode = { kind: 'swallow' };
    await assertRefused(read(change()), 'E_PROVIDER_TIMEOUT');
    relay.mode = { kind: 'pass' };
    assert.deepEqual(await read(change()), [null]);
    assert.equal(relay.connections(), 2);
  });

  it('believes no answer that was changed on the way', async () => {
    const { provider, relay } = ready();
    relay.mode = { kind: 'rewrite', rewrite: otherRcode };
    const error = await assertRefused(provider.apply(ZONE, [change()], testCtx()), 'E_PROVIDER_AUTH');
    assert.equal(error.outcome, 'unknown');
    await assertRefused(read(change()), 'E_PROVIDER_AUTH');
  });

  it('believes no answer without a signature', async () => {
    const { relay } = ready();
    relay.mode = { kind: 'rewrite', rewrite: withoutAdditional };
    await assertRefused(read(change()), 'E_PROVIDER_AUTH');
  });

  it('takes answers that come octet by octet', async () => {
    const { relay } = ready();
    const value = change();
    relay.mode = { kind: 'dribble' };
    await ready().provider.apply(ZONE, [value], testCtx());
    assert.deepEqual(
      (await read(value)).map((rrset) => rrset?.values),
      [['value']],
    );
  });

  it('refuses a change that does not fit in one message, and sends nothing', async () => {
    const { provider, relay } = ready();
    const values = Array.from({ length: 300 }, (_, index) => `${index}`.padEnd(255, 'x'));
    const error = await assertRefused(
      provider.apply(ZONE, [{ ...change(), values }], testCtx()),
      'E_PROVIDER_REJECTED',
    );
    assert.equal(error.outcome, 'not-applied');
    assert.equal(relay.connections(), 0);
  });

  it('gives up on a server that sends noise', async () => {
    const { provider, relay } = ready();
    relay.mode = { kind: 'rewrite', rewrite: () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') };
    const error = await assertRefused(provider.apply(ZONE, [change()], testCtx()), 'E_PROVIDER_TIMEOUT');
    assert.equal(error.outcome, 'unknown');
  });
});

/** NXRRSET becomes NOERROR, NOERROR becomes NXRRSET. The frame begins with two octets of length. */
function otherRcode(answer: Buffer): Buffer {
  answer.writeUInt8(answer.readUInt8(5) ^ 8, 5);
  return answer;
}

function withoutAdditional(answer: Buffer): Buffer {
  answer.writeUInt16BE(0, 12);
  return answer;
}
