import { describeHttpFaults } from '../../conformance/http-laws.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import { httpreqTarget } from '../../targets/httpreq.ts';

describeProviderConformance('httpreq', httpreqTarget);
describeHttpFaults('httpreq', httpreqTarget);

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
