import assert from 'node:assert/strict';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { Change, DnsProvider, RRset, Zone } from '../../../src/provider.ts';
import { assertRRset, assertRefused, assertValues, rejection } from '../../conformance/expectations.ts';
import { srv, testCtx, txt } from '../../conformance/target.ts';
import { type FakeHetzner, startFakeHetzner } from '../../fakes/hetzner.ts';
import { type HttpRelay, startHttpRelay } from '../../support/http-relay.ts';
import { ZONE, openHetzner } from './scene.ts';

const NAME = parseDomainName(`_acme-challenge.${ZONE}`);
const SRV = parseDomainName(`_matrix-fed._tcp.${ZONE}`);
const OURS = { priority: 10, weight: 5, port: 8448, target: parseDomainName('ours.example.net') };
const LATER = { ...OURS, port: 443 };

describe('the Hetzner adapter', () => {
  let fake: FakeHetzner;
  let relay: HttpRelay;
  let provider: DnsProvider;
  let zone: Zone;
  beforeEach(async () => {
    fake = await startFakeHetzner([
      { name: ZONE, ttl: 7200 },
      { name: `copy.${ZONE}`, mode: 'secondary' },
    ]);
    relay = await startHttpRelay(fake.url);
    provider = openHetzner(relay.url, fake.token);
    const found = await provider.findZone(NAME, testCtx());
    assert.ok(found !== null);
    zone = found;
  });
  afterEach(async () => {
    await relay.stop();
    await fake.stop();
  });
  const apply = (...changes: readonly Change[]): Promise<unknown> => provider.apply(zone, changes, testCtx());
  const read = async (type: 'SRV' | 'TXT'): Promise<RRset | null> => {
    const [found] = await provider.readRRsets(zone, [{ name: type === 'SRV' ? SRV : NAME, type }], testCtx());
    return found ?? null;
  };
  /** Another writer's hand, right before the first request whose path ends like this. */
  const before = (end: string, work: () => void): void => {
    let done = false;
    relay.fault = ({ method, path }) => {
      if (!done && method !== 'GET' && path.endsWith(end)) {
        done = true;
        work();
      }
      return null;
    };
  };

  describe('against another writer', () => {
    it('does not overwrite an RRset that appeared since it looked', async () => {
      before('/rrsets', () => {
        fake.put(ZONE, '_matrix-fed._tcp', 'SRV', 300, [{ value: '1 1 1 theirs.example.net.' }]);
      });
      const put: Change = { op: 'put', rrset: srv(SRV, [OURS]), expect: 'absent' };
      const error = await assertRefused(apply(put), 'E_PROVIDER_CONFLICT');
      assert.equal(error.outcome, 'not-applied');
      assert.deepEqual(fake.records(ZONE, '_matrix-fed._tcp', 'SRV'), [
        { value: '1 1 1 theirs.example.net.' },
      ]);
    });

    it('keeps a challenge value that came since it looked', async () => {
      const theirs = { value: '"theirs"' };
      before('/add_records', () => {
        fake.put(ZONE, '_acme-challenge', 'TXT', 60, [theirs]);
      });
      await apply(add('ours'));
      assertValues(await read('TXT'), ['ours', 'theirs']);
      before('/remove_records', () => {
        fake.put(ZONE, '_acme-challenge', 'TXT', 60, [theirs, { value: '"ours"' }, { value: '"third"' }]);
      });
      await apply({ op: 'remove', name: NAME, type: 'TXT', ttl: 60, values: ['ours'] });
      assertValues(await read('TXT'), ['theirs', 'third']);
    });

    it('calls it a conflict when what it changes is gone', async () => {
      fake.put(ZONE, '_acme-challenge', 'TXT', 60, [{ value: '"ours"' }]);
      before('/remove_records', () => {
        fake.erase(ZONE, '_acme-challenge', 'TXT');
      });
      const error = await assertRefused(
        apply({ op: 'remove', name: NAME, type: 'TXT', ttl: 60, values: ['ours'] }),
        'E_PROVIDER_CONFLICT',
      );
      assert.equal(error.retry.kind, 'backoff');
    });
  });

  describe('records', () => {
    it('without a TTL have that of the zone', async () => {
      fake.put(ZONE, '_acme-challenge', 'TXT', null, [{ value: '"old"' }]);
      assertRRset(await read('TXT'), txt(NAME, ['old'], 7200));
    });

    it('are removed as they are spelled there', async () => {
      fake.put(ZONE, '_acme-challenge', 'TXT', 60, [{ value: '"in" "two"' }, { value: '"kept"' }]);
      await apply({ op: 'remove', name: NAME, type: 'TXT', ttl: 60, values: ['intwo'] });
      assert.deepEqual(fake.records(ZONE, '_acme-challenge', 'TXT'), [{ value: '"kept"' }]);
    });

    it('that stay keep their comments', async () => {
      const ours = { value: '10 5 8448 ours.example.net.', comment: 'do not touch' };
      fake.put(ZONE, '_matrix-fed._tcp', 'SRV', 300, [ours]);
      await apply({ op: 'put', rrset: srv(SRV, [OURS, LATER]), expect: srv(SRV, [OURS]) });
      assert.deepEqual(fake.records(ZONE, '_matrix-fed._tcp', 'SRV'), [
        { value: '10 5 443 ours.example.net.' },
        ours,
      ]);
    });

    it('with a relative target point below the zone', async () => {
      fake.put(ZONE, '_matrix-fed._tcp', 'SRV', 300, [{ value: '10 5 8448 matrix' }]);
      const target = parseDomainName(`matrix.${ZONE}`);
      assertRRset(await read('SRV'), srv(SRV, [{ ...OURS, target }]));
    });

    it('that cannot be read are no absent RRset', async () => {
      fake.put(ZONE, '_acme-challenge', 'TXT', 60, [{ value: '"open' }]);
      await assertRefused(read('TXT'), 'E_PROVIDER_UNAVAILABLE');
    });
  });

  describe('an action', () => {
    it('that runs is asked for until it is done', async () => {
      fake.polls = 2;
      await apply(add('value'));
      assert.equal(relay.requests.filter(({ path }) => path.startsWith('/actions/')).length, 3);
    });

    it('that fails leaves an unknown outcome', async () => {
      fake.actionError = { code: 'action_failed', message: 'the name servers are away' };
      const error = await assertRefused(apply(add('value')), 'E_PROVIDER_UNAVAILABLE');
      assert.equal(error.outcome, 'unknown');
      assert.match(error.message, /the name servers are away \(action_failed\)/);
    });

    it('that cannot be looked at leaves an unknown outcome', async () => {
      relay.fault = ({ path }) => (path.startsWith('/actions/') ? { kind: 'answer', status: 429 } : null);
      const error = await assertRefused(apply(add('value')), 'E_PROVIDER_RATE_LIMITED');
      assert.equal(error.outcome, 'unknown');
    });

    it('is waited for no longer than wanted', async () => {
      fake.polls = Infinity;
      const stop = new AbortController();
      relay.fault = ({ path }) => {
        if (path.startsWith('/actions/'))
          setImmediate(() => {
            stop.abort();
          });
        return null;
      };
      const error = await rejection(provider.apply(zone, [add('value')], testCtx(stop.signal)));
      assert.deepEqual([error.code, error.outcome], ['E_ABORTED', 'unknown']);
    });
  });

  it('says that the first of two requests was made when the second fails', async () => {
    fake.put(ZONE, '_matrix-fed._tcp', 'SRV', 300, [{ value: '10 5 8448 ours.example.net.' }]);
    relay.fault = ({ path }) => (path.endsWith('/change_ttl') ? { kind: 'answer', status: 429 } : null);
    const put: Change = { op: 'put', rrset: srv(SRV, [LATER], 600), expect: srv(SRV, [OURS]) };
    const error = await assertRefused(apply(put), 'E_PROVIDER_RATE_LIMITED');
    assert.equal(error.outcome, 'partial');
    assertRRset(await read('SRV'), srv(SRV, [LATER], 300));
  });

  it('refuses a secondary zone, by name and by id', async () => {
    const name = parseDomainName(`_acme-challenge.copy.${ZONE}`);
    const error = await assertRefused(provider.findZone(name, testCtx()), 'E_PROVIDER_UNSUPPORTED');
    assert.match(error.hint ?? '', /primary server/);
    const byId = async (id: string): Promise<Zone | null> =>
      (await provider.zoneById?.(id, testCtx())) ?? null;
    await assertRefused(byId('1002'), 'E_PROVIDER_UNSUPPORTED');
    assert.deepEqual(await byId('1001'), zone);
    assert.equal(await byId('1'), null);
  });

  describe('check', () => {
    it('tells a bad token', async () => {
      const [first] = await openHetzner(fake.url, 'wrong').check(testCtx());
      assert.equal(first?.ok, false);
      assert.match(first.message, /unable to authenticate/);
    });

    it('tells a project without zones', async () => {
      const empty = await startFakeHetzner([]);
      try {
        const items = await openHetzner(empty.url, empty.token).check(testCtx());
        assert.deepEqual(
          items.map(({ ok }) => ok),
          [true, false],
        );
      } finally {
        await empty.stop();
      }
    });
  });

  describe('an error code', () => {
    const codes: readonly (readonly [number, string, ErrorCode, 'never' | 'backoff'])[] = [
      [401, 'unauthorized', 'E_PROVIDER_AUTH', 'never'],
      [403, 'token_readonly', 'E_PROVIDER_FORBIDDEN', 'never'],
      [403, 'forbidden', 'E_PROVIDER_FORBIDDEN', 'never'],
      [423, 'protected', 'E_PROVIDER_FORBIDDEN', 'never'],
      [423, 'locked', 'E_PROVIDER_CONFLICT', 'backoff'],
      [409, 'conflict', 'E_PROVIDER_CONFLICT', 'backoff'],
      [409, 'uniqueness_error', 'E_PROVIDER_CONFLICT', 'backoff'],
      [422, 'invalid_input', 'E_PROVIDER_REJECTED', 'never'],
      [422, 'incorrect_zone_mode', 'E_PROVIDER_UNSUPPORTED', 'never'],
      [503, 'maintenance', 'E_PROVIDER_UNAVAILABLE', 'backoff'],
      [429, 'rate_limit_exceeded', 'E_PROVIDER_RATE_LIMITED', 'backoff'],
    ];
    for (const [status, code, ours, retry] of codes)
      it(`${code} is ${ours}`, async () => {
        const body = JSON.stringify({ error: { code, message: 'because' } });
        relay.fault = ({ method }) => (method === 'GET' ? null : { kind: 'answer', status, body });
        const error = await assertRefused(apply(add('value')), ours);
        assert.equal(error.retry.kind, retry);
        assert.match(error.message, new RegExp(`because \\(${code}\\)`));
      });

    it('rate_limit_exceeded waits until RateLimit-Reset', async () => {
      const headers = { 'ratelimit-reset': '1795608000' };
      relay.fault = () => ({ kind: 'answer', status: 429, headers, body: '{}' });
      const { retry } = await assertRefused(read('TXT'), 'E_PROVIDER_RATE_LIMITED');
      assert.deepEqual(retry, { kind: 'at', at: new Date(1_795_608_000_000) });
    });

    it('not_found of a zone is no empty zone', async () => {
      const gone = { id: '9', name: zone.name };
      const reading = provider.readRRsets(gone, [{ name: NAME, type: 'TXT' }], testCtx());
      await assertRefused(reading, 'E_ZONE_NOT_FOUND');
    });
  });

  it('does not take a zone that changes between two pages for a whole one', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `n${index}`);
    for (const name of names) fake.put(ZONE, name, 'TXT', 60, [{ value: '"x"' }]);
    relay.fault = ({ path }) => {
      if (path.includes('page=2')) fake.erase(ZONE, 'n0', 'TXT');
      return null;
    };
    const keys = names.map((name) => ({ name: parseDomainName(`${name}.${ZONE}`), type: 'TXT' as const }));
    await assertRefused(provider.readRRsets(zone, keys, testCtx()), 'E_PROVIDER_UNAVAILABLE');
  });
});

function add(value: string): Change {
  return { op: 'add', name: NAME, type: 'TXT', ttl: 60, values: [value] };
}
