/** What is its own: the endpoints of others, webhooks that lose records, filters in the place of zones. */
import assert from 'node:assert/strict';
import { createWebhook } from '../../../providers/webhook/index.ts';
import { webhookOptions } from '../../../providers/webhook/options.ts';
import { ROOT, parseDomainName } from '../../../src/dns/domain-name.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { Change, DnsProvider, RRset, RRsetKey, SrvData } from '../../../src/provider.ts';
import { assertRRset, assertRefused, assertValues } from '../../conformance/expectations.ts';
import { srv, testCtx } from '../../conformance/target.ts';
import {
  type FakeEndpoint,
  type FakeWebhook,
  type FakeWebhookOptions,
  startFakeWebhook,
} from '../../fakes/webhook.ts';
import { type HttpRelay, startHttpRelay } from '../../support/http-relay.ts';

const ZONE = { id: 'example.test.', name: parseDomainName('example.test') };
const CHALLENGE = parseDomainName('_acme-challenge.example.test');
const TXT: RRsetKey = { name: CHALLENGE, type: 'TXT' };
const DATA: SrvData = { priority: 10, weight: 5, port: 8448, target: parseDomainName('matrix.example.test') };
const SRV = srv(parseDomainName('_matrix-fed._tcp.example.test'), [DATA]);
const PUT_SRV: Change = { op: 'put', rrset: SRV, expect: 'absent' };
const ADD: Change = { op: 'add', ...TXT, type: 'TXT', ttl: 60, values: ['ours'] };
const REMOVE: Change = { ...ADD, op: 'remove' };

function open(url: string, settings: Readonly<Record<string, unknown>> = {}): DnsProvider {
  return createWebhook(webhookOptions.parse({ url, ...settings }), {
    now: () => new Date(),
    looksAgainMs: [1, 1],
  });
}

function apply(provider: DnsProvider, ...changes: readonly Change[]): Promise<unknown> {
  return provider.apply(ZONE, changes, testCtx());
}

async function read(provider: DnsProvider, key: RRsetKey): Promise<RRset | null> {
  const found = await provider.readRRsets(ZONE, [key], testCtx());
  return found[0] ?? null;
}

async function zoneAt(provider: DnsProvider, name: string): Promise<string | undefined> {
  const zone = await provider.findZone(parseDomainName(name), testCtx());
  return zone?.name;
}

/** A record of somebody else. */
function theirs(fields: Partial<FakeEndpoint> = {}): FakeEndpoint {
  return {
    dnsName: '_acme-challenge.example.test',
    recordType: 'TXT',
    targets: ['theirs'],
    recordTTL: 77,
    labels: { owner: 'somebody' },
    providerSpecific: [{ name: 'vendor/x', value: 'true' }],
    ...fields,
  };
}

