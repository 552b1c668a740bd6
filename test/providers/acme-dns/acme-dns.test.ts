import assert from 'node:assert/strict';
import { chmod, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { createAcmeDns } from '../../../providers/acme-dns/index.ts';
import { acmeDnsOptions } from '../../../providers/acme-dns/options.ts';
import { type DomainName, parseDomainName, under } from '../../../src/dns/domain-name.ts';
import type { Change, Ctx, DnsProvider } from '../../../src/provider.ts';
import { assertRefused, rejection } from '../../conformance/expectations.ts';
import { digest, srv, testCtx, txt } from '../../conformance/target.ts';
import { type FakeAcmeDns, startFakeAcmeDns } from '../../fakes/acme-dns.ts';
import { type HttpRelay, startHttpRelay } from '../../support/http-relay.ts';
import { startMuteServer } from '../../support/mute-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const DOMAIN = 'auth.example.net';
const ZONE = { id: `${DOMAIN}.`, name: parseDomainName(DOMAIN) };
const NAME = parseDomainName('_acme-challenge.example.org');
const OTHER = parseDomainName('_acme-challenge.example.com');

function add(name: DomainName, ...values: readonly string[]): Change {
  return { op: 'add', name, type: 'TXT', ttl: 60, values };
}

function lines(name: DomainName, ...values: readonly string[]): string[] {
  return values.map((value) => `${name} 1 IN TXT "${value}"`).sort();
}

function calls(name: DomainName): Readonly<Record<string, (of: DnsProvider, ctx: Ctx) => Promise<unknown>>> {
  return {
    check: (of, ctx) => of.check(ctx),
    findZone: (of, ctx) => of.findZone(name, ctx),
    challengeTarget: (of, ctx) => of.challengeTarget?.(OTHER, ctx) ?? Promise.resolve(),
    apply: (of, ctx) => of.apply(ZONE, [add(name, digest('a'))], ctx),
  };
}

describe('acme-dns', () => {
  const folder = temporaryFolder();
  const hidden: string[] = [];
  let fake: FakeAcmeDns;
  let relay: HttpRelay;
  beforeEach(async () => {
    hidden.length = 0;
    fake = await startFakeAcmeDns(DOMAIN);
    relay = await startHttpRelay(fake.url);
  });
  afterEach(async () => {
    await relay.stop();
    await fake.stop();
  });

  /** As a new process would. */
  const open = (server = relay.url, more: object = {}): DnsProvider =>
    createAcmeDns(acmeDnsOptions.parse({ server, ...more }), {
      stateDirectory: folder(),
      now: () => new Date(),
      hide: (secret) => void hidden.push(secret),
    });
  const target = async (name = NAME, provider = open()): Promise<DomainName> => {
    const found = await provider.challengeTarget?.(name, testCtx());
    assert.ok(found !== undefined);
    return found;
  };
  const kept = async (): Promise<string[]> => {
    const [host = ''] = await readdir(join(folder(), 'acme-dns')).catch(() => []);
    const at = join(folder(), 'acme-dns', host);
    return (await readdir(at).catch(() => [])).map((file) => join(at, file));
  };
  const apply = (...changes: readonly Change[]): ReturnType<DnsProvider['apply']> =>
    open().apply(ZONE, changes, testCtx());

  describe('an account', () => {
    it('is made once for a name, and kept for the next process, for nobody else to read', async () => {
      const first = await target();
      assert.ok(first.endsWith(`.${DOMAIN}.`));
      assert.equal(await target(), first);
      assert.equal(fake.accounts.size, 1);
      const [file = '', ...others] = await kept();
      assert.match(file, /\/_acme-challenge\.example\.org\.json$/);
      assert.deepEqual(others, [], 'no draft is left');
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.equal((await stat(join(file, '..'))).mode & 0o777, 0o700);
      assert.notEqual(await target(OTHER), first);
    });

    it('is made once when two ask at the same moment', async () => {
      const provider = open();
      const found = await Promise.all([target(NAME, provider), target(NAME, provider)]);
      assert.equal(new Set(found).size, 1);
      assert.equal(fake.accounts.size, 1);
    });

    it('may have the longest name', async () => {
      const name = under('_acme-challenge', parseDomainName(`${'a.'.repeat(117)}ab`));
      assert.equal(await target(name), await target(name));
    });

    it('is for those networks that the config names', async () => {
      const name = await target(NAME, open(relay.url, { allowFrom: ['192.0.2.0/24'] }));
      assert.deepEqual([...fake.accounts.values()][0]?.allowfrom, ['192.0.2.0/24']);
      const error = await assertRefused(apply(add(name, digest('a'))), 'E_PROVIDER_AUTH');
      assert.match(error.message, /answers 401: forbidden/);
      assert.match(error.hint ?? '', /allowfrom/);
      for (const wrong of ['192.0.2.7', '192.0.2.0/33', 'example.org/24'])
        assert.ok(!acmeDnsOptions.safeParse({ server: fake.url, allowFrom: [wrong] }).success);
    });

    it('is not made where nobody may register', async () => {
      fake.registers = false;
      const error = await assertRefused(target(), 'E_PROVIDER_UNSUPPORTED');
      assert.match(error.hint ?? '', /disable_registration/);
      assert.deepEqual(await kept(), []);
    });

    it('that cannot be read is not replaced by another one', async () => {
      await target();
      const [file = ''] = await kept();
      const good = await readFile(file, 'utf8');
      for (const damaged of [good.slice(0, 60), '{}']) {
        await writeFile(file, damaged);
        const error = await assertRefused(target(), 'E_STATE');
        for (const { password } of fake.accounts.values())
          assert.ok(!inspect(error, { depth: 12, showHidden: true }).includes(password));
      }
      assert.equal(fake.accounts.size, 1);
    });

    it('whose answer was lost is made anew, and only the one that is kept counts', async () => {
      relay.fault = () => ({ kind: 'reset-after' });
      assert.equal((await rejection(target())).outcome, 'unknown');
      relay.fault = () => null;
      const name = await target();
      assert.equal(fake.accounts.size, 2);
      await apply(add(name, digest('a')));
      assert.deepEqual(fake.snapshot(), lines(name, digest('a')));
    });
  });

  describe('findZone', () => {
    it('knows the names of its accounts, and no other', async () => {
      const name = await target();
      assert.deepEqual(await open().findZone(name, testCtx()), ZONE);
      for (const other of [NAME, ZONE.name, under('sub', name), parseDomainName(`not${name}`)])
        assert.equal(await open().findZone(other, testCtx()), null, other);
    });

    it('knows nothing of the accounts of another server', async () => {
      const name = await target();
      assert.equal(await open('http://127.0.0.1:1').findZone(name, testCtx()), null);
    });
  });

  describe('values', () => {
    it('of a name and its wildcard stand side by side, and later ones push them out', async () => {
      const name = await target();
      assert.deepEqual(await apply(add(name, digest('a'), digest('b'))), { changed: true });
      assert.deepEqual(fake.snapshot(), lines(name, digest('a'), digest('b')));
      await apply(add(name, digest('c'), digest('d')));
      assert.deepEqual(fake.snapshot(), lines(name, digest('c'), digest('d')));
    });

    it('arrive, each at its name, when they are sent once more', async () => {
      const [name, other] = [await target(), await target(OTHER)];
      const changes = [add(name, digest('a'), digest('b')), add(other, digest('c'))];
      for (const fault of ['reset-after', 'reset-before'] as const) {
        let left = 1;
        relay.fault = () => ((left -= 1) === 0 ? { kind: fault } : null);
        assert.equal((await rejection(apply(...changes))).outcome, 'unknown');
        await apply(...changes);
        const served = new Set(fake.snapshot());
        for (const line of [...lines(name, digest('a'), digest('b')), ...lines(other, digest('c'))])
          assert.ok(served.has(line), line);
      }
    });

    it('cannot be removed, and nothing is asked for it', async () => {
      const name = await target();
      await apply(add(name, digest('a')));
      const before = relay.requests.length;
      const remove: Change = { op: 'remove', name, type: 'TXT', ttl: 60, values: [digest('a')] };
      assert.deepEqual(await apply(remove), { changed: false });
      assert.equal(relay.requests.length, before);
      assert.deepEqual(fake.snapshot(), lines(name, digest('a')));
    });

    it('that it would refuse or forget are not sent', async () => {
      const name = await target();
      const sent = relay.requests.length;
      const unlike = ['short', 'x'.repeat(44), `${'x'.repeat(42)}=`, ''];
      for (const value of unlike) {
        const error = await assertRefused(apply(add(name, digest('a'), value)), 'E_PROVIDER_REJECTED');
        assert.equal(error.outcome, 'not-applied');
      }
      await assertRefused(apply(add(name, 'a', 'b', 'c'), add(name)), 'E_PROVIDER_REJECTED');
      await assertRefused(apply(add(name, ...['a', 'b', 'c'].map(digest))), 'E_PROVIDER_REJECTED');
      await assertRefused(apply(add(under('nobody', ZONE.name), digest('a'))), 'E_ZONE_NOT_FOUND');
      await assertRefused(apply(add(NAME, digest('a'))), 'E_ZONE_NOT_FOUND');
      assert.equal(relay.requests.length, sent);
      assert.deepEqual(fake.snapshot(), []);
    });

    it('of an account that the server has forgotten are refused', async () => {
      const name = await target();
      await fake.stop();
      await relay.stop();
      fake = await startFakeAcmeDns(DOMAIN);
      relay = await startHttpRelay(fake.url);
      const [file = ''] = await kept();
      const [provider, host] = [open(), new URL(relay.url).host.replace(':', '_')];
      // The same server at another port.
      await target(OTHER, provider);
      await writeFile(
        join(folder(), 'acme-dns', host, '_acme-challenge.example.org.json'),
        await readFile(file),
      );
      await assertRefused(provider.apply(ZONE, [add(name, digest('a'))], testCtx()), 'E_PROVIDER_AUTH');
    });
  });

  it('reads nothing and writes no RRset as a whole', async () => {
    const name = await target();
    const value = { priority: 0, weight: 0, port: 1, target: ZONE.name };
    const changes: Change[] = [
      { op: 'put', rrset: txt(name, [digest('a')]), expect: 'absent' },
      { op: 'delete', rrset: txt(name, [digest('a')]) },
      { op: 'put', rrset: srv(name, [value]), expect: 'absent' },
    ];
    for (const change of changes) await assertRefused(apply(change), 'E_PROVIDER_UNSUPPORTED');
    await assertRefused(
      open().readRRsets(ZONE, [{ name, type: 'TXT' }], testCtx()),
      'E_PROVIDER_UNSUPPORTED',
    );
  });

  it('gives up when it is stopped', async () => {
    const mute = await startMuteServer();
    try {
      const muted = open(`http://127.0.0.1:${mute.port}`);
      for (const call of ['check', 'challengeTarget']) {
        const stop = new AbortController();
        const pending = rejection(calls(NAME)[call]?.(muted, testCtx(stop.signal)) ?? Promise.resolve());
        await new Promise((resolve) => setImmediate(resolve));
        stop.abort();
        assert.equal((await pending).code, 'E_ABORTED');
      }
      for (const call of Object.values(calls(NAME)))
        assert.equal((await rejection(call(muted, testCtx(AbortSignal.abort())))).code, 'E_ABORTED');
      assert.deepEqual(await kept(), []);
    } finally {
      await mute.stop();
    }
  });

  it('shows no password', async () => {
    const name = await target();
    const [{ password } = { password: '' }] = fake.accounts.values();
    assert.ok(hidden.includes(password));
    // Nobody but who was sent it can echo it.
    const body = JSON.stringify({ error: `no: ${password}` });
    relay.fault = ({ path }) => (path === '/update' ? { kind: 'answer', status: 400, body } : null);
    for (const call of Object.values(calls(name))) {
      const shown = await call(open(), testCtx()).catch((error: unknown) => error);
      assert.ok(!inspect(shown, { depth: 12, showHidden: true }).includes(password));
    }
    const error = await rejection(apply(add(name, digest('a'))));
    assert.match(error.message, /answers 400: no: \[secret\]/);
  });

  it('checks the server and what it keeps', async () => {
    await target();
    assert.ok((await open().check(testCtx())).every(({ ok }) => ok));
    const [file = ''] = await kept();
    await chmod(file, 0o600);
    await rm(file);
    await writeFile(file, 'no account');
    assert.deepEqual(
      (await open().check(testCtx())).map(({ ok }) => ok),
      [true, false],
    );
    relay.fault = () => ({ kind: 'answer', status: 503, body: '' });
    assert.equal((await open().check(testCtx()))[0]?.ok, false);
  });
});
