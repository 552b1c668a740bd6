import assert from 'node:assert/strict';
import { cloudflareOptions } from '../../../providers/cloudflare/options.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';
import { type FakeCloudflare, startFakeCloudflare } from '../../fakes/cloudflare.ts';
import { startHttpRelay } from '../../support/http-relay.ts';
import { TOKEN, openFake } from './fake-zone.ts';

const NAME = parseDomainName('_matrix-fed._tcp.example.test');
/** All that the SDK reads, and one header that would take the place of ours. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  CLOUDFLARE_API_TOKEN: 'token-of-somebody-else-entirely-0000000001',
  CLOUDFLARE_API_KEY: 'key-of-somebody-else',
  CLOUDFLARE_EMAIL: 'somebody@example.net',
  CLOUDFLARE_API_USER_SERVICE_KEY: 'service-key-of-somebody-else',
  CLOUDFLARE_BASE_URL: 'http://127.0.0.1:1',
  CLOUDFLARE_CUSTOM_HEADERS: 'Authorization: Bearer somebody-else\nX-Somebody: else',
  CLOUDFLARE_LOG: 'debug',
};

describe('cloudflare on its way to the API', () => {
  let fake: FakeCloudflare | undefined;
  before(async () => {
    fake = await startFakeCloudflare();
    fake.tokens.set(TOKEN, { edit: true });
    fake.addZone('example.test');
  });
  after(() => fake?.stop());
  const at = (): FakeCloudflare => {
    assert.ok(fake !== undefined);
    return fake;
  };

  it('sends its own token and nothing from the environment', async () => {
    const before = { ...process.env };
    Object.assign(process.env, ENVIRONMENT);
    try {
      const zone = await openFake(at().url).findZone(NAME, testCtx());
      assert.equal(zone?.name, 'example.test.');
    } finally {
      for (const name of Object.keys(ENVIRONMENT)) delete process.env[name];
      Object.assign(process.env, before);
    }
    const sent = at().requests.at(-1)?.headers ?? {};
    assert.equal(sent.authorization, `Bearer ${TOKEN}`);
    const ours = [
      'authorization',
      'accept',
      'host',
      'connection',
      'accept-encoding',
      'accept-language',
      'sec-fetch-mode',
      'user-agent',
    ];
    assert.deepEqual(
      Object.keys(sent).filter((name) => !ours.includes(name)),
      [],
    );
  });

  for (const kind of ['stall', 'stall-body'] as const)
    it(`gives up when its time is over (${kind})`, async () => {
      const relay = await startHttpRelay(at().url);
      try {
        relay.fault = () => ({ kind });
        const provider = openFake(relay.url, { timeout: 0.05 });
        const error = await assertRefused(provider.findZone(NAME, testCtx()), 'E_PROVIDER_TIMEOUT');
        assert.equal(error.retry.kind, 'backoff');
        assert.equal(relay.requests.length, 1);
      } finally {
        await relay.stop();
      }
    });

  it('takes no list for whole that names more than it sends', async () => {
    const relay = await startHttpRelay(at().url);
    const id = at().zones[0]?.id ?? '';
    const lacking = {
      success: true,
      errors: [],
      result: [],
      result_info: { total_pages: 1, total_count: 1 },
    };
    try {
      for (const body of [lacking, { ...lacking, result_info: undefined }, { ...lacking, result: null }]) {
        relay.fault = () => ({ kind: 'answer', status: 200, body: JSON.stringify(body) });
        const zone = { id, name: parseDomainName('example.test') };
        const reading = openFake(relay.url).readRRsets(zone, [{ name: NAME, type: 'SRV' }], testCtx());
        const error = await assertRefused(reading, 'E_PROVIDER_UNAVAILABLE');
        assert.equal(error.retry.kind, 'backoff');
      }
    } finally {
      await relay.stop();
    }
  });

  it('asks once, whatever comes', async () => {
    const relay = await startHttpRelay(at().url);
    try {
      for (const status of [408, 409, 429, 500, 503]) {
        const before = relay.requests.length;
        relay.fault = () => ({ kind: 'answer', status, headers: { 'retry-after': '1' }, body: '{}' });
        await assert.rejects(openFake(relay.url).findZone(NAME, testCtx()));
        assert.equal(relay.requests.length - before, 1);
      }
    } finally {
      await relay.stop();
    }
  });

  it('takes no Global API Key for a token, and does not show it', () => {
    const key = '0123456789abcdef0123456789abcdef01234';
    const { error } = cloudflareOptions.safeParse({ apiToken: key });
    assert.match(error?.message ?? '', /Global API Key/);
    assert.ok(!(error?.message ?? '').includes(key));
  });
});
