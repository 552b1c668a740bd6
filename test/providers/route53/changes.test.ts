import assert from 'node:assert/strict';
import { parseDomainName, under } from '../../../src/dns/domain-name.ts';
import type { Change, SrvRRset } from '../../../src/provider.ts';
import { assertRefused, assertValues, rejection } from '../../conformance/expectations.ts';
import { srv, testCtx } from '../../conformance/target.ts';
import { ZONE, route53Setting } from './setting.ts';

const NAME = parseDomainName('_acme-challenge.example.test');
const SRV = parseDomainName('_matrix-fed._tcp.example.test');
const KEY = { name: NAME, type: 'TXT' } as const;

const add = (...values: string[]): Change => ({ op: 'add', name: NAME, type: 'TXT', ttl: 60, values });
const matrix = (...targets: string[]): SrvRRset =>
  srv(
    SRV,
    targets.map((target) => ({ priority: 10, weight: 5, port: 8448, target: parseDomainName(target) })),
  );

const nine = (kind: string): SrvRRset['values'] =>
  matrix(...Array.from({ length: 9 }, (_, index) => `${kind}${index}.example.net`)).values;

describe('a change of Route 53', () => {
  const at = route53Setting();

  /** Another writer is faster, between our look and our write; as often as told. */
  const overtaken = (times: number): void => {
    const { fake, zone } = at();
    let left = times;
    fake.trouble = (method) => {
      if (method !== 'POST' || left === 0) return null;
      left -= 1;
      const others = zone.rrsets.filter(({ name }) => name !== NAME);
      const values = Array.from({ length: times - left }, (_, index) => `"theirs ${index}"`);
      zone.rrsets = [...others, { name: NAME, type: 'TXT', ttl: 60, values }];
      return null;
    };
  };

  it('of single values is made anew when somebody else was faster, and keeps what that one wrote', async () => {
    const provider = at().open();
    overtaken(3);
    await provider.apply(ZONE, [add('ours')], testCtx());
    const [found] = await provider.readRRsets(ZONE, [KEY], testCtx());
    assertValues(found ?? null, ['ours', 'theirs 0', 'theirs 1', 'theirs 2']);
  });

  it('gives up, with nothing changed, when somebody else is always faster', async () => {
    const provider = at().open();
    overtaken(99);
    const error = await assertRefused(provider.apply(ZONE, [add('ours')], testCtx()), 'E_PROVIDER_CONFLICT');
    assert.equal(error.outcome, 'not-applied');
    assert.equal(error.retry.kind, 'backoff');
  });

  it('of an RRset that somebody else replaced between look and write is a conflict', async () => {
    const { fake, zone, open } = at();
    const theirs = { name: SRV, type: 'SRV', ttl: 300, values: ['1 1 1 theirs.example.net.'] };
    fake.trouble = (method) => {
      if (method === 'POST') zone.rrsets = [...zone.rrsets, theirs];
      fake.trouble = method === 'POST' ? () => null : fake.trouble;
      return null;
    };
    const put: Change = { op: 'put', rrset: matrix('ours.example.net'), expect: 'absent' };
    await assertRefused(open().apply(ZONE, [put, add('ours')], testCtx()), 'E_PROVIDER_CONFLICT');
    assert.deepEqual(
      zone.rrsets.filter(({ type }) => type !== 'NS'),
      [theirs],
    );
  });

  it('never touches a record with a routing policy, or an alias record', async () => {
    const { put, zone, open } = at();
    for (const setIdentifier of ['one', 'two'])
      put({ name: NAME, type: 'TXT', ttl: 60, values: ['"weighted"'], setIdentifier });
    put({ name: SRV, type: 'SRV', ttl: 0, values: [], aliasTarget: 'other.example.test.' });
    const before = zone.rrsets;
    const provider = open();
    await assertRefused(provider.apply(ZONE, [add('ours')], testCtx()), 'E_PROVIDER_UNSUPPORTED');
    await assertRefused(
      provider.readRRsets(ZONE, [{ name: SRV, type: 'SRV' }], testCtx()),
      'E_PROVIDER_UNSUPPORTED',
    );
    assert.equal(zone.rrsets, before);
    const [beside] = await provider.readRRsets(ZONE, [{ name: SRV, type: 'TXT' }], testCtx());
    assert.equal(beside, null);
  });

  it('at a wildcard is made at its escaped name', async () => {
    const { zone, open } = at();
    const name = parseDomainName('*.example.test');
    const provider = open();
    await provider.apply(ZONE, [{ op: 'add', name, type: 'TXT', ttl: 60, values: ['wild'] }], testCtx());
    assert.ok(zone.rrsets.some((rrset) => rrset.name === '*.example.test.' && rrset.type === 'TXT'));
    const [found] = await provider.readRRsets(ZONE, [{ name, type: 'TXT' }], testCtx());
    assertValues(found ?? null, ['wild']);
  });

  it('of as many RRsets as one apply takes fits into a batch, each with nine records before and after', async () => {
    const provider = at().open();
    const names = Array.from({ length: provider.capabilities.changesPerApply }, (_, index) =>
      under(`_matrix-fed._tcp.site${index}`, ZONE.name),
    );
    const before = names.map((name) => srv(name, nine('old')));
    await provider.apply(
      ZONE,
      before.map((rrset) => ({ op: 'put', rrset, expect: 'absent' })),
      testCtx(),
    );
    const after = names.map((name) => srv(name, nine('new')));
    const { changed } = await provider.apply(
      ZONE,
      after.map((rrset, index) => ({ op: 'put', rrset, expect: before[index] ?? 'absent' })),
      testCtx(),
    );
    assert.ok(changed);
  });

  it('is done when it is in step on all servers, and is looked at ever more seldom', async () => {
    const { fake, open, requests } = at();
    fake.pendingLooks = 7;
    const pauses: number[] = [];
    const provider = open({}, { pause: (ms) => Promise.resolve(pauses.push(ms)) });
    const receipt = await provider.apply(ZONE, [add('ours')], testCtx());
    await provider.settle?.(ZONE, receipt, testCtx());
    assert.deepEqual(pauses, [2_000, 3_000, 4_500, 6_750, 10_000, 10_000, 10_000]);
    assert.equal(requests.filter((request) => request.startsWith('GET /2013-04-01/change/C1')).length, 8);
    await provider.settle?.(ZONE, { changed: false }, testCtx());
    assert.equal(requests.filter((request) => request.includes('/change/')).length, 8);
  });

  it('is waited for no longer than the signal allows', async () => {
    const { fake, open, requests } = at();
    fake.pendingLooks = Infinity;
    const provider = open();
    const receipt = await provider.apply(ZONE, [add('ours')], testCtx());
    const stop = new AbortController();
    const looked = new Promise<void>((resolve) => {
      fake.trouble = (_, path) => {
        requests.push(path);
        resolve();
        return null;
      };
    });
    const pending = rejection(provider.settle?.(ZONE, receipt, testCtx(stop.signal)) ?? Promise.resolve());
    await looked;
    stop.abort();
    assert.equal((await pending).code, 'E_ABORTED');
  });
});
