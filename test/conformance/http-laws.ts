/** What an adapter makes of everything that goes wrong between it and an HTTP API. */
import assert from 'node:assert/strict';
import { under } from '../../src/dns/domain-name.ts';
import type { Change, DnsProvider, DomainName, RRsetKey, Zone } from '../../src/provider.ts';
import type { DelegatedError, ErrorCode } from '../../src/errors.ts';
import {
  type HttpFault,
  type HttpRelay,
  type RelayedRequest,
  startHttpRelay,
} from '../support/http-relay.ts';
import { assertValues, rejection } from './expectations.ts';
import { type ConformanceTarget, type HttpTarget, digest, storedTexts, testCtx, ttlsOf } from './target.ts';

const ABORT_MS = 250;
const HTML = '<html><body><h1>502 Bad Gateway</h1></body></html>';
const DATE = 'Wed, 25 Nov 2026 12:05:00 GMT';
const VALUE = digest('value');
const PAGE_SIZES = [1, 101, 1201];

interface Scene {
  readonly target: ConformanceTarget;
  readonly http: HttpTarget;
  readonly relay: HttpRelay;
  readonly provider: DnsProvider;
  readonly zone: Zone;
  readonly name: () => DomainName;
}

export function describeHttpFaults(name: string, setup: () => Promise<ConformanceTarget>): void {
  describe(`${name} before an API in trouble`, () => {
    let scene: Scene | undefined;
    let names = 0;
    before(async () => {
      const target = await setup();
      assert.ok(target.http !== undefined);
      const relay = await startHttpRelay(target.http.upstream);
      const provider = target.http.open(relay.url);
      const zone = await provider.findZone(target.zone, testCtx());
      assert.ok(zone !== null);
      const name = (): DomainName => under(`_acme-challenge.fault${(names += 1)}`, target.zone);
      scene = { target, http: target.http, relay, provider, zone, name };
    });
    afterEach(() => {
      if (scene !== undefined) scene.relay.fault = () => null;
    });
    after(async () => {
      await scene?.provider.close?.();
      await scene?.relay.stop();
      await scene?.target.provider.close?.();
      await scene?.target.stop();
    });
    const at = (): Scene => {
      assert.ok(scene !== undefined);
      return scene;
    };
    readLaws(at);
    writeLaws(at);
    pageLaws(at);
  });
}

function readLaws(scene: () => Scene): void {
  const readWith = async (fault: HttpFault): Promise<DelegatedError> => {
    const { relay, provider, zone, name } = scene();
    relay.fault = () => fault;
    return rejection(provider.readRRsets(zone, [{ name: name(), type: 'TXT' }], testCtx()));
  };

  describe('a read', () => {
    before(function () {
      if (!scene().provider.capabilities.reads) this.skip();
    });

    const failures: Readonly<Record<string, readonly [HttpFault, ErrorCode]>> = {
      'status 500': [{ kind: 'answer', status: 500, body: '{}' }, 'E_PROVIDER_UNAVAILABLE'],
      'status 502 with HTML': [
        { kind: 'answer', status: 502, headers: { 'content-type': 'text/html' }, body: HTML },
        'E_PROVIDER_UNAVAILABLE',
      ],
      'status 200 with HTML': [
        { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: HTML },
        'E_PROVIDER_UNAVAILABLE',
      ],
      'half an answer': [{ kind: 'truncate' }, 'E_PROVIDER_UNAVAILABLE'],
      'a connection that breaks': [{ kind: 'reset-before' }, 'E_PROVIDER_UNAVAILABLE'],
    };
    for (const [what, [fault, code]] of Object.entries(failures))
      it(`fails on ${what}, and may be tried again`, async () => {
        const error = await readWith(fault);
        assert.equal(error.code, code, error.message);
        assert.equal(error.retry.kind, 'backoff');
      });

    it('asked to wait says until when', async () => {
      for (const seconds of [1, 300]) {
        const since = Date.now();
        const error = await readWith(limited({ 'retry-after': String(seconds) }));
        assert.equal(error.code, 'E_PROVIDER_RATE_LIMITED', error.message);
        assert.ok(error.retry.kind === 'at');
        const waits = error.retry.at.getTime() - since;
        assert.ok(waits >= seconds * 1_000 && waits <= seconds * 1_000 + 5_000, `${waits} ms`);
      }
      const dated = await readWith(limited({ 'retry-after': DATE, date: 'Wed, 25 Nov 2026 12:00:00 GMT' }));
      assert.ok(dated.retry.kind === 'at');
      assert.ok(Math.abs(dated.retry.at.getTime() - Date.now() - 300_000) < 5_000);
      const silent = await readWith(limited({}));
      assert.equal(silent.code, 'E_PROVIDER_RATE_LIMITED');
      assert.equal(silent.retry.kind, 'backoff');
    });

    it('follows no redirect', async () => {
      const { target, relay } = scene();
      const elsewhere = await startHttpRelay(relay.url);
      try {
        for (const status of [301, 302, 307, 308]) {
          const error = await readWith({
            kind: 'answer',
            status,
            headers: { location: `${elsewhere.url}/?token=${target.secrets[0] ?? ''}` },
          });
          assert.equal(error.outcome, 'not-applied');
          for (const secret of target.secrets) assert.ok(!error.message.includes(secret));
        }
        assert.deepEqual(elsewhere.requests, []);
      } finally {
        await elsewhere.stop();
      }
    });

    for (const kind of ['stall', 'stall-body'] as const)
      it(`is given up within ${ABORT_MS} ms when the answer stalls (${kind})`, async () => {
        const { relay, provider, zone, name } = scene();
        const reached = new Promise<void>((resolve) => {
          relay.fault = () => {
            resolve();
            return { kind };
          };
        });
        const stop = new AbortController();
        const keys: RRsetKey[] = [{ name: name(), type: 'TXT' }];
        const pending = rejection(provider.readRRsets(zone, keys, testCtx(stop.signal)));
        await reached;
        const since = performance.now();
        stop.abort();
        assert.equal((await pending).code, 'E_ABORTED');
        assert.ok(performance.now() - since < ABORT_MS);
      });
  });
}

