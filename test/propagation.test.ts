import assert from 'node:assert/strict';
import { under } from '../src/dns/domain-name.ts';
import type { NameServer } from '../src/name-servers.ts';
import type { DnsResponse, Endpoint } from '../src/ports.ts';
import { awaitServed, propagationMs } from '../src/propagation.ts';
import { assertRefused } from './conformance/expectations.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { answer, silence } from './support/fake-dns.ts';
import { CHALLENGE, EXAMPLE, ctx } from './support/fake-ports.ts';

const at = (address: string): Endpoint => ({ address, port: 53 });
const NS1: NameServer = { name: 'ns1', endpoints: [at('192.0.2.1')] };
const NS2: NameServer = { name: 'ns2', endpoints: [at('192.0.2.2'), at('2001:db8::2')] };
const CACHE: NameServer = { ...NS1, configured: true };
const YES = answer('NOERROR', [{ name: CHALLENGE, ttl: 60, type: 'TXT', data: 'value' }]);
const NO = answer('NXDOMAIN');

/** Watches until the value is served; `says` gets the moment of each question. */
function watch(says: (address: string, now: number) => DnsResponse, timeoutMs = 10_000) {
  const clock = createFakeClock();
  const asked: { readonly address: string; readonly at: number }[] = [];
  const waitingFor: string[] = [];
  const dns = {
    async query({ address }: Endpoint): Promise<DnsResponse> {
      asked.push({ address, at: clock.monotonic() });
      return says(address, clock.monotonic());
    },
  };
  const wanted = {
    name: CHALLENGE,
    type: 'TXT' as const,
    description: '"value"',
    seen: ({ answers }: DnsResponse) => answers.some(({ data }) => data === 'value'),
  };
  const ports = {
    dns,
    clock,
    waitingFor: (names: readonly string[]) => void waitingFor.push(names.join(' ')),
  };
  return {
    asked,
    waitingFor,
    clock,
    done: (servers: readonly NameServer[] = [NS1, NS2], signal?: AbortSignal) =>
      awaitServed(wanted, servers, timeoutMs, ports, ctx(signal)),
  };
}

describe('a published value', () => {
  it('is there when every server serves it, asked once each and without a wait', async () => {
    const { done, asked, clock } = watch(() => YES);
    await done();
    assert.deepEqual(asked.map(({ address }) => address).sort(), ['192.0.2.1', '192.0.2.2', '2001:db8::2']);
    assert.equal(clock.monotonic(), 0);
  });

  it('is not there while one server lacks it, which is named to whoever waits', async () => {
    const { done, asked, waitingFor } = watch((address, now) =>
      address === '192.0.2.1' || now > 400 ? YES : NO,
    );
    await done();
    assert.equal(waitingFor.at(-1), 'ns2');
    assert.equal(
      asked.filter(({ address }) => address === '192.0.2.1').length,
      1,
      'who has it is not asked again',
    );
  });

  it('is looked for after 50 ms, then less and less often, up to every 5 s', async () => {
    const { done, asked } = watch((_, now) => (now < 60_000 ? NO : YES), 120_000);
    await done([NS1]);
    const pauses = asked.slice(1).map((each, index) => each.at - (asked[index]?.at ?? 0));
    assert.equal(pauses[0], 50);
    assert.ok(pauses.every((pause, index) => pause >= (pauses[index - 1] ?? 0)));
    assert.equal(pauses.at(-1), 5_000);
  });

  it('counts as served where an address cannot be reached and another one serves it', async () => {
    const { done } = watch((address) => {
      if (address.includes(':')) throw silence(at(address));
      return YES;
    });
    await done();
  });

  it('does not count as served where one address of a server still says otherwise', async () => {
    const { done } = watch((address) => (address.includes(':') ? NO : YES));
    const error = await assertRefused(done(), 'E_NOT_PROPAGATED');
    assert.match(error.message, /by ns2 \(\[2001:db8::2\]:53: it does not have it yet\)$/);
  });

  it('that is not served in time is an error that names each server and why', async () => {
    const { done, clock } = watch((address) => {
      if (address === '192.0.2.1') return answer('SERVFAIL');
      throw silence(at(address));
    });
    const error = await assertRefused(done(), 'E_NOT_PROPAGATED');
    assert.match(error.message, /TXT "value" is not served after 10 s/);
    assert.match(
      error.message,
      /ns1 \(192\.0\.2\.1:53: it answers SERVFAIL\), ns2 \(192\.0\.2\.2 is silent\)/,
    );
    assert.deepEqual(error.retry, { kind: 'backoff' });
    assert.equal(clock.monotonic(), 10_000);
  });

  it('is never seen in an answer that is an error, whatever it holds', async () => {
    const { done } = watch(() => ({ ...YES, rcode: 'SERVFAIL' }));
    await assertRefused(done([NS1]), 'E_NOT_PROPAGATED');
  });

  it('is missed at a server whose name has no address', async () => {
    const { done } = watch(() => YES);
    const error = await assertRefused(done([NS1, { name: 'lame', endpoints: [] }]), 'E_NOT_PROPAGATED');
    assert.match(error.message, /by lame \(its name has no address\)/);
  });

  it('is not asked of a cache again before what it remembers is over', async () => {
    const soa = {
      name: EXAMPLE,
      ttl: 7,
      type: 'SOA',
      data: { mname: under('ns1', EXAMPLE), serial: 1, minimum: 900 },
    } as const;
    const { done, asked } = watch(
      (_, now) => (now < 6_000 ? answer('NXDOMAIN', [], { authoritative: false, authority: [soa] }) : YES),
      60_000,
    );
    await done([CACHE]);
    assert.deepEqual(
      asked.map((each) => each.at),
      [0, 7_000],
    );
  });

  it('is asked of a cache that holds older values again when their TTL is over', async () => {
    const old = answer('NOERROR', [{ name: CHALLENGE, ttl: 30, type: 'TXT', data: 'older' }], {
      authoritative: false,
    });
    const { done, asked } = watch((_, now) => (now === 0 ? old : YES), 60_000);
    await done([CACHE]);
    assert.deepEqual(
      asked.map((each) => each.at),
      [0, 30_000],
    );
  });

  it('is waited for no longer than the caller wants', async () => {
    const stop = new AbortController();
    const { done } = watch((_, now) => {
      if (now > 1_000) stop.abort();
      return NO;
    });
    await assertRefused(done([NS1], stop.signal), 'E_ABORTED');
  });
});

function provider(maxMs: number, byHand?: true): Parameters<typeof propagationMs>[1] {
  return { propagation: { typicalMs: 0, maxMs }, ...(byHand === undefined ? {} : { byHand }) };
}

describe('the wait for the name servers', () => {
  it('is what the config says, else what is usual, or more where the provider is slow', () => {
    assert.equal(propagationMs(7_000, provider(900_000)), 7_000);
    assert.equal(propagationMs(undefined, provider(0)), 120_000);
    assert.equal(propagationMs(undefined, provider(900_000)), 900_000);
  });

  it('is the person’s own where a person makes the change', () => {
    assert.equal(propagationMs(7_000, provider(900_000, true)), 900_000);
  });
});
