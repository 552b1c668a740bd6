import assert from 'node:assert/strict';
import { findAdapter, loadProvider, allAdapters, providerTypes } from '../../providers/registry.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import type { DnsProvider } from '../../src/provider.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { testCtx } from '../conformance/target.ts';
import { testDeps } from '../support/provider-deps.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SECRET = 'canary-that-is-no-base64!';

describe('the registry of providers', () => {
  const folder = temporaryFolder();
  const load = (type: string, options: unknown): Promise<DnsProvider> =>
    loadProvider({
      type,
      options,
      deps: testDeps(folder()),
    });

  it('has a schema for each type', async () => {
    assert.deepEqual([...(await allAdapters()).keys()].sort(), providerTypes());
    for (const type of providerTypes()) assert.notEqual(await findAdapter(type, folder()), null);
    assert.equal(await findAdapter('constructor', folder()), null);
  });

  it('loads each type from good settings', async () => {
    const good: Record<string, unknown> = {
      manual: {},
      desec: { token: 'canary' },
      google: { project: 'my-project-1234', zone: 'example-test' },
      memory: { zones: ['example.test'] },
      'acme-dns': { server: 'http://127.0.0.1:8080' },
      builtin: { listen: ['127.0.0.1:5300'], zones: ['example.test'] },
      cloudflare: { apiToken: 'canary' },
      ovh: { applicationKey: 'a', applicationSecret: 'b', consumerKey: 'c' },
      hetzner: { apiToken: 'canary' },
      exec: { command: ['/bin/true'], zones: ['example.test'] },
      httpreq: { endpoint: 'http://127.0.0.1:9090', zones: ['example.test'] },
      powerdns: { url: 'http://127.0.0.1:8081', apiKey: 'canary' },
      route53: {},
      rfc2136: { server: '127.0.0.1:5300', key: { name: 'k', secret: 'c2VjcmV0' } },
      webhook: { zones: ['example.test'] },
    };
    for (const [type, options] of Object.entries(good)) {
      const provider = await load(type, options);
      assert.deepEqual(provider.capabilities.types, (await findAdapter(type, folder()))?.capabilities.types);
      await provider.close?.();
    }
    const memory = await load('memory', good['memory']);
    assert.equal(
      (await memory.findZone(parseDomainName('a.example.test'), testCtx()))?.name,
      'example.test.',
    );
  });

  it('names each bad setting and what was expected, and shows none', async () => {
    const key = { name: 'k', secret: SECRET };
    const error = await assertRefused(load('rfc2136', { server: '::1:x', key, typo: 1 }), 'E_CONFIG');
    assert.match(error.message, /providers\.main\.server: expected host/);
    assert.match(error.message, /providers\.main\.key\.secret: expected the base64/);
    assert.match(error.message, /providers\.main: .*"typo"/);
    assert.ok(!error.message.includes(SECRET));
  });

  it('knows what an unknown type was probably meant to be', async () => {
    const error = await assertRefused(load('rfc2316', {}), 'E_PROVIDER_UNKNOWN');
    assert.match(error.hint ?? '', /did you mean "rfc2136"\? there are .*builtin.*memory.*rfc2136/);
    for (const type of ['constructor', '__proto__', ''])
      await assertRefused(load(type, {}), 'E_PROVIDER_UNKNOWN');
  });
});