function limited(headers: Readonly<Record<string, string>>): HttpFault {
  return { kind: 'answer', status: 429, headers, body: '{}' };
}

function writeLaws(scene: () => Scene): void {
  /** Only what writes goes wrong, and only once. */
  const failOnce = (fault: HttpFault): void => {
    const { relay, http } = scene();
    let left = 1;
    relay.fault = (request) => {
      if (left === 0 || !isWrite(http, request)) return null;
      left -= 1;
      return fault;
    };
  };
  const add = (name: DomainName): Promise<unknown> => {
    const { provider, zone } = scene();
    const change: Change = {
      op: 'add',
      name,
      type: 'TXT',
      ttl: ttlsOf(provider.capabilities).low,
      values: [VALUE],
    };
    return provider.apply(zone, [change], testCtx());
  };
  const stored = async (name: DomainName): Promise<readonly string[]> =>
    (await scene().target.snapshot()).filter((line) => line.startsWith(`${name} `));

  describe('a write', () => {
    const unknown: Readonly<Record<string, HttpFault>> = {
      'the connection breaks before it arrives': { kind: 'reset-before' },
      'the connection breaks after it is done': { kind: 'reset-after' },
      'half of the answer comes': { kind: 'truncate' },
      'the answer is status 500': { kind: 'answer', status: 500, body: '{}' },
      'the answer is HTML': { kind: 'answer', status: 502, body: HTML },
    };
    for (const [what, fault] of Object.entries(unknown))
      it(`has an unknown outcome when ${what}, and is made once when it is tried again`, async function () {
        const name = scene().name();
        failOnce(fault);
        const error = await add(name).then(
          () => null,
          (thrown: unknown) => thrown,
        );
        // Where the vendor answers nothing that matters, half of it is as good as all.
        if (error === null && fault.kind === 'truncate') return;
        assert.equal((await rejection(Promise.reject(error))).outcome, 'unknown');
        await add(name);
        assert.equal((await stored(name)).length, 1);
        const { provider, zone, target } = scene();
        assert.deepEqual(await storedTexts(target, name), [VALUE]);
        if (provider.capabilities.reads)
          assertValues((await provider.readRRsets(zone, [{ name, type: 'TXT' }], testCtx()))[0] ?? null, [
            VALUE,
          ]);
      });

    it('that is asked to wait has changed nothing', async () => {
      const name = scene().name();
      failOnce({ kind: 'answer', status: 429, headers: { 'retry-after': '7' }, body: '{}' });
      const error = await rejection(add(name));
      assert.equal(error.code, 'E_PROVIDER_RATE_LIMITED', error.message);
      assert.equal(error.outcome, 'not-applied');
      assert.deepEqual(await stored(name), []);
    });

    it('that is stopped on its way has an unknown outcome', async () => {
      const { provider, zone, relay, http, name } = scene();
      const reached = new Promise<void>((resolve) => {
        relay.fault = (request) => {
          if (!isWrite(http, request)) return null;
          resolve();
          return { kind: 'stall' };
        };
      });
      const stop = new AbortController();
      const change: Change = {
        op: 'add',
        name: name(),
        type: 'TXT',
        ttl: ttlsOf(provider.capabilities).low,
        values: [VALUE],
      };
      const pending = rejection(provider.apply(zone, [change], testCtx(stop.signal)));
      await reached;
      stop.abort();
      const error = await pending;
      assert.equal(error.code, 'E_ABORTED');
      assert.equal(error.outcome, 'unknown');
    });
  });
}

function pageLaws(scene: () => Scene): void {
  describe('a zone of many RRsets', () => {
    for (const size of PAGE_SIZES)
      it(`of ${size} is read whole`, async function () {
        const { http, provider, zone, relay } = scene();
        if (http.fill === undefined) this.skip();
        const names = await http.fill(size);
        const wanted = [...new Set([names.at(0), names.at(-1), names.at(names.length >> 1)])];
        const before = relay.requests.length;
        for (const keys of [wanted, names]) {
          const asked = keys.flatMap((name): RRsetKey[] =>
            name === undefined ? [] : [{ name, type: 'TXT' }],
          );
          const found = await provider.readRRsets(zone, asked, testCtx(AbortSignal.timeout(30_000)));
          assert.deepEqual(
            found.map((rrset) => rrset?.name),
            asked.map(({ name }) => name),
          );
        }
        const spent = relay.requests.length - before;
        const most = 3 + 1 + Math.ceil((size + 50) / http.pageSize);
        assert.ok(spent <= most, `${spent} requests, more than ${most}`);
      });

    it('is not read at all when one page fails', async function () {
      const { http, provider, zone, relay } = scene();
      if (http.fill === undefined || http.pageSize > 1201) this.skip();
      const names = await http.fill(1201);
      let seen = 0;
      relay.fault = () => ((seen += 1) < 2 ? null : { kind: 'answer', status: 500, body: '{}' });
      const keys = names.map((name): RRsetKey => ({ name, type: 'TXT' }));
      const error = await rejection(provider.readRRsets(zone, keys, testCtx()));
      assert.equal(error.code, 'E_PROVIDER_UNAVAILABLE');
    });
  });
}

function isWrite(http: HttpTarget, request: RelayedRequest): boolean {
  return http.isWrite?.(request) ?? request.method !== 'GET';
}
