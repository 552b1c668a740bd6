import assert from 'node:assert/strict';
import { createHttpreq } from '../../../providers/httpreq/index.ts';
import { httpreqOptions } from '../../../providers/httpreq/options.ts';
import { parseDomainName, under } from '../../../src/dns/domain-name.ts';
import type { Change, DnsProvider } from '../../../src/provider.ts';
import { assertRefused, rejection } from '../../conformance/expectations.ts';
import { describeHttpFaults } from '../../conformance/http-laws.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import { type ConformanceTarget, digest, testCtx } from '../../conformance/target.ts';
import { startFakeHttpreq } from '../../fakes/httpreq.ts';
import { freePort } from '../../support/free-port.ts';
import { startHttpRelay } from '../../support/http-relay.ts';
import { startMuteServer } from '../../support/mute-server.ts';

const PASSWORD = 'canary-of-httpreq';
const WRONG = 'canary-that-is-wrong';
const ZONE = parseDomainName('example.test');

function open(endpoint: string, more: object = {}): DnsProvider {
  const settings = { endpoint, zones: ['example.test'], username: 'delegated', password: PASSWORD, ...more };
  return createHttpreq(httpreqOptions.parse(settings), { now: () => new Date() });
}

async function setup(): Promise<ConformanceTarget> {
  const [server, mute] = await Promise.all([
    startFakeHttpreq({ zone: ZONE, username: 'delegated', password: PASSWORD }),
    startMuteServer(),
  ]);
  return {
    provider: open(server.url),
    zone: ZONE,
    secrets: [PASSWORD, WRONG, Buffer.from(`delegated:${PASSWORD}`).toString('base64')],
    answeredAlone: ['findZone', 'readRRsets'],
    takes: (value) => /^\p{ASCII}*$/u.test(value),
    snapshot: async () => server.snapshot(),
    async write(rrset) {
      assert.ok(rrset.type === 'TXT');
      server.write(rrset.name, rrset.values);
    },
    erase: async ({ name }) => server.write(name, []),
    alias: async () => assert.fail('nobody would see it'),
    mute: async () => open(`http://127.0.0.1:${mute.port}`),
    broken: async () => [open(server.url, { password: WRONG }), open(`http://127.0.0.1:${await freePort()}`)],
    http: { upstream: server.url, open: (url) => open(url), pageSize: Infinity },
    async stop() {
      await Promise.all([server.stop(), mute.stop()]);
    },
  };
}

describeProviderConformance('httpreq', setup);
describeHttpFaults('httpreq', setup);

describe('httpreq', () => {
  const zone = { id: ZONE, name: ZONE };
  const add = (...values: readonly string[]): Change[] => [
    { op: 'add', name: under('_acme-challenge', ZONE), type: 'TXT', ttl: 60, values },
  ];

  it('sends its password to nobody without one, and is refused by name', async () => {
    const server = await startFakeHttpreq({ zone: ZONE, username: 'delegated', password: PASSWORD });
    try {
      const nobody = open(server.url, { username: undefined, password: undefined });
      await assertRefused(nobody.apply(zone, add(digest('a')), testCtx()), 'E_PROVIDER_AUTH');
      const [item] = await nobody.check(testCtx());
      assert.equal(item?.ok, false);
      assert.match(item.hint ?? '', /credentials/);
    } finally {
      await server.stop();
    }
  });

  it('says where to look when the server has no such path, and whose zone it is not', async () => {
    const server = await startFakeHttpreq({ zone: ZONE, username: 'delegated', password: PASSWORD });
    try {
      const astray = open(`${server.url}/api`);
      const error = await assertRefused(
        astray.apply(zone, add(digest('a')), testCtx()),
        'E_PROVIDER_UNSUPPORTED',
      );
      assert.match(error.hint ?? '', /check `endpoint`/);
      const other = parseDomainName('other.test');
      const change: Change = { op: 'add', name: other, type: 'TXT', ttl: 60, values: [digest('a')] };
      const elsewhere = open(server.url, { zones: ['other.test'] });
      await assertRefused(
        elsewhere.apply({ id: other, name: other }, [change], testCtx()),
        'E_PROVIDER_FORBIDDEN',
      );
    } finally {
      await server.stop();
    }
  });

  it('that fails after the first of several values has done a part', async () => {
    const server = await startFakeHttpreq({ zone: ZONE, username: 'delegated', password: PASSWORD });
    const relay = await startHttpRelay(server.url);
    try {
      relay.fault = () => (relay.requests.length < 2 ? null : { kind: 'answer', status: 429, body: '' });
      const error = await rejection(open(relay.url).apply(zone, add(digest('a'), digest('b')), testCtx()));
      assert.deepEqual([error.code, error.outcome], ['E_PROVIDER_RATE_LIMITED', 'partial']);
      assert.equal(server.snapshot().length, 1);
    } finally {
      await relay.stop();
      await server.stop();
    }
  });

  it('needs a name with its password', () => {
    const base = { endpoint: 'https://dns.example.net', zones: ['example.test'] };
    assert.ok(httpreqOptions.safeParse(base).success);
    for (const half of [{ username: 'a' }, { password: 'b' }, { username: 'a:b', password: 'c' }])
      assert.ok(!httpreqOptions.safeParse({ ...base, ...half }).success);
  });
});
