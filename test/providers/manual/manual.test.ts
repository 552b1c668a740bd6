import assert from 'node:assert/strict';
import { createManual } from '../../../providers/manual/index.ts';
import { manualOptions } from '../../../providers/manual/options.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { Change, DnsProvider, RRset } from '../../../src/provider.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { srv, testCtx, txt } from '../../conformance/target.ts';

const ZONE = { id: 'example.test.', name: parseDomainName('example.test') };
const FED = parseDomainName('_matrix-fed._tcp.example.test');
const CHALLENGE = parseDomainName('_acme-challenge.example.test');
const target = (
  host: string,
): { priority: number; weight: number; port: number; target: ReturnType<typeof parseDomainName> } => ({
  priority: 10,
  weight: 5,
  port: 8448,
  target: parseDomainName(host),
});

describe('the provider manual', () => {
  let told: string[];
  let world: Map<string, RRset>;
  let provider: DnsProvider;
  beforeEach(() => {
    told = [];
    world = new Map();
    provider = createManual(manualOptions.parse({ wait: 60 }), {
      dns: {
        zoneApex: async (name) => (name.endsWith(ZONE.name) ? ZONE.name : null),
        rrset: async (_, { name, type }) => world.get(`${name} ${type}`) ?? null,
      },
      tell: (message) => told.push(message),
    });
  });
  const apply = (...changes: readonly Change[]): Promise<unknown> => provider.apply(ZONE, changes, testCtx());

  it('finds zones and records where the world finds them', async () => {
    world.set(`${FED} SRV`, srv(FED, [target('a.test')]));
    assert.deepEqual(await provider.findZone(FED, testCtx()), ZONE);
    assert.equal(await provider.findZone(parseDomainName('nobody.invalid'), testCtx()), null);
    const keys = [
      { name: CHALLENGE, type: 'TXT' as const },
      { name: FED, type: 'SRV' as const },
    ];
    assert.deepEqual(await provider.readRRsets(ZONE, keys, testCtx()), [null, world.get(`${FED} SRV`)]);
  });

  it('says what to publish in lines of a zone file, all in one', async () => {
    await apply(
      { op: 'put', rrset: srv(FED, [target('a.test'), target('b.test')], 3600), expect: 'absent' },
      { op: 'add', name: CHALLENGE, type: 'TXT', ttl: 60, values: ['one', 'two'] },
    );
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /^publish this/);
    assert.deepEqual((told[0] ?? '').split('\n').slice(1), [
      '    _matrix-fed._tcp.example.test. 3600 IN SRV 10 5 8448 a.test.',
      '    _matrix-fed._tcp.example.test. 3600 IN SRV 10 5 8448 b.test.',
      '    _acme-challenge.example.test. 60 IN TXT "one"',
      '    _acme-challenge.example.test. 60 IN TXT "two"',
    ]);
  });

  it('says what to remove: what stands there and is not wanted, and nothing else', async () => {
    const [old, wanted] = [srv(FED, [target('a.test'), target('b.test')]), srv(FED, [target('b.test')])];
    await apply({ op: 'put', rrset: wanted, expect: old });
    assert.deepEqual(told.at(-1)?.split('\n').slice(1), [
      '    _matrix-fed._tcp.example.test. 300 IN SRV 10 5 8448 a.test.',
    ]);
    told = [];
    await apply({ op: 'delete', rrset: txt(CHALLENGE, ['x']) });
    assert.match(
      told.join('\n'),
      /^remove this at your DNS host\n {4}_acme-challenge\.example\.test\. 60 IN TXT "x"$/,
    );
    told = [];
    await apply({ op: 'remove', name: CHALLENGE, type: 'TXT', ttl: 60, values: ['x'] });
    assert.match(told.join('\n'), /may be removed/);
  });

  it('waits as long as its setting says', () => {
    assert.equal(provider.capabilities.propagation.maxMs, 60_000);
  });

  it('does and says nothing for a signal that has fired already', async () => {
    const ctx = testCtx(AbortSignal.abort());
    const add: Change = { op: 'add', name: CHALLENGE, type: 'TXT', ttl: 60, values: ['x'] };
    for (const call of [
      provider.check(ctx),
      provider.findZone(FED, ctx),
      provider.readRRsets(ZONE, [{ name: FED, type: 'SRV' }], ctx),
      provider.apply(ZONE, [add], ctx),
    ])
      await assertRefused(call, 'E_ABORTED');
    assert.deepEqual(told, []);
  });
});
