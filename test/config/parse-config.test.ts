import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import * as z from 'zod';
import { editDistance } from '../../src/config/nearest.ts';
import { DelegatedError } from '../../src/errors.ts';
import { TYPES, checkText, configOf, configText, linesOf, problemsOf } from './check-text.ts';

describe('parseConfig', () => {
  it('fills in every default', async () => {
    const { acme, sites, ...config } = await configOf(configText());
    assert.equal(config.state, '/var/lib/delegated');
    assert.deepEqual(config.resolvers, []);
    assert.equal(config.propagationTimeoutMs, undefined);
    assert.deepEqual(acme, {
      directoryUrl: 'https://acme-v02.api.letsencrypt.org/directory',
      stagingDirectoryUrl: 'https://acme-staging-v02.api.letsencrypt.org/directory',
      termsOfServiceAgreed: false,
      timeoutMs: 1_800_000,
    });
    const [site] = sites;
    assert.deepEqual(site?.srv, [{ target: 'matrix.example.org.', port: 8448, priority: 10, weight: 0 }]);
    assert.equal(site.ttl, 3600);
    assert.equal(site.legacySrv, false);
    assert.deepEqual(site.certificate, {
      names: [],
      keyType: 'ec256',
      outputs: [],
      reload: null,
      verify: null,
      verifyTimeoutMs: 30_000,
      keepVersions: 5,
    });
  });

  it('leaves out what the file leaves out', async () => {
    const [site] = (await configOf(configText())).sites;
    assert.deepEqual(Object.keys(site ?? {}).sort(), [
      'certificate',
      'legacySrv',
      'proveTargets',
      'provider',
      'serverName',
      'srv',
      'ttl',
    ]);
  });

  it('reads every key of the contract', async () => {
    const config = await configOf(
      `version: 1
state: /srv/delegated
resolvers: ["127.0.0.1:5353", 192.0.2.1, "2001:db8::1"]
propagation: { timeout: 5 }
acme:
  ca: zerossl
  staging: https://ca.test/dir
  email: admin@example.org
  termsOfServiceAgreed: true
  profile: tlsserver
  eab: { kid: one, hmacKey: c2VjcmV0 }
  timeout: 60
  fallback: [{ ca: google, eab: { kid: two, hmacKey: c2VjcmV0 } }, { ca: "https://ca.test/other" }]
providers:
  main:
    type: rfc2136
    server: 127.0.0.1:5300
    key: { name: delegated, algorithm: hmac-sha512, secret: c2VjcmV0 }
    nameServers: ["127.0.0.1:5300"]
  other: { type: "pkg:@scope/name", anything: { at: [all] } }
sites:
  Example.org:
    provider: main
    zone: example.org
    delegatedTo: c1.hoster.net
    srv:
      - { target: Matrix.Example.org., port: 443, priority: 1, weight: 5 }
    ttl: 300
    legacySrv: true
    challenge: { provider: other }
    certificate:
      names: [matrix.example.org, c1.hoster.net, "*.example.org"]
      keyType: rsa2048
      outputs:
        - { directory: /etc/matrix-synapse/tls, owner: root, group: matrix-synapse }
        - { directory: /srv/tls, keyMode: "0400", certificateMode: "444", layout: copies, combined: true }
      reload: { signal: HUP, pidFile: /run/synapse.pid }
      verify: ["203.0.113.5:8448", "[2001:db8::1]:443"]
      verifyTimeout: 7
      keepVersions: 2
    homeserver: { synapse: /etc/matrix-synapse/homeserver.yaml }
    wellKnown: { server: "c1.hoster.net", client: { m.homeserver: { base_url: "https://x" } }, serve: true }
`.replace('"*.example.org"', '"*.example.net"'),
    );
    assert.deepEqual(config.resolvers, [
      { address: '127.0.0.1', port: 5353 },
      { address: '192.0.2.1', port: 53 },
      { address: '2001:db8::1', port: 53 },
    ]);
    assert.deepEqual(config.acme, {
      directoryUrl: 'https://acme.zerossl.com/v2/DV90',
      stagingDirectoryUrl: 'https://ca.test/dir',
      email: 'admin@example.org',
      termsOfServiceAgreed: true,
      profile: 'tlsserver',
      eab: { kid: 'one', hmacKey: 'c2VjcmV0' },
      timeoutMs: 60_000,
      fallback: [
        {
          directoryUrl: 'https://dv.acme-v02.api.pki.goog/directory',
          stagingDirectoryUrl: 'https://dv.acme-v02.test-api.pki.goog/directory',
          eab: { kid: 'two', hmacKey: 'c2VjcmV0' },
        },
        { directoryUrl: 'https://ca.test/other', stagingDirectoryUrl: null },
      ],
    });
    assert.deepEqual(config.providers.get('main'), {
      name: 'main',
      type: 'rfc2136',
      nameServers: [{ address: '127.0.0.1', port: 5300 }],
      options: {
        server: '127.0.0.1:5300',
        key: { name: 'delegated', algorithm: 'hmac-sha512', secret: 'c2VjcmV0' },
      },
      variables: {},
    });
    assert.deepEqual(config.providers.get('other')?.options, { anything: { at: ['all'] } });
    const [site] = config.sites;
    assert.equal(site?.serverName.text, 'Example.org');
    assert.equal(site.delegatedTo, 'c1.hoster.net.');
    assert.equal(site.zone, 'example.org');
    assert.equal(site.challengeProvider, 'other');
    assert.deepEqual(site.srv, [{ target: 'matrix.example.org.', port: 443, priority: 1, weight: 5 }]);
    assert.deepEqual(site.certificate, {
      // The name that federation demands is there anyway.
      names: ['matrix.example.org.', '*.example.net.'],
      keyType: 'rsa2048',
      outputs: [
        {
          directory: '/etc/matrix-synapse/tls',
          owner: 'root',
          group: 'matrix-synapse',
          keyMode: 0o640,
          certificateMode: 0o644,
          layout: 'links',
        },
        { directory: '/srv/tls', keyMode: 0o400, certificateMode: 0o444, layout: 'copies', combined: true },
      ],
      reload: { kind: 'signal', signal: 'HUP', pidFile: '/run/synapse.pid' },
      verify: [
        { address: '203.0.113.5', port: 8448 },
        { address: '2001:db8::1', port: 443 },
      ],
      verifyTimeoutMs: 7_000,
      keepVersions: 2,
    });
    assert.deepEqual(site.wellKnown?.client, { 'm.homeserver': { base_url: 'https://x' } });
    assert.equal(site.wellKnown.server?.text, 'c1.hoster.net');
    assert.equal(site.wellKnown.serve, true);
    assert.deepEqual(site.homeserver, { synapse: ['/etc/matrix-synapse/homeserver.yaml'] });
  });

  it('reads the end of a target with its offset', async () => {
    const text = configText().replace(
      /srv:\n.*\n/,
      'srv:\n      - target: a.example.org\n      - { target: b.example.org, until: 2026-12-01T01:30:00+01:30 }\n',
    );
    const [site] = (await configOf(text)).sites;
    assert.deepEqual(
      site?.srv.map(({ until }) => until),
      [undefined, new Date('2026-12-01T00:00:00Z')],
    );
  });

  it('takes none for no certificate, no reload and no proof', async () => {
    const [bare] = (await configOf(configText({ site: '    certificate: none\n' }))).sites;
    assert.equal(bare?.certificate, null);
    const text = configText({ site: '    certificate: { reload: none, verify: none }\n' });
    const [site] = (await configOf(text)).sites;
    assert.equal(site?.certificate?.reload, null);
    assert.deepEqual(site.certificate.verify, []);
  });

  it('shows the key to its owner only, unless a group is named', async () => {
    const text = configText({
      site: '    certificate: { outputs: [{ directory: /a }, { directory: /b, group: synapse }] }\n',
    });
    const [site] = (await configOf(text)).sites;
    assert.deepEqual(
      site?.certificate?.outputs.map(({ keyMode }) => keyMode),
      [0o600, 0o640],
    );
  });

  it('reads JSON as well, and a byte order mark', async () => {
    const json = JSON.stringify({
      version: 1,
      providers: { main: { type: 'powerdns' } },
      sites: { 'example.org': { provider: 'main', srv: [{ target: 'm.example.org' }] } },
    });
    assert.equal((await checkText(json)).ok, true);
    assert.equal((await checkText(`\uFEFF${configText()}`)).ok, true);
  });

  it('reads anchors and aliases, and points into the anchor', async () => {
    const text = configText({ site: '    certificate: &c { keyType: ec1 }\n' }).replace(
      'sites:\n',
      'sites:\n',
    );
    const two = `${text}  b.org: { provider: main, srv: [{ target: m.b.org }], certificate: *c }\n`;
    assert.deepEqual(
      (await problemsOf(two)).map(({ line, path }) => [line, path]),
      [
        [12, 'sites."example.org".certificate.keyType'],
        [12, 'sites."b.org".certificate.keyType'],
      ],
    );
  });

  it('says at its type why an adapter of somebody else is of no use', async () => {
    const refusal = new DelegatedError('E_PROVIDER_UNKNOWN', 'there is no file', { hint: 'write one' });
    const settings = (): Promise<never> => Promise.reject(refusal);
    const checked = await checkText(configText().replace('rfc2136', './file.mjs'), { ...TYPES, settings });
    assert.ok(!checked.ok);
    assert.deepEqual(checked.problems, [
      { line: 4, column: 11, path: 'providers.main.type', message: 'there is no file — write one' },
    ]);
  });

  it('has an adapter of somebody else check its settings, however long that takes', async () => {
    const options = z
      .looseObject({})
      .refine(async () => false, { path: ['server'], error: 'expected another' });
    const types = { ...TYPES, settings: async () => ({ options, environment: {} }) };
    const checked = await checkText(configText().replace('rfc2136', '"pkg:@scope/name"'), types);
    assert.ok(!checked.ok);
    assert.deepEqual(
      checked.problems.map(({ line, path, message }) => [line, path, message]),
      [[5, 'providers.main.server', 'expected another']],
    );
  });

  it('asks nothing of the settings of an adapter that knows none', async () => {
    for (const type of ['pkg:@scope/name', './file.mjs', '../file.mjs', '/opt/file.mjs'])
      assert.deepEqual(await linesOf(configText().replace('rfc2136', JSON.stringify(type))), [], type);
  });

  it('repeats no value that stands where a secret may', async () => {
    const canary = 'canary-5f0c';
    const texts = [
      configText().replace('c2VjcmV0', canary),
      configText().replace('c2VjcmV0', `[${canary}]`),
      configText().replace('c2VjcmV0', `{ value: ${canary} }`),
      configText().replace('127.0.0.1:5300', `{ token: ${canary} }`),
      configText().replace('c2VjcmV0', `*${canary}`),
      configText().replace('c2VjcmV0', `!${canary}`),
      configText().replace('c2VjcmV0', `"${canary}`),
      configText().replace('c2VjcmV0', `@${canary}`),
      configText().replace('c2VjcmV0', `a: ${canary}: b`),
      configText().replace('{ name: delegated, secret: c2VjcmV0 }', canary),
      configText({ top: `acme: { eab: { kid: x, hmacKey: [${canary}] } }\n` }),
      configText({ top: `acme: { eab: { kid: x, hmacKey: { fil: ${canary} } } }\n` }),
      configText().replace('main:\n', `main: ${canary}\n  x:\n`),
    ];
    for (const text of texts) {
      const lines = await linesOf(text);
      assert.notEqual(lines.length, 0, text);
      assert.equal(lines.join('\n').includes(canary), false, lines.join('\n'));
    }
  });

  it('answers any text with a config or with problems', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'grapheme', maxLength: 80 }),
          fc.jsonValue({ maxDepth: 4 }).map((value) => stringify(value)),
          fc
            .jsonValue({ maxDepth: 3 })
            .map((value) => stringify({ version: 1, sites: value, providers: value })),
          fc
            .jsonValue({ maxDepth: 3 })
            .map((value) => configText({ site: `    certificate: ${JSON.stringify(value)}\n` })),
        ),
        async (text) => {
          const checked = await checkText(text);
          if (checked.ok) return;
          assert.notEqual(checked.problems.length, 0);
          for (const { line, column } of checked.problems) assert.ok(line >= 1 && column >= 1);
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** Every key below has a line of its own, so a misspelt one can be found by its line and indentation. */
const TALL = `version: 1
state: /var/lib/delegated
resolvers:
  - 127.0.0.1:53
propagation:
  timeout: 10
acme:
  ca: letsencrypt
  email: admin@example.org
  termsOfServiceAgreed: true
  profile: tlsserver
  eab:
    kid: one
    hmacKey: c2VjcmV0
providers:
  main:
    type: rfc2136
    server: 127.0.0.1:5300
    key:
      name: delegated
      algorithm: hmac-sha256
      secret: c2VjcmV0
sites:
  example.org:
    provider: main
    srv:
      - target: matrix.example.org
        port: 8448
        priority: 10
        weight: 5
    ttl: 3600
    legacySrv: false
    challenge:
      provider: main
    certificate:
      names:
        - matrix.example.org
      keyType: ec256
      outputs:
        - directory: /etc/matrix-synapse/tls
          owner: root
          group: matrix-synapse
          keyMode: "0640"
      reload:
        systemd: matrix-synapse.service
`;
const FREE = new Set(['main', 'example.org']);
const KEYS = TALL.split('\n').flatMap((line, index) => {
  const [, indent = '', key = ''] = /^((?:- | )*)([A-Za-z.]+):(?: |$)/.exec(line) ?? [];
  return key === '' || FREE.has(key) ? [] : [{ line: index + 1, column: indent.length + 1, key }];
});

describe('a misspelt key', () => {
  it('is not found in the file that is right', async () => {
    assert.deepEqual(await linesOf(TALL), []);
    assert.ok(KEYS.length > 35);
  });

  it('is reported at its line and column, whichever it is and whatever became of it', async () => {
    const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.split(''));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...KEYS),
        fc.nat(),
        letter,
        fc.nat(2),
        async (at, where, char, how) => {
          const wrong = misspell(at.key, where, char, how);
          fc.pre(!KEYS.some(({ key }) => key === wrong) && wrong !== '' && !RESERVED.has(wrong));
          const lines = TALL.split('\n');
          lines[at.line - 1] = (lines[at.line - 1] ?? '').replace(`${at.key}:`, `${wrong}:`);
          const problems = await problemsOf(lines.join('\n'));
          const found = problems.find(({ line, column }) => line === at.line && column === at.column);
          // Anything may stand beside `type`, as far as we can know without it.
          if (at.key === 'type' || (found === undefined && at.key === 'type')) return;
          assert.ok(found !== undefined, JSON.stringify(problems));
          assert.match(found.message, /^unknown key — /);
          if (editDistance(wrong.toLowerCase(), at.key.toLowerCase()) === 1 && at.key.length > 3)
            assert.match(found.message, /did you mean "/);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Keys that mean something else somewhere, or text that YAML reads as another type. */
const RESERVED = new Set([
  'file',
  'env',
  'zone',
  'null',
  'true',
  'false',
  'verify',
  'layout',
  'timeout',
  'nameServers',
]);

function misspell(key: string, where: number, char: string, how: number): string {
  const at = where % key.length;
  if (how === 0) return key.slice(0, at) + key.slice(at + 1);
  if (how === 1) return key.slice(0, at) + char + key.slice(at);
  return key.slice(0, at) + char + key.slice(at + 1);
}
