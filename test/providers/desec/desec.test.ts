import assert from 'node:assert/strict';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { Change, DnsProvider, DomainName, RRset, RRType, Zone } from '../../../src/provider.ts';
import { assertRRset, assertRefused } from '../../conformance/expectations.ts';
import { srv, testCtx, txt } from '../../conformance/target.ts';
import { type FakeDesec, startFakeDesec } from '../../fakes/desec.ts';
import { type HttpFault, type HttpRelay, startHttpRelay } from '../../support/http-relay.ts';
import { openDesec } from '../../targets/desec.ts';

const ZONE = 'example.test';
const NAME = parseDomainName(`_acme-challenge.${ZONE}`);
const SRV = parseDomainName(`_matrix-fed._tcp.${ZONE}`);
const OURS = { priority: 10, weight: 5, port: 8448, target: parseDomainName('ours.example.net') };
const THEIRS = {
  subname: '_matrix-fed._tcp',
  type: 'SRV',
  ttl: 3600,
  records: ['1 1 1 theirs.example.net.'],
};

describe('the deSEC adapter', () => {
  let fake: FakeDesec;
  let relay: HttpRelay;
  let provider: DnsProvider;
  let zone: Zone;
  beforeEach(async () => {
    fake = await startFakeDesec([ZONE, { name: 'low.test', minimumTtl: 60 }]);
    relay = await startHttpRelay(fake.url);
    provider = openDesec(`${relay.url}/api/v1`, fake.token);
    zone = await find(NAME);
  });
  afterEach(async () => {
    await relay.stop();
    await fake.stop();
  });
  const find = async (name: DomainName): Promise<Zone> => {
    const found = await provider.findZone(name, testCtx());
    assert.ok(found !== null);
    return found;
  };
  const apply = (...changes: readonly Change[]): Promise<unknown> => provider.apply(zone, changes, testCtx());
  const read = async (name: DomainName, type: RRType): Promise<RRset | null> =>
    (await provider.readRRsets(zone, [{ name, type }], testCtx()))[0] ?? null;
  const requests = (method: string): readonly string[] =>
    relay.requests.filter((each) => each.method === method).map(({ path }) => path);
  /** Another writer's hand, right before a request that writes. */
  const beforeWriting = (work: () => void): void => {
    relay.fault = ({ method }) => {
      if (method !== 'GET') work();
      return null;
    };
  };
  const answerWrites = (
    status: number,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): void => {
    relay.fault = ({ method }) =>
      method === 'GET' ? null : { kind: 'answer', status, headers, body: JSON.stringify(body) };
  };

  describe('the domain of a name', () => {
    it('costs one request', () => {
      assert.deepEqual(relay.requests, [
        { method: 'GET', path: `/api/v1/domains/?owns_qname=_acme-challenge.${ZONE}` },
      ]);
    });

    it('is found for a name longer than a domain can be', async () => {
      const long = parseDomainName(`${'a.'.repeat(100)}${ZONE}`);
      assert.equal((await find(long)).name, zone.name);
    });

    it('is the same one when the config names it', async () => {
      const named = { id: zone.name, name: zone.name };
      assert.deepEqual(zone, named);
      await provider.apply(named, [add('value', 60)], testCtx());
      assert.deepEqual(fake.records(ZONE, '_acme-challenge', 'TXT'), ['"value"']);
    });

    it('is nothing when the API names one that the name does not lie in', async () => {
      const body = JSON.stringify([{ name: 'other.test', minimum_ttl: 3600 }]);
      relay.fault = () => ({ kind: 'answer', status: 200, body });
      assert.equal(await provider.findZone(NAME, testCtx()), null);
    });
  });

  describe('the minimum TTL of the domain', () => {
    it('is what a challenge value has that wants less', async () => {
      await apply(add('value', 60));
      assertRRset(await read(NAME, 'TXT'), txt(NAME, ['value'], 3600));
      // It came with the domain.
      assert.ok(!requests('GET').includes(`/api/v1/domains/${ZONE}/`));
    });

    it('is asked for where the zone is known from before', async () => {
      const fresh = openDesec(`${relay.url}/api/v1`, fake.token);
      await fresh.apply(zone, [add('value', 60)], testCtx());
      await fresh.apply(zone, [add('another', 60)], testCtx());
      assert.equal(requests('GET').filter((path) => path === `/api/v1/domains/${ZONE}/`).length, 1);
      assertRRset(await read(NAME, 'TXT'), txt(NAME, ['value', 'another'], 3600));
    });

    it('may be lower than that of other domains', async () => {
      const name = parseDomainName('_acme-challenge.low.test');
      zone = await find(name);
      await apply({ op: 'add', name, type: 'TXT', ttl: 120, values: ['value'] });
      assertRRset(await read(name, 'TXT'), txt(name, ['value'], 120));
    });

    it('is named when SRV records want less, and nothing is changed', async () => {
      const put: Change = { op: 'put', rrset: srv(SRV, [OURS], 300), expect: 'absent' };
      const error = await assertRefused(apply(put, add('value', 60)), 'E_PROVIDER_REJECTED');
      assert.match(error.hint ?? '', /^3600 s is the minimum TTL/);
      assert.match(error.message, /_matrix-fed\._tcp\.example\.test\. SRV: ttl: Ensure this value/);
      assert.equal(error.outcome, 'not-applied');
      assert.deepEqual(fake.snapshot(ZONE), []);
    });

    it('is asked for again when it has turned out to be another', async () => {
      fake.setMinimumTtl(ZONE, 7200);
      await assertRefused(apply(add('value', 60)), 'E_PROVIDER_REJECTED');
      await apply(add('value', 60));
      assertRRset(await read(NAME, 'TXT'), txt(NAME, ['value'], 7200));
    });

    it('may rise without harm to the RRsets that are there', async () => {
      await apply(add('value', 3600));
      fake.setMinimumTtl(ZONE, 7200);
      await apply(add('another', 3600));
      assertRRset(await read(NAME, 'TXT'), txt(NAME, ['value', 'another'], 3600));
    });
  });

  describe('a change', () => {
    it('of many RRsets is one request', async () => {
      await apply({ op: 'put', rrset: srv(SRV, [OURS], 3600), expect: 'absent' }, add('value', 60));
      const seen = await read(SRV, 'SRV');
      assert.ok(seen !== null);
      await apply({ op: 'delete', rrset: seen }, add('another', 60));
      assert.deepEqual([requests('POST').length, requests('PATCH').length], [1, 1]);
      assert.deepEqual(fake.snapshot(ZONE), [
        '_acme-challenge.example.test. 3600 IN TXT "another"',
        '_acme-challenge.example.test. 3600 IN TXT "value"',
      ]);
    });

    it('at the apex is made at the apex', async () => {
      const name = parseDomainName(ZONE);
      await apply({ op: 'add', name, type: 'TXT', ttl: 60, values: ['value'] });
      assertRRset(await read(name, 'TXT'), txt(name, ['value'], 3600));
      assert.deepEqual(fake.snapshot(ZONE), ['example.test. 3600 IN TXT "value"']);
    });

    it('is not made at all when one precondition of several does not hold', async () => {
      fake.put(ZONE, THEIRS);
      const put: Change = { op: 'put', rrset: srv(SRV, [OURS], 3600), expect: 'absent' };
      const error = await assertRefused(apply(add('value', 60), put), 'E_PROVIDER_CONFLICT');
      assert.equal(error.outcome, 'not-applied');
      assert.deepEqual(requests('POST').concat(requests('PATCH')), []);
    });
  });

  describe('against another writer', () => {
    it('does not overwrite an RRset that appeared since it looked', async () => {
      beforeWriting(() => fake.put(ZONE, THEIRS));
      const put: Change = { op: 'put', rrset: srv(SRV, [OURS], 3600), expect: 'absent' };
      const error = await assertRefused(apply(add('value', 60), put), 'E_PROVIDER_CONFLICT');
      assert.deepEqual([error.outcome, error.retry.kind], ['not-applied', 'backoff']);
      assert.deepEqual(fake.snapshot(ZONE), [
        '_matrix-fed._tcp.example.test. 3600 IN SRV 1 1 1 theirs.example.net.',
      ]);
    });

    it('adds its challenge value to one that came since it looked', async () => {
      const theirs = { subname: '_acme-challenge', type: 'TXT', ttl: 3600, records: ['"theirs"'] };
      let late = true;
      beforeWriting(() => {
        if (late) fake.put(ZONE, theirs);
        late = false;
      });
      await apply(add('ours', 60));
      assertRRset(await read(NAME, 'TXT'), txt(NAME, ['ours', 'theirs'], 3600));
    });

    for (const [what, rrset] of Object.entries({
      values: srv(SRV, [{ ...OURS, port: 443 }], 3600),
      TTL: srv(SRV, [OURS], 7200),
    }))
      it(`does not make an RRset again that was deleted since it looked (${what})`, async () => {
        await apply({ op: 'put', rrset: srv(SRV, [OURS], 3600), expect: 'absent' });
        const seen = await read(SRV, 'SRV');
        assert.ok(seen !== null);
        beforeWriting(() => fake.erase(ZONE, '_matrix-fed._tcp', 'SRV'));
        await assertRefused(apply({ op: 'put', rrset, expect: seen }), 'E_PROVIDER_CONFLICT');
        assert.deepEqual(fake.snapshot(ZONE), []);
      });

    it('does not write beside a CNAME that appeared since it looked', async () => {
      const alias = { subname: '_acme-challenge', type: 'CNAME', ttl: 3600, records: ['elsewhere.test.'] };
      beforeWriting(() => fake.put(ZONE, alias));
      await assertRefused(apply(add('value', 60)), 'E_RECORD_CNAME');
    });
  });

  describe('a refusal', () => {
    it('for want of a policy says so', async () => {
      const [domain, subname] = [ZONE, '_acme-challenge'];
      fake.policies = [
        { domain: null, subname: null, type: null, perm_write: false },
        { domain, subname, type: 'TXT', perm_write: true },
      ];
      await apply(add('value', 60));
      const put: Change = { op: 'put', rrset: srv(SRV, [OURS], 3600), expect: 'absent' };
      const error = await assertRefused(apply(put), 'E_PROVIDER_FORBIDDEN');
      assert.match(error.hint ?? '', /policy with perm_write/);
      assert.match(error.message, /do not have permission/);
    });

    it('for too many writes waits for hours', async () => {
      fake.writesLeft = 0;
      const since = Date.now();
      const error = await assertRefused(apply(add('value', 60)), 'E_PROVIDER_RATE_LIMITED');
      assert.ok(error.retry.kind === 'at');
      assert.ok(error.retry.at.getTime() - since >= 8 * 3_600_000);
      assert.equal(error.outcome, 'not-applied');
    });

    it('of a bad token tells what may be wrong with it', async () => {
      const error = await assertRefused(
        openDesec(fake.url, 'wrong').findZone(NAME, testCtx()),
        'E_PROVIDER_AUTH',
      );
      assert.match(error.message, /Invalid token/);
      assert.match(error.hint ?? '', /max_age.*allowed_subnets/);
    });

    it('of a domain that is gone is no empty zone', async () => {
      const gone = { id: 'gone.test', name: parseDomainName('gone.test') };
      const key = { name: parseDomainName('a.gone.test'), type: 'TXT' as const };
      await assertRefused(provider.readRRsets(gone, [key], testCtx()), 'E_ZONE_NOT_FOUND');
    });

    const target = { ...OURS, target: parseDomainName('_no-host.example.net') };
    it('of one RRset of several names it, and quotes what is wrong', async () => {
      const put: Change = { op: 'put', rrset: srv(SRV, [target], 3600), expect: 'absent' };
      const error = await assertRefused(apply(add('value', 60), put), 'E_PROVIDER_REJECTED');
      assert.match(
        error.message,
        /400: _matrix-fed\._tcp\.example\.test\. SRV: Cannot parse record contents: invalid target/,
      );
    });

    const bodies: readonly (readonly [number, unknown, ErrorCode, RegExp])[] = [
      [400, { detail: 'JSON parse error' }, 'E_PROVIDER_REJECTED', /400: JSON parse error/],
      [400, ['Total length of RRset exceeds limit'], 'E_PROVIDER_REJECTED', /400: Total length of RRset/],
      [400, [{ records: [{}, { content: ['Too long.'] }] }], 'E_PROVIDER_REJECTED', /TXT: records: Too long/],
      [
        400,
        [{ subname: ['Too long.', 'Bad.'] }],
        'E_PROVIDER_REJECTED',
        /subname: Too long\.; .*subname: Bad/,
      ],
      [400, null, 'E_PROVIDER_REJECTED', /answers 400$/],
      [409, { detail: 'Conflict: duplicate key' }, 'E_PROVIDER_CONFLICT', /409: Conflict: duplicate key/],
      [503, { detail: 'Please try later' }, 'E_PROVIDER_UNAVAILABLE', /503: Please try later/],
    ];
    for (const [status, body, code, words] of bodies)
      it(`${status} ${JSON.stringify(body)} is ${code}`, async () => {
        answerWrites(status, body);
        assert.match((await assertRefused(apply(add('value', 60)), code)).message, words);
      });
  });

  describe('a long list', () => {
    it('is read page by page, and each page once', async () => {
      for (let at = 0; at < 1201; at += 1)
        fake.put(ZONE, { subname: `n${at}`, type: 'TXT', ttl: 3600, records: ['"x"'] });
      const keys = [0, 600, 1200].map((at) => ({
        name: parseDomainName(`n${at}.${ZONE}`),
        type: 'TXT' as const,
      }));
      const before = relay.requests.length;
      const found = await provider.readRRsets(zone, keys, testCtx());
      assert.ok(found.every((each) => each !== null));
      assert.equal(relay.requests.length - before, 3);
    });

    it('loses nothing of what stays when others come and go between two pages', async () => {
      for (let at = 0; at < 1001; at += 1)
        fake.put(ZONE, { subname: `n${at}`, type: 'TXT', ttl: 3600, records: ['"x"'] });
      relay.fault = ({ path }) => {
        if (!path.endsWith('cursor=')) {
          fake.erase(ZONE, 'n1000', 'TXT');
          fake.put(ZONE, THEIRS);
        }
        return null;
      };
      const keys = Array.from({ length: 1000 }, (_, at) => ({
        name: parseDomainName(`n${at}.${ZONE}`),
        type: 'TXT' as const,
      }));
      const found = await provider.readRRsets(zone, keys, testCtx());
      assert.ok(found.every((each) => each !== null));
    });

    it('whose next page is elsewhere takes no credentials there', async () => {
      relay.fault = ({ path }) =>
        emptyPage(
          path.endsWith('cursor=') ? { link: '<https://elsewhere.invalid/?cursor=cD0x>; rel="next"' } : {},
        );
      assert.equal(await read(NAME, 'TXT'), null);
      assert.match(
        requests('GET').at(-1) ?? '',
        /^\/api\/v1\/domains\/example\.test\/rrsets\/\?.*cursor=cD0x$/,
      );
    });

    it('that goes round in a circle, or has no cursor, is not taken for a whole one', async () => {
      for (const to of ['?cursor=cD0x', '?page=2', '?cursor=']) {
        relay.fault = () => emptyPage({ link: `<https://elsewhere.invalid/${to}>; rel="next"` });
        await assertRefused(read(NAME, 'TXT'), 'E_PROVIDER_UNAVAILABLE');
      }
    });
  });

  it('does not take records that it cannot read for none', async () => {
    fake.put(ZONE, { subname: '_matrix-fed._tcp', type: 'SRV', ttl: 3600, records: ['1 1'] });
    await assertRefused(read(SRV, 'SRV'), 'E_PROVIDER_UNAVAILABLE');
  });

  it('takes a text for one value, however it is cut into strings', async () => {
    const records = ['"ab"', '"a" "b"'];
    fake.put(ZONE, { subname: '_acme-challenge', type: 'TXT', ttl: 3600, records });
    assertRRset(await read(NAME, 'TXT'), txt(NAME, ['ab'], 3600));
  });

  describe('check', () => {
    it('tells a bad token, and asks no more', async () => {
      provider = openDesec(fake.url, 'wrong');
      const [first, ...more] = await items(provider);
      assert.deepEqual([first?.[0], more.length], [false, 0]);
      assert.match(first?.[1] ?? '', /Invalid token/);
    });

    it('tells a token without limits from one with policies', async () => {
      assert.match((await items(provider)).at(-1)?.join(' ') ?? '', /^true no policy limits the token/);
      fake.policies = [{ domain: null, subname: null, type: null, perm_write: false }];
      assert.match(
        (await items(provider)).at(-1)?.join(' ') ?? '',
        /^true policies limit what the token writes/,
      );
      assert.deepEqual(requests('POST').concat(requests('PATCH')), []);
    });

    it('tells an account without domains', async () => {
      const empty = await startFakeDesec([]);
      try {
        provider = openDesec(empty.url, empty.token);
        assert.deepEqual(
          (await items(provider)).map(([ok]) => ok),
          [true, false, true],
        );
      } finally {
        await empty.stop();
      }
    });
  });
});

/** A page without RRsets. */
function emptyPage(headers: Readonly<Record<string, string>>): HttpFault {
  return { kind: 'answer', status: 200, headers, body: '[]' };
}

async function items(provider: DnsProvider): Promise<readonly (readonly [boolean, string])[]> {
  return (await provider.check(testCtx())).map(({ ok, message }) => [ok, message]);
}

function add(value: string, ttl: number): Change {
  return { op: 'add', name: NAME, type: 'TXT', ttl, values: [value] };
}
