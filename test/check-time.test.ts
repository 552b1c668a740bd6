import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { lookAtServer } from '../src/check.ts';
import { checkReport } from '../src/federation/check-report.ts';
import { parseDomainName } from '../src/dns/domain-name.ts';
import { aborted } from '../src/errors.ts';
import type { ServerSight } from '../src/federation/sight.ts';
import { parseServerName } from '../src/matrix/server-name.ts';
import type { Clock, DnsClient, DnsRecord, HttpsLooker } from '../src/ports.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { answer, silence } from './support/fake-dns.ts';
import { createFakeFederation } from './support/fake-federation.ts';

const NAME = 'example.org';
const RESOLVERS = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => ({ address, port: 53 }));
const ADDRESSES = [1, 2, 3, 4].flatMap((n): DnsRecord[] => [
  { name: parseDomainName('matrix.example.org'), type: 'A', ttl: 60, data: `203.0.113.${n}` },
  { name: parseDomainName('matrix.example.org'), type: 'AAAA', ttl: 60, data: `2001:db8::${n}` },
]);

/** Milliseconds of the io's own limits and of a slow line. */
const [DNS_TIMEOUT, ROUND_TRIP] = [2_000, 300];

interface World {
  readonly dns: (clock: Clock) => DnsClient;
  readonly https: (clock: Clock) => HttpsLooker;
}

/** An answer for the server's SRV record and the addresses; nothing else is there. */
function knowing(addresses: readonly DnsRecord[]): World['dns'] {
  return (clock) => ({
    async query(_server, { name, type }, { signal }) {
      // As the real client does: one signal ends many questions.
      setMaxListeners(0, signal);
      await clock.sleep(ROUND_TRIP, signal);
      if (name === `_matrix-fed._tcp.${NAME}.` && type === 'SRV') {
        const target = parseDomainName('matrix.example.org');
        return answer('NOERROR', [
          { name, type, ttl: 60, data: { priority: 10, weight: 5, port: 8448, target } },
        ]);
      }
      const asked = [...addresses, web].filter((record) => record.name === name && record.type === type);
      return answer('NOERROR', asked);
    },
  });
}

const web: DnsRecord = { name: parseDomainName(NAME), type: 'A', ttl: 60, data: '198.51.100.1' };

const deaf: World['dns'] = (clock) => ({
  async query(server, _question, { signal }) {
    setMaxListeners(0, signal);
    await clock.sleep(DNS_TIMEOUT, signal);
    throw silence(server);
  },
});

/** Takes the whole of what it is given, and says nothing. */
const dropping: World['https'] = (clock) => ({
  async get({ deadlineMs }, { signal }) {
    await clock.sleep(deadlineMs, signal).catch(() => Promise.reject(aborted(signal)));
    return { kind: 'no-connection', why: 'timeout', message: 'no answer' };
  },
  getPlain: () => Promise.reject(new Error('nobody is sent to plain HTTP')),
});

const answering: World['https'] = (clock) => {
  const federation = createFakeFederation();
  for (const record of ADDRESSES)
    if (record.type === 'A' || record.type === 'AAAA')
      federation.peers.set(`${record.data} 8448`, { serverName: NAME });
  return {
    ...federation,
    async get(request, ctx) {
      // TCP, TLS and HTTP.
      await clock.sleep(3 * ROUND_TRIP, ctx.signal);
      return federation.get(request, ctx);
    },
  };
};

/** @returns what was seen, and the milliseconds that it took by the clock of the world */
async function look({ dns, https }: World): Promise<{ readonly sight: ServerSight; readonly took: number }> {
  const clock = createFakeClock();
  const sight = await lookAtServer(
    parseServerName(NAME),
    { pins: [], lab: true },
    {
      clock,
      dice: { uniform: () => 0.5, token: () => 'x' },
      dns: dns(clock),
      https: https(clock),
      resolvers: RESOLVERS,
    },
    { signal: new AbortController().signal, log: SILENT, changeId: 'test' },
  );
  return { sight, took: clock.monotonic() };
}

const nothing = (): void => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

describe('the time that a look takes', () => {
  it('is below five seconds for a healthy server on a slow line, with eight addresses of both families', async () => {
    const { sight, took } = await look({ dns: knowing(ADDRESSES), https: answering });
    assert.equal(checkReport(sight).ok, true);
    assert.equal(sight.targets.length, 8);
    assert.ok(took > 0 && took < 5_000, `${took} ms`);
  });

  it('does not grow with the addresses that drop everything', async () => {
    const [one, eight] = await Promise.all([
      look({ dns: knowing(ADDRESSES.slice(0, 1)), https: dropping }),
      look({ dns: knowing(ADDRESSES), https: dropping }),
    ]);
    assert.equal(eight.sight.targets.length, 8);
    assert.equal(eight.took, one.took);
    assert.ok(eight.took < 15_000, `${eight.took} ms`);
    // Everything was looked at to its end, and not cut off by the limit of the whole.
    const messages = eight.sight.targets.map(({ keyAnswer }) => 'message' in keyAnswer && keyAnswer.message);
    assert.deepEqual(new Set(messages), new Set(['no answer']));
  });

  it('ends before fifteen seconds where no resolver answers, however many there are', async () => {
    const { sight, took } = await look({ dns: deaf, https: dropping });
    assert.equal(sight.deaf, true);
    assert.ok(took < 15_000, `${took} ms`);
  });
});
