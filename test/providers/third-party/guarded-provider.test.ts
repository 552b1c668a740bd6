import assert from 'node:assert/strict';
import { providerError } from '../../../providers/kit.ts';
import { createMemory } from '../../../providers/memory/index.ts';
import { guardedProvider } from '../../../providers/third-party/guarded-provider.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { DelegatedError } from '../../../src/errors.ts';
import type { Change, DnsProvider, RRset, RRsetKey } from '../../../src/provider.ts';
import { rejection } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';

const ZONE = { id: 'example.test.', name: parseDomainName('example.test') };
const NAME = parseDomainName('_acme-challenge.example.test');
const KEY: RRsetKey = { name: NAME, type: 'TXT' };
const ADD: Change = { op: 'add', name: NAME, type: 'TXT', ttl: 60, values: ['x'] };

/** The reference provider with some calls of another's. */
function guarded(calls: Readonly<Record<string, unknown>>): DnsProvider {
  return guardedProvider('pkg:it', Object.assign(createMemory({ zones: [ZONE.name] }), calls));
}

/** What becomes of it in a read and in a write. */
async function failure(thrown: unknown, signal?: AbortSignal): Promise<[DelegatedError, DelegatedError]> {
  const fail = (): never => {
    throw thrown;
  };
  const provider = guarded({ apply: fail, readRRsets: fail });
  return [
    await rejection(provider.readRRsets(ZONE, [KEY], testCtx(signal))),
    await rejection(provider.apply(ZONE, [ADD], testCtx(signal))),
  ];
}

function answering(found: unknown): DnsProvider {
  return guarded({ readRRsets: async () => found });
}

describe('a third party’s provider', () => {
  describe('that throws', () => {
    it('something of its own is out of order, and a write has an unknown outcome', async () => {
      for (const thrown of [new TypeError('x is undefined'), 'a text', null, { code: 'ECONNRESET' }]) {
        const [read, write] = await failure(thrown);
        for (const error of [read, write]) {
          assert.equal(error.code, 'E_PROVIDER_UNAVAILABLE');
          assert.equal(error.retry.kind, 'backoff');
          assert.equal(error.cause, thrown ?? null);
        }
        assert.deepEqual([read.outcome, write.outcome], ['not-applied', 'unknown']);
      }
      const [read, write] = await failure(new TypeError('x is undefined'));
      assert.equal(read.message, 'pkg:it failed in readRRsets: x is undefined');
      assert.equal(write.message, 'pkg:it failed in apply: x is undefined');
    });

    it('one of our errors is understood by its fields', async () => {
      const at = new Date('2026-11-25T12:00:00Z');
      const details = { hint: 'wait', retry: { kind: 'at', at }, outcome: 'partial' } as const;
      for (const thrown of [
        { code: 'E_PROVIDER_RATE_LIMITED', message: 'slow down', ...details },
        Object.assign(new Error('slow down'), { code: 'E_PROVIDER_RATE_LIMITED', ...details }),
        providerError('E_PROVIDER_RATE_LIMITED', 'slow down', details),
        new DelegatedError('E_PROVIDER_RATE_LIMITED', 'slow down', details),
      ])
        for (const error of await failure(thrown)) {
          const { code, message, hint, retry, outcome } = error;
          assert.deepEqual(
            { code, message, hint, retry, outcome },
            {
              code: 'E_PROVIDER_RATE_LIMITED',
              message: 'slow down',
              ...details,
            },
          );
        }
    });

    it('a code alone means what is safe', async () => {
      const meanings: Readonly<Record<string, readonly [string, string]>> = {
        E_PROVIDER_AUTH: ['never', 'not-applied'],
        E_PROVIDER_CONFLICT: ['backoff', 'not-applied'],
        E_PROVIDER_TIMEOUT: ['backoff', 'unknown'],
        E_PROVIDER_UNAVAILABLE: ['backoff', 'unknown'],
        E_ABORTED: ['backoff', 'unknown'],
      };
      for (const [code, meaning] of Object.entries(meanings)) {
        const [read, write] = await failure({
          code,
          retry: { kind: 'at', at: 'soon' },
          outcome: 'who knows',
        });
        assert.deepEqual([write.retry.kind, write.outcome], meaning, code);
        assert.deepEqual([write.code, read.code, read.outcome], [code, code, 'not-applied']);
        assert.notEqual(write.message, '');
      }
    });

    it('a code that is about our own doings is none of its codes', async () => {
      for (const code of ['E_BUG', 'E_LOCKED', 'E_PROVIDER_FENCE', 'E_ACME_LEDGER', 'E_NOTHING'])
        assert.equal((await failure({ code, message: 'x' }))[0].code, 'E_PROVIDER_UNAVAILABLE');
    });

    it('whatever it throws when it was stopped, it was stopped', async () => {
      const [read, write] = await failure(new DOMException('gone', 'AbortError'), AbortSignal.abort());
      assert.deepEqual([read.code, read.outcome], ['E_ABORTED', 'not-applied']);
      assert.deepEqual([write.code, write.outcome], ['E_ABORTED', 'unknown']);
    });
  });

  describe('that answers', () => {
    const good: RRset = { name: NAME, type: 'TXT', ttl: 60, values: ['x'] };

    it('is believed when it fits, whatever the case and dots of its names', async () => {
      const version = { etag: 7 };
      const raw = [
        { name: '_ACME-challenge.example.test', type: 'TXT', ttl: 60, values: ['x'], version },
        null,
      ];
      const keys: RRsetKey[] = [KEY, { name: NAME, type: 'SRV' }];
      assert.deepEqual(await answering(raw).readRRsets(ZONE, keys, testCtx()), [{ ...good, version }, null]);
    });

    it('never has “nothing there” made of what it forgot', async () => {
      const wrong: unknown[] = [
        undefined,
        [],
        [undefined],
        [null, null],
        [{ ...good, values: [] }],
        [{ ...good, values: ['\u0100'] }],
        [{ ...good, ttl: '60' }],
        [{ ...good, name: 'other.example.test.' }],
        [{ ...good, type: 'SRV', values: [{ priority: 1, weight: 1, port: 1, target: 'a.test' }] }],
        [{ ...good, type: 'CNAME' }],
      ];
      for (const found of wrong) {
        const error = await rejection(answering(found).readRRsets(ZONE, [KEY], testCtx()));
        assert.equal(error.code, 'E_PROVIDER_UNAVAILABLE', JSON.stringify(found));
        assert.match(error.message, /pkg:it answers readRRsets with what the contract does not know/);
      }
    });

    it('nonsense about a zone or a write is told so', async () => {
      const zone = guarded({
        findZone: async () => undefined,
        zoneById: async () => ({ id: '', name: 'a' }),
      });
      assert.equal((await rejection(zone.findZone(NAME, testCtx()))).outcome, 'not-applied');
      assert.match(
        (await rejection(zone.zoneById?.('x', testCtx()) ?? Promise.resolve())).message,
        /zoneById/,
      );
      const write = guarded({ apply: async () => 'done' });
      assert.equal((await rejection(write.apply(ZONE, [ADD], testCtx()))).outcome, 'unknown');
    });
  });
});
