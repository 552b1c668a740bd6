import assert from 'node:assert/strict';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { CheckItem } from '../../../src/provider.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';
import { ACCOUNT, type FakeCloudflare, startFakeCloudflare } from '../../fakes/cloudflare.ts';
import { READER, TOKEN, linesOf, openFake, plant } from './fake-zone.ts';

const NAME = parseDomainName('_matrix-fed._tcp.example.test');
const OTHER = 'd'.repeat(32);

describe('the zones of Cloudflare', () => {
  let fake: FakeCloudflare;
  beforeEach(async () => {
    fake = await startFakeCloudflare();
    fake.tokens.set(TOKEN, { edit: true });
    fake.tokens.set(READER, { edit: false });
  });
  afterEach(() => fake.stop());
  const check = (apiToken = TOKEN, account?: string): Promise<CheckItem[]> =>
    openFake(fake.url, account === undefined ? { apiToken } : { apiToken, account }).check(testCtx());

  describe('when one is looked for', () => {
    it('are passed over where they are internal or secondary', async () => {
      fake.addZone('_tcp.example.test', { type: 'internal' });
      fake.addZone('example.test', { type: 'secondary' });
      assert.equal(await openFake(fake.url).findZone(NAME, testCtx()), null);
      const { id } = fake.addZone('example.test');
      assert.deepEqual(await openFake(fake.url).findZone(NAME, testCtx()), { id, name: 'example.test.' });
    });

    it('are refused where the setup is partial', async () => {
      fake.addZone('example.test', { type: 'partial' });
      const error = await assertRefused(
        openFake(fake.url).findZone(NAME, testCtx()),
        'E_PROVIDER_UNSUPPORTED',
      );
      assert.match(error.message, /example\.test.* is partial/);
      assert.match(error.hint ?? '', /another provider/);
    });

    it('that share a name are told apart by what is active, or by the account', async () => {
      fake.addZone('example.test', { status: 'moved' });
      const twin = fake.addZone('example.test', { status: 'pending', account: OTHER });
      const error = await assertRefused(
        openFake(fake.url).findZone(NAME, testCtx()),
        'E_PROVIDER_UNSUPPORTED',
      );
      assert.match(error.hint ?? '', /account/);
      assert.equal((await openFake(fake.url, { account: OTHER }).findZone(NAME, testCtx()))?.id, twin.id);
      const active = fake.addZone('example.test', { account: 'e'.repeat(32) });
      assert.equal((await openFake(fake.url).findZone(NAME, testCtx()))?.id, active.id);
    });

    it('are found by their id', async () => {
      const { id } = fake.addZone('example.test');
      const partial = fake.addZone('partial.test', { type: 'partial' });
      const provider = openFake(fake.url);
      assert.deepEqual(await provider.zoneById?.(id, testCtx()), { id, name: 'example.test.' });
      assert.equal(await provider.zoneById?.('f'.repeat(32), testCtx()), null);
      await assertRefused(
        provider.zoneById?.(partial.id, testCtx()) ?? Promise.resolve(),
        'E_PROVIDER_UNSUPPORTED',
      );
    });
  });

  describe('when they are checked', () => {
    it('are named, and nothing is changed', async () => {
      const zone = fake.addZone('example.test', { paused: true });
      plant(zone, { name: 'sub.example.test', type: 'NS', ttl: 1, content: 'ns.example.net' });
      const before = linesOf(zone);
      const items = await check();
      assert.deepEqual(problems(items), []);
      const text = items.map(({ message }) => message).join('\n');
      assert.match(text, /the token is active/);
      assert.match(text, /the token sees example\.test$/m);
      assert.match(text, /example\.test: active; paused, which leaves DNS as it is/);
      assert.match(text, /sub\.example\.test and below are served elsewhere/);
      assert.match(text, /example\.test: the token may edit DNS/);
      assert.deepEqual(linesOf(zone), before);
    });

    it('are a problem where nobody asks Cloudflare', async () => {
      fake.addZone('pending.test', { status: 'pending' });
      fake.addZone('moved.test', { status: 'moved' });
      for (const type of ['partial', 'secondary', 'internal']) fake.addZone(`${type}.test`, { type });
      const found = problems(await check()).join('\n');
      assert.match(found, /pending\.test: the zone is pending.*\| let the registrar/);
      assert.match(found, /moved\.test: the zone is moved.*\| let the registrar/);
      for (const type of ['partial', 'secondary', 'internal'])
        assert.match(found, new RegExp(`${type}\\.test: a ${type} zone.*\\| name the provider`));
    });

    it('are a problem where the token may only look', async () => {
      fake.addZone('example.test');
      const found = problems(await check(READER));
      assert.equal(found.length, 1);
      assert.match(
        found[0] ?? '',
        /delete no record of example\.test.*Authentication error \(10000\).*\| give these/,
      );
    });

    it('are a problem where NS records take away what can only be ours', async () => {
      const zone = fake.addZone('example.test');
      plant(zone, { name: '_tcp.example.test', type: 'NS', ttl: 1, content: 'ns.example.net' });
      assert.match(
        problems(await check()).join('\n'),
        /NS records at _tcp\.example\.test.*\| .*seen by nobody/,
      );
    });

    it('are a problem where there is none', async () => {
      assert.match(problems(await check()).join('\n'), /the token sees no zone \| .*Zone > Zone > Read/);
    });

    it('are looked at up to twenty, since requests are counted', async () => {
      for (let index = 0; index < 120; index += 1) fake.addZone(`n${index}.test`);
      const items = await check();
      assert.deepEqual(problems(items), []);
      assert.match(items[1]?.message ?? '', /n19\.test, and 100 more that are not looked at/);
      assert.ok(fake.requests.length <= 1 + 3 + 40, `${fake.requests.length}`);
    });

    it('need `account` where the token belongs to one', async () => {
      fake.tokens.set(TOKEN, { edit: true, account: ACCOUNT });
      fake.addZone('example.test');
      assert.match(problems(await check()).join('\n'), /verify the token.*Invalid API Token/);
      assert.deepEqual(problems(await check(TOKEN, ACCOUNT)), []);
    });

    it('say so when the token is over', async () => {
      fake.tokens.set(TOKEN, { edit: true, status: 'expired' });
      fake.addZone('example.test');
      assert.match(problems(await check()).join('\n'), /the token is expired \| make a new one/);
    });
  });
});

function problems(items: readonly CheckItem[]): string[] {
  return items.filter(({ ok }) => !ok).map(({ message, hint }) => `${message} | ${hint ?? ''}`);
}
