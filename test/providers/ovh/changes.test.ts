import assert from 'node:assert/strict';
import { createOvh } from '../../../providers/ovh/index.ts';
import { signature } from '../../../providers/ovh/api.ts';
import { ovhOptions } from '../../../providers/ovh/options.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { Change, DnsProvider, SrvRRset } from '../../../src/provider.ts';
import { assertRefused, assertValues } from '../../conformance/expectations.ts';
import { srv, testCtx } from '../../conformance/target.ts';
import { type FakeOvh, type FakeOvhZone, type FakeTrouble, startFakeOvh } from '../../fakes/ovh.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const KEYS = { applicationKey: 'app', applicationSecret: 'app-secret', consumerKey: 'consumer' };
const ZONE = { id: 'example.test.', name: parseDomainName('example.test') };
const NAME = parseDomainName('_acme-challenge.example.test');
const TXT = { name: NAME, type: 'TXT' } as const;
const SRV = parseDomainName('_matrix-fed._tcp.example.test');

const add = (...values: string[]): Change => ({ op: 'add', ...TXT, ttl: 60, values });
const matrix = (ttl: number, ...targets: string[]): SrvRRset =>
  srv(
    SRV,
    targets.map((target) => ({ priority: 10, weight: 5, port: 8448, target: parseDomainName(target) })),
    ttl,
  );

