import * as z from 'zod';
import type { Config } from '../../src/config/config.ts';
import { type CheckedConfig, type ProviderTypes, checkConfig } from '../../src/config/parse-config.ts';
import { type ConfigProblem, problemText } from '../../src/config/problem.ts';
import { readYaml } from '../../src/config/yaml-document.ts';

/** One type of provider, with a setting of each kind. */
export const TYPES: ProviderTypes = {
  names: () => ['rfc2136', 'powerdns'],
  settings: (type) => Promise.resolve(type === 'rfc2136' ? { options, environment: ENVIRONMENT } : null),
};

const ENVIRONMENT = { server: ['RFC2136_NAMESERVER'], 'key.secret': ['RFC2136_TSIG_SECRET'] };

const options = z.strictObject({
  server: z.string(),
  key: z.strictObject({
    name: z.string(),
    algorithm: z.enum(['hmac-sha256', 'hmac-sha512']).default('hmac-sha256'),
    secret: z.string().regex(/^[A-Za-z0-9+/=]+$/, { error: 'expected base64' }),
  }),
  timeout: z.number().positive().optional(),
});

export async function checkText(text: string, types = TYPES): Promise<CheckedConfig> {
  const yaml = readYaml(text);
  if (!yaml.ok) return yaml;
  const { document } = yaml;
  return checkConfig({
    document,
    file: '/etc/delegated/config.yaml',
    types,
    caCertificates: undefined,
    unread: [],
  });
}

export async function problemsOf(text: string): Promise<readonly ConfigProblem[]> {
  const checked = await checkText(text);
  return checked.ok ? [] : checked.problems;
}

/** As a person would see them. */
export async function linesOf(text: string): Promise<string[]> {
  return (await problemsOf(text)).map((problem) => problemText('c.yaml', problem));
}

export async function configOf(text: string): Promise<Config> {
  const checked = await checkText(text);
  if (checked.ok) return checked.config;
  throw new Error(checked.problems.map((problem) => problemText('c.yaml', problem)).join('\n'));
}

/** A good config of eleven lines; `site` begins at line 12, `top` pushes everything down. */
export function configText({ site = '', top = '', name = 'example.org' } = {}): string {
  return `version: 1
${top}providers:
  main:
    type: rfc2136
    server: 127.0.0.1:5300
    key: { name: delegated, secret: c2VjcmV0 }
sites:
  ${name}:
    provider: main
    srv:
      - { target: matrix.example.org }
${site}`;
}
