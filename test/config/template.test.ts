import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { findAdapter, providerTypes } from '../../providers/registry.ts';
import { CERTIFICATE_AUTHORITIES } from '../../src/config/certificate-authorities.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { secretReferences, withSecrets } from '../../src/config/secrets.ts';
import { type TemplateAnswers, configTemplate } from '../../src/config/template.ts';
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