describe('OVH', () => {
  const folder = temporaryFolder();
  let fake: FakeOvh;
  let zone: FakeOvhZone;
  let requests: string[];
  /** What goes wrong with the requests that match, as often as told. */
  const fail = (pattern: RegExp, trouble: FakeTrouble, skip = 0): void => {
    let passes = skip;
    fake.trouble = (method, path) => {
      requests.push(`${method} ${path}`);
      if (!pattern.test(`${method} ${path}`)) return null;
      passes -= 1;
      return passes < 0 ? trouble : null;
    };
  };
  const open = (stateDirectory = folder()): DnsProvider =>
    createOvh(ovhOptions.parse({ ...KEYS, endpoint: fake.url }), { now: () => new Date(), stateDirectory });
  const timesAsked = (): number => requests.filter((each) => each === 'GET /auth/time').length;
  const published = (): string[] =>
    zone.published.map(({ subDomain, ttl, target }) => `${subDomain} ${ttl} ${target}`);

  beforeEach(async () => {
    fake = await startFakeOvh({ ...KEYS, zones: ['example.test'] });
    const [first] = fake.zones;
    assert.ok(first !== undefined);
    zone = first;
    requests = [];
    fail(/^$/, { status: 500, message: '' });
  });
  afterEach(() => fake.stop());

  it('looks names up in a crowded zone, in the place of every record', async () => {
    for (let index = 0; index < 500; index += 1)
      fake.add(zone, { fieldType: 'TXT', subDomain: `other${index}`, target: '"x"', ttl: 60 });
    const keys = Array.from({ length: 20 }, (_, index) => ({
      name: parseDomainName(`other${index * 20}.example.test`),
      type: 'TXT' as const,
    }));
    const found = await open().readRRsets(ZONE, keys, testCtx());
    assert.ok(found.every((rrset) => rrset?.type === 'TXT'));
    // The time, three lists of ids, and for each name a list and its record, with those that are merely alike.
    assert.ok(requests.length < 100, `${requests.length} requests`);
  });

  describe('publishing', () => {
    const REFRESH = /^POST .*\/refresh$/;
    const BROKEN: FakeTrouble = { status: 503, message: 'Service unavailable' };

    it('that fails leaves a change unpublished, and says that it is half done', async () => {
      const provider = open();
      fail(REFRESH, { status: 429, message: 'Too many requests' });
      const error = await assertRefused(
        provider.apply(ZONE, [add('a')], testCtx()),
        'E_PROVIDER_RATE_LIMITED',
      );
      assert.equal(error.outcome, 'partial');
      assert.deepEqual(published(), []);
    });

    it('that an earlier run did not come to is made up for by whoever looks next', async () => {
      const state = folder();
      fail(REFRESH, BROKEN);
      await assertRefused(open(state).apply(ZONE, [add('a')], testCtx()), 'E_PROVIDER_UNAVAILABLE');
      fail(/^$/, BROKEN);
      const next = open(state);
      assertValues((await next.readRRsets(ZONE, [TXT], testCtx()))[0] ?? null, ['a']);
      assert.deepEqual(published(), ['_acme-challenge 60 "a"']);
      requests = [];
      await next.readRRsets(ZONE, [TXT], testCtx());
      assert.deepEqual(
        requests.filter((request) => REFRESH.test(request)),
        [],
      );
    });

    it('is owed nothing where nothing was written', async () => {
      const state = folder();
      fail(/^POST .*\/record$/, { status: 403, errorCode: 'NOT_GRANTED_CALL', message: 'not granted' });
      const error = await assertRefused(
        open(state).apply(ZONE, [add('a', 'b')], testCtx()),
        'E_PROVIDER_FORBIDDEN',
      );
      assert.equal(error.outcome, 'not-applied');
      fail(/^$/, BROKEN);
      await open(state).readRRsets(ZONE, [TXT], testCtx());
      assert.deepEqual(
        requests.filter((request) => REFRESH.test(request)),
        [],
      );
    });

    it('is owed where the second of two records was refused', async () => {
      const state = folder();
      fail(/^POST .*\/record$/, { status: 400, class: 'Client::BadRequest', message: 'no' }, 1);
      const error = await assertRefused(
        open(state).apply(ZONE, [add('a', 'b')], testCtx()),
        'E_PROVIDER_REJECTED',
      );
      assert.equal(error.outcome, 'partial');
      fail(/^$/, BROKEN);
      await open(state).readRRsets(ZONE, [TXT], testCtx());
      assert.deepEqual(published(), ['_acme-challenge 60 "a"']);
    });
  });

  describe('a change', () => {
    it('replaces a record in place, so that there is no moment without one', async () => {
      const provider = open();
      const before = matrix(300, 'old.example.net');
      await provider.apply(ZONE, [{ op: 'put', rrset: before, expect: 'absent' }], testCtx());
      const [id] = zone.records.map((record) => record.id);
      requests = [];
      const after = matrix(600, 'new.example.net');
      await provider.apply(ZONE, [{ op: 'put', rrset: after, expect: before }], testCtx());
      assert.deepEqual(published(), ['_matrix-fed._tcp 600 10 5 8448 new.example.net.']);
      const writes = requests.filter((request) => !request.startsWith('GET '));
      assert.deepEqual(writes, [
        `PUT /domain/zone/example.test/record/${id}`,
        'POST /domain/zone/example.test/refresh',
      ]);
    });

    it('takes records that are there twice for one value, and removes both', async () => {
      const record = { fieldType: 'TXT', subDomain: '_acme-challenge', target: '"twice"', ttl: 60 };
      for (let times = 0; times < 2; times += 1) fake.add(zone, record);
      const provider = open();
      assertValues((await provider.readRRsets(ZONE, [TXT], testCtx()))[0] ?? null, ['twice']);
      await provider.apply(ZONE, [{ op: 'remove', ...TXT, ttl: 60, values: ['twice'] }], testCtx());
      assert.deepEqual(published(), []);
    });

    it('does not take a record for ours that the filter of OVH takes for it', async () => {
      fake.add(zone, { fieldType: 'TXT', subDomain: 'xacme-challenge', target: '"theirs"', ttl: 60 });
      const provider = open();
      assert.deepEqual(await provider.readRRsets(ZONE, [TXT], testCtx()), [null]);
      await provider.apply(ZONE, [add('ours')], testCtx());
      assert.deepEqual(published(), ['xacme-challenge 60 "theirs"', '_acme-challenge 60 "ours"']);
    });

    it('keeps the TTL that is the default of the zone', async () => {
      fake.add(zone, { fieldType: 'TXT', subDomain: '_acme-challenge', target: '"theirs"', ttl: 0 });
      await open().apply(ZONE, [add('ours')], testCtx());
      assert.deepEqual(published(), ['_acme-challenge 0 "theirs"', '_acme-challenge 0 "ours"']);
    });

    it('of a record that somebody deleted meanwhile is a conflict', async () => {
      const before = matrix(300, 'old.example.net');
      const provider = open();
      await provider.apply(ZONE, [{ op: 'put', rrset: before, expect: 'absent' }], testCtx());
      fake.trouble = (method) => {
        if (method === 'PUT') zone.records = [];
        return null;
      };
      const put: Change = { op: 'put', rrset: matrix(300, 'new.example.net'), expect: before };
      await assertRefused(provider.apply(ZONE, [put], testCtx()), 'E_PROVIDER_CONFLICT');
    });
  });

  describe('a request', () => {
    it('is signed as the documentation has it', () => {
      const request = { method: 'GET', url: 'https://eu.api.ovh.com/1.0/domains/', body: undefined };
      assert.equal(
        signature(
          request,
          'EXEgWIz07P0HYwtQDs7cNIqCiQaWSuHF',
          'MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1',
          1_366_560_945,
        ),
        '$1$d3705e8afb27a0d2970a322b96550abfc67bb798',
      );
    });

    it('asks for the time once, and again after the clock was set', async () => {
      const provider = open();
      await provider.findZone(NAME, testCtx());
      await provider.findZone(NAME, testCtx());
      assert.equal(timesAsked(), 1);
      fake.aheadMs = 600_000;
      const error = await assertRefused(provider.findZone(NAME, testCtx()), 'E_PROVIDER_CLOCK');
      assert.equal(error.retry.kind, 'backoff');
      assert.equal((await provider.findZone(NAME, testCtx()))?.name, ZONE.name);
      assert.equal(timesAsked(), 2);
    });

    const codes: readonly (readonly [FakeTrouble, ErrorCode])[] = [
      [{ status: 400, errorCode: 'INVALID_SIGNATURE', message: 'Invalid signature' }, 'E_PROVIDER_AUTH'],
      [{ status: 403, errorCode: 'INVALID_CREDENTIAL', message: 'not valid' }, 'E_PROVIDER_AUTH'],
      [{ status: 403, errorCode: 'INVALID_KEY', message: 'key is invalid' }, 'E_PROVIDER_AUTH'],
      [{ status: 403, errorCode: 'NOT_CREDENTIAL', message: 'no credential' }, 'E_PROVIDER_AUTH'],
      [{ status: 403, errorCode: 'NOT_GRANTED_CALL', message: 'not been granted' }, 'E_PROVIDER_FORBIDDEN'],
      [{ status: 403, class: 'Client::Forbidden', message: 'forbidden' }, 'E_PROVIDER_FORBIDDEN'],
      [
        { status: 404, class: 'Client::NotFound', message: 'This service does not exist' },
        'E_ZONE_NOT_FOUND',
      ],
      [{ status: 400, class: 'Client::BadRequest', message: 'Invalid target' }, 'E_PROVIDER_REJECTED'],
      [{ status: 500, class: 'Server::InternalServerError', message: 'oops' }, 'E_PROVIDER_UNAVAILABLE'],
    ];
    for (const [trouble, code] of codes)
      it(`refused as ${trouble.errorCode ?? trouble.class} is ${code}`, async () => {
        fail(/\/record$/, trouble);
        const error = await assertRefused(open().readRRsets(ZONE, [TXT], testCtx()), code);
        assert.ok(error.message.includes(trouble.message));
      });
  });

  it('is found wanting by the check where the keys see no zone, or no records', async () => {
    fail(/\/record$/, { status: 403, errorCode: 'NOT_GRANTED_CALL', message: 'not been granted' });
    const items = await open().check(testCtx());
    assert.deepEqual(
      items.map(({ ok }) => ok),
      [true, false],
    );
    fake.zones.splice(0);
    assert.match((await open().check(testCtx()))[0]?.message ?? '', /see no zone/);
  });

  it('has endpoints with names', () => {
    assert.equal(ovhOptions.parse(KEYS).endpoint, 'https://eu.api.ovh.com/1.0');
    assert.equal(
      ovhOptions.parse({ ...KEYS, endpoint: 'ovh-us' }).endpoint,
      'https://api.us.ovhcloud.com/1.0',
    );
    const bad = ovhOptions.safeParse({ ...KEYS, endpoint: 'ovh-de' });
    assert.match(bad.error?.issues[0]?.message ?? '', /expected ovh-eu, ovh-ca, ovh-us or a URL/);
  });
});