describe('webhook', () => {
  let fake: FakeWebhook;
  let relay: HttpRelay | undefined;
  afterEach(async () => {
    await relay?.stop();
    relay = undefined;
    await fake.stop();
  });

  async function start(
    manner: Partial<FakeWebhookOptions> = {},
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<DnsProvider> {
    fake = await startFakeWebhook({ zones: ['example.test'], ...manner });
    return open(fake.url, settings);
  }

  describe('with endpoints of others', () => {
    it('says them again to the letter, and keeps all that it did not come to change', async () => {
      const provider = await start();
      fake.endpoints = [theirs()];
      await apply(provider, ADD);
      assert.deepEqual(fake.changes, [
        { updateOld: [theirs()], updateNew: [theirs({ targets: ['theirs', '"ours"'] })] },
      ]);
      await apply(provider, REMOVE);
      assert.deepEqual(fake.endpoints, [theirs()]);
    });

    it('deletes them to the letter', async () => {
      const provider = await start();
      fake.endpoints = [theirs({ targets: ['"ours"'] })];
      await apply(provider, REMOVE);
      assert.deepEqual(fake.changes, [{ delete: [theirs({ targets: ['"ours"'] })] }]);
    });

    it('touches only those that differ, where each record is an endpoint', async () => {
      const provider = await start({ per: 'record' });
      fake.endpoints = [theirs(), theirs({ targets: ['"ours"'], labels: {} }), theirs({ targets: ['more'] })];
      await apply(provider, REMOVE);
      assert.deepEqual(fake.changes, [{ delete: [theirs({ targets: ['"ours"'], labels: {} })] }]);
      assertValues(await read(provider, TXT), ['theirs', 'more']);
    });

    it('reads an RRset with a routing policy, and does not change it', async () => {
      const provider = await start();
      fake.endpoints = [theirs({ setIdentifier: 'eu' }), theirs({ setIdentifier: 'us', targets: ['us'] })];
      assertValues(await read(provider, TXT), ['theirs', 'us']);
      const error = await assertRefused(apply(provider, ADD), 'E_PROVIDER_UNSUPPORTED');
      assert.match(error.message, /routing policy/);
      assert.deepEqual(fake.changes, []);
    });

    it('does not mind names and types that it cannot know', async () => {
      const provider = await start();
      const odd = [
        { dnsName: 'a\\052b.example.test', recordType: 'TXT', targets: ['x'] },
        { dnsName: '_acme-challenge.example.test', recordType: 'NAPTR', targets: null },
      ];
      relay = await startHttpRelay(fake.url);
      relay.fault = () => ({ kind: 'answer', status: 200, body: JSON.stringify(odd) });
      assert.equal(await read(open(relay.url), TXT), null);
      relay.fault = () => ({ kind: 'answer', status: 200, body: 'null' });
      assert.equal(await read(open(relay.url), TXT), null);
      const broken = [{ dnsName: SRV.name, recordType: 'SRV', targets: ['10 5 matrix.example.test'] }];
      relay.fault = () => ({ kind: 'answer', status: 200, body: JSON.stringify(broken) });
      await assertRefused(read(open(relay.url), SRV), 'E_PROVIDER_UNAVAILABLE');
      await provider.close?.();
    });
  });

  it('reads an SRV record whose target lost its dot, the root as well', async () => {
    const provider = await start();
    const { name } = SRV;
    for (const [target, data] of [
      ['10 5 8448 matrix.example.test', DATA],
      ['0 0 0 ', { priority: 0, weight: 0, port: 0, target: ROOT }],
    ] as const) {
      fake.endpoints = [
        { dnsName: '_matrix-fed._tcp.example.test', recordType: 'SRV', targets: [target], recordTTL: 60 },
      ];
      assertRRset(await read(provider, SRV), srv(name, [data], 60));
    }
  });

  describe('TXT', () => {
    it('is read in quotes and without them', async () => {
      const provider = await start();
      const cases: Readonly<Record<string, string>> = {
        '"quoted"': 'quoted',
        plain: 'plain',
        'two words': 'two words',
        '"in" "parts"': 'inparts',
        [String.raw`"a\"b\\c\233"`]: 'a"b\\c\u00e9',
        'v=1; a="b"': 'v=1; a="b"',
        é: '\u00c3\u00a9',
        '"': '"',
      };
      for (const [target, value] of Object.entries(cases)) {
        fake.endpoints = [{ dnsName: '_acme-challenge.example.test', recordType: 'TXT', targets: [target] }];
        assertValues(await read(provider, TXT), [value]);
      }
    });

    it('is added and removed where it comes back without quotes', async () => {
      const provider = await start({ txt: 'plain' });
      await apply(provider, ADD);
      await apply(provider, { ...ADD, values: ['second'] });
      assertValues(await read(provider, TXT), ['ours', 'second']);
      await apply(provider, REMOVE);
      assert.deepEqual(
        fake.endpoints.map(({ targets }) => targets),
        [['second']],
      );
    });
  });

  describe('that loses SRV records', () => {
    for (const [losesSrv, outcome] of [
      ['adjusting', 'not-applied'],
      ['writing', 'unknown'],
      ['reading', 'unknown'],
    ] as const)
      it(`is found out (${losesSrv})`, async () => {
        const provider = await start({ losesSrv });
        const error = await assertRefused(apply(provider, PUT_SRV), 'E_PROVIDER_UNSUPPORTED');
        assert.match(error.message, /_matrix-fed\._tcp\.example\.test\. SRV: the webhook (?:makes|took)/);
        assert.match(error.hint ?? '', /no support for SRV/);
        assert.deepEqual([error.retry.kind, error.outcome], ['never', outcome]);
        await apply(provider, ADD);
        assertValues(await read(provider, TXT), ['ours']);
      });

    it('is found out by its check where it says so', async () => {
      const provider = await start({ losesSrv: 'adjusting' });
      const items = await provider.check(testCtx());
      assert.deepEqual(
        items.map(({ ok }) => ok),
        [true, true, false],
      );
      assert.deepEqual(fake.changes, []);
    });
  });

  it('that keeps what it was to remove is found out, and other writers are not taken for that', async () => {
    const provider = await start({ keepsAll: true });
    await apply(provider, ADD);
    const error = await assertRefused(apply(provider, REMOVE), 'E_PROVIDER_UNSUPPORTED');
    assert.match(error.message, /still shows what it was to remove/);
    await fake.stop();

    await start();
    fake.endpoints = [theirs({ targets: ['"ours"'] })];
    relay = await startHttpRelay(fake.url);
    relay.fault = () => {
      if (fake.changes.length === 1 && fake.endpoints.length === 0) fake.endpoints = [theirs()];
      return null;
    };
    assert.deepEqual(await apply(open(relay.url), REMOVE), { changed: true });
    assert.deepEqual(fake.endpoints, [theirs()]);
  });

  it('looks again where a vendor lists a record a moment later', async () => {
    const provider = await start({ staleReads: 2 });
    await apply(provider, PUT_SRV);
    assert.equal(fake.changes.length, 1);
    await fake.stop();
    const slower = await start({ staleReads: 3 });
    await assertRefused(apply(slower, PUT_SRV), 'E_PROVIDER_UNSUPPORTED');
  });

  it('that raises a TTL is not asked to lower it again', async () => {
    const provider = await start({ leastTtl: 3600 });
    await apply(provider, PUT_SRV);
    const seen = await read(provider, SRV);
    assert.equal(seen?.ttl, 3600);
    assert.deepEqual(await apply(provider, { op: 'put', rrset: SRV, expect: seen }), { changed: false });
    assert.equal(fake.changes.length, 1);
  });

  it('of which a write is done and cannot be looked at has an unknown outcome', async () => {
    await start();
    relay = await startHttpRelay(fake.url);
    let written = false;
    relay.fault = ({ method, path }) => {
      if (written) return { kind: 'answer', status: 500 };
      written = method === 'POST' && path === '/records';
      return null;
    };
    const error = await assertRefused(apply(open(relay.url), ADD), 'E_PROVIDER_UNAVAILABLE');
    assert.equal(error.outcome, 'unknown');
    assert.equal(fake.changes.length, 1);
  });

  it('that fails with 5xx may be tried again, with 4xx not', async () => {
    await start();
    relay = await startHttpRelay(fake.url);
    const codes: readonly (readonly [number, ErrorCode, string])[] = [
      [400, 'E_PROVIDER_REJECTED', 'never'],
      [404, 'E_PROVIDER_UNSUPPORTED', 'never'],
      [406, 'E_PROVIDER_UNSUPPORTED', 'never'],
      [415, 'E_PROVIDER_UNSUPPORTED', 'never'],
      [422, 'E_PROVIDER_REJECTED', 'never'],
      [401, 'E_PROVIDER_AUTH', 'never'],
      [500, 'E_PROVIDER_UNAVAILABLE', 'backoff'],
      [503, 'E_PROVIDER_UNAVAILABLE', 'backoff'],
    ];
    for (const [status, code, retry] of codes) {
      relay.fault = ({ path, method }) =>
        method === 'POST' && path === '/records'
          ? { kind: 'answer', status, headers: { 'content-type': 'text/plain' }, body: 'no' }
          : null;
      const error = await assertRefused(apply(open(relay.url), PUT_SRV), code);
      assert.deepEqual([error.retry.kind, error.outcome], [retry, status >= 500 ? 'unknown' : 'not-applied']);
    }
  });

  describe('zones', () => {
    it('are the filter that it announces, in each of its forms', async () => {
      for (const filter of [
        { include: ['Example.test', 'sub.example.test.', ''] },
        { filters: ['.example.test', ' sub.example.test'] },
        { include: ['example.test', 'sub.example.test'], exclude: ['no.example.test'], filters: null },
      ]) {
        const provider = await start({ filter });
        assert.equal(await zoneAt(provider, '_matrix-fed._tcp.example.test'), 'example.test.');
        assert.equal(await zoneAt(provider, 'a.b.sub.example.test'), 'sub.example.test.');
        assert.equal(await zoneAt(provider, 'notexample.test'), undefined);
        const excluded = 'exclude' in filter ? undefined : 'example.test.';
        assert.equal(await zoneAt(provider, 'a.no.example.test'), excluded);
        await fake.stop();
      }
      await start();
    });

    it('are those of the config where it announces none', async () => {
      for (const filter of [{}, { regexInclude: '.*', include: [] }, { filters: null }]) {
        const silent = await start({ filter });
        const error = await assertRefused(zoneAt(silent, 'example.test'), 'E_PROVIDER_UNSUPPORTED');
        assert.match(error.hint ?? '', /zones: \[example\.org\]/);
        assert.equal((await silent.check(testCtx()))[0]?.ok, false);
        const told = open(fake.url, { zones: ['example.test'] });
        assert.equal(await zoneAt(told, 'a.example.test'), 'example.test.');
        assert.ok((await told.check(testCtx())).every(({ ok }) => ok));
        await fake.stop();
      }
      await start();
    });

    it('of the config that it does not serve are told', async () => {
      const provider = await start({}, { zones: ['a.example.test', 'other.test'] });
      const [item] = await provider.check(testCtx());
      assert.equal(item?.ok, false);
      assert.match(item?.message ?? '', /does not serve other\.test\., it serves example\.test\./);
    });
  });

  it('of another version, or another program, is not spoken to', async () => {
    for (const mediaType of ['application/external.dns.webhook+json;version=2', 'application/json']) {
      const provider = await start({ mediaType });
      const error = await assertRefused(provider.findZone(ZONE.name, testCtx()), 'E_PROVIDER_UNSUPPORTED');
      assert.match(error.message, /version/);
      assert.match(error.hint ?? '', /8888/);
      await fake.stop();
    }
    const spaced = await start({ mediaType: 'application/external.dns.webhook+json; version=1' });
    assert.equal((await spaced.findZone(ZONE.name, testCtx()))?.name, ZONE.name);
  });
});

describe('the fake webhook', () => {
  it('refuses what real ones refuse', async () => {
    const fake = await startFakeWebhook({ zones: ['example.test'] });
    const type = 'application/external.dns.webhook+json;version=1';
    const good = { dnsName: 'a.example.test', recordType: 'TXT', targets: ['"x"'] };
    const ask = async (path: string, method: string, body?: unknown, headers?: Record<string, string>) =>
      (
        await fetch(fake.url + path, {
          method,
          headers: headers ?? { accept: type, 'content-type': type },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
      ).status;
    try {
      assert.equal(await ask('/records', 'GET', undefined, {}), 406);
      assert.equal(await ask('/records', 'GET', undefined, { accept: 'application/json' }), 415);
      assert.equal(await ask('/records', 'POST', {}, { 'content-type': 'application/json' }), 415);
      assert.equal(await ask('/elsewhere', 'GET'), 404);
      assert.equal(await ask('/records', 'POST', { create: [{ ...good, extra: 1 }] }), 400);
      assert.equal(await ask('/records', 'POST', { create: [{ ...good, dnsName: 'a.example.test.' }] }), 400);
      assert.equal(await ask('/records', 'POST', { updateNew: [good] }), 400);
      assert.equal(await ask('/records', 'POST', { create: [good] }), 204);
      assert.equal(await ask('/records', 'POST', { create: [good] }), 500);
      assert.equal(await ask('/records', 'POST', { delete: [{ ...good, labels: { a: 'b' } }] }), 500);
      for (const wrong of [
        { recordType: 'CNAME', targets: ['b.test'] },
        { recordType: 'SRV', targets: ['1 2 3 b.test'] },
        { recordType: 'SRV', targets: ['1 2 70000 b.test.'] },
        { dnsName: 'a.other.test' },
        { dnsName: 'b.example.test', targets: ['"open'] },
        { dnsName: 'b.example.test', targets: [`"${'x'.repeat(256)}"`] },
      ])
        assert.equal(
          await ask('/records', 'POST', { create: [{ ...good, ...wrong }] }),
          500,
          JSON.stringify(wrong),
        );
      assert.equal(fake.endpoints.length, 1);
    } finally {
      await fake.stop();
    }
  });
});
