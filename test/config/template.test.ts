import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { findAdapter, providerTypes } from '../../providers/registry.ts';
import { CERTIFICATE_AUTHORITIES } from '../../src/config/certificate-authorities.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { secretReferences, withSecrets } from '../../src/config/secrets.ts';
import { type TemplateAnswers, configTemplate } from '../../src/config/template.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { readYaml } from '../../src/config/yaml-document.ts';
import type { Config } from '../../src/config/config.ts';

const ANSWERS: Omit<TemplateAnswers, 'settings'> = {
  serverName: 'example.org',
  target: 'matrix.example.org',
  provider: 'rfc2136',
  ca: 'letsencrypt',
};

async function configOf(answers: Omit<TemplateAnswers, 'settings'>): Promise<Config> {
  const adapter = await findAdapter(answers.provider, '/etc/delegated');
  const settings = adapter?.example(answers.serverName) ?? '';
  const yaml = readYaml(configTemplate({ ...answers, settings }));
  assert.ok(yaml.ok);
  const { document } = yaml;
  const secrets = secretReferences(document.value).map(() => 'c2VjcmV0');
  const value = withSecrets(document.value, secrets);
  return parseConfig(
    { ...document, value },
    '/c.yaml',
    { names: providerTypes, settings: (type) => findAdapter(type, '/etc/delegated') },
    undefined,
  );
}

describe('configTemplate', () => {
  it('passes the check for every provider type and every CA', async () => {
    for (const provider of providerTypes())
      for (const ca of [...Object.keys(CERTIFICATE_AUTHORITIES), 'https://ca.example:14000/dir']) {
        const config = await configOf({ ...ANSWERS, provider, ca, email: 'admin@example.org' });
        assert.equal(config.acme.email, 'admin@example.org');
        assert.equal(config.providers.get('main')?.type, provider);
      }
  });

  it('says what was asked for', async () => {
    const { sites, acme } = await configOf(ANSWERS);
    assert.equal(sites[0]?.serverName.text, 'example.org');
    assert.equal(sites[0].srv[0]?.target, 'matrix.example.org.');
    // Nobody but its reader can agree.
    assert.equal(acme.termsOfServiceAgreed, false);
  });

  it('takes over whatever was answered', async () => {
    const target = parseDomainName('hs.example.org');
    const config = await configOf({
      ...ANSWERS,
      provider: 'manual',
      termsOfServiceAgreed: true,
      state: '/srv/delegated',
      resolvers: ['192.0.2.53', '[2001:db8::53]:5300'],
      nameServers: ['192.0.2.1:53'],
      srv: [
        { target, port: 443, priority: 1, weight: 2 },
        { target, port: 8448, priority: 3, weight: 4 },
      ],
      legacySrv: true,
      delegatedTo: 'hs.example.org',
      challenge: { provider: 'memory', settings: 'zones: [example.org]\n' },
      homeserver: { directory: '/etc/tuwunel/tls', group: null, unit: 'tuwunel.service', restart: true },
    });
    const [site] = config.sites;
    assert.equal(config.state, '/srv/delegated');
    assert.equal(config.acme.termsOfServiceAgreed, true);
    assert.deepEqual(config.resolvers, [
      { address: '192.0.2.53', port: 53 },
      { address: '2001:db8::53', port: 5300 },
    ]);
    assert.deepEqual(config.providers.get('main')?.nameServers, [{ address: '192.0.2.1', port: 53 }]);
    assert.deepEqual(
      site?.srv.map(({ port, priority, weight }) => [port, priority, weight]),
      [
        [443, 1, 2],
        [8448, 3, 4],
      ],
    );
    assert.deepEqual(
      [site.legacySrv, site.delegatedTo, site.challengeProvider],
      [true, target, 'challenges'],
    );
    assert.deepEqual(site.certificate?.reload, {
      kind: 'exec',
      command: ['/usr/bin/systemctl', 'restart', 'tuwunel.service'],
    });
    assert.deepEqual(
      site.certificate.outputs.map(({ directory, group }) => [directory, group]),
      [['/etc/tuwunel/tls', undefined]],
    );
  });

  it('writes no output and no reload for a machine without a homeserver', async () => {
    const homeserver = { directory: null, group: null, unit: null, restart: false };
    const { sites } = await configOf({ ...ANSWERS, homeserver });
    assert.deepEqual([sites[0]?.certificate?.outputs, sites[0]?.certificate?.reload], [[], null]);
  });

  it('writes every server name so that YAML reads the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.domain(), fc.constantFrom('true', 'null', '1e3', '0x10', 'Example.ORG', '12.5')),
        async (serverName) => {
          const { sites } = await configOf({ ...ANSWERS, serverName });
          assert.equal(sites[0]?.serverName.text, serverName);
        },
      ),
      { numRuns: 30 },
    );
  });
});
