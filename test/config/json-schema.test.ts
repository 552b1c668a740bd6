import assert from 'node:assert/strict';
import { parse } from 'yaml';
import * as z from 'zod';
import { allAdapters } from '../../providers/registry.ts';
import { jsonSchema } from '../../src/config/json-schema.ts';
import { configText } from './check-text.ts';
import { complaints } from './json-schema-validator.ts';

const document = z.record(z.string(), z.unknown());

describe('the JSON Schema of the config', () => {
  let schema: Readonly<Record<string, unknown>>;

  before(async () => {
    schema = document.parse(jsonSchema(await allAdapters()));
  });

  const check = (text: string): string[] => complaints(parse(text), schema, schema);

  it('is draft 2020-12', () => {
    assert.equal(schema['$schema'], 'https://json-schema.org/draft/2020-12/schema');
  });

  it('accepts a good config', () => {
    assert.deepEqual(check(configText()), []);
    const text = configText({
      top: 'resolvers: [192.0.2.1]\nacme: { ca: zerossl, eab: { kid: x, hmacKey: { credential: eab } } }\n',
      site: `    ttl: 60
    certificate:
      names: ["*.example.org"]
      outputs: [{ directory: /tls, keyMode: "0640" }]
      reload: { exec: [/bin/true] }
      verify: none
`,
    });
    assert.deepEqual(check(text), []);
  });

  it('accepts a secret in all of its forms', () => {
    for (const form of ['{ file: /a }', '{ env: A }', '{ credential: a }', 'c2VjcmV0'])
      assert.deepEqual(check(configText().replace('c2VjcmV0', form)), [], form);
    for (const form of ['{ file: /a, env: A }', '{ path: /a }', '[]'])
      assert.notEqual(check(configText().replace('c2VjcmV0', form)).length, 0, form);
  });

  it('accepts an adapter of somebody else with whatever settings it has', () => {
    const text = configText().replace('rfc2136', 'pkg:@scope/name').replace('server:', 'whatever:');
    assert.deepEqual(check(text), []);
  });

  it('refuses what the program refuses', () => {
    const wrong = [
      configText().replace('provider: main', 'povider: main'),
      configText().replace('server: ', 'sever: '),
      configText().replace('rfc2136', 'rfc2135'),
      configText().replace('version: 1', 'version: 2'),
      configText().replace('matrix.example.org', 'matrix.example.org, port: 99999'),
      configText({ top: 'stat: /var\n' }),
      configText({ site: '    certificate: { keyType: ec521 }\n' }),
      configText({ site: '    certificate: { reload: { systemd: a, signal: HUP } }\n' }),
      configText({ site: '    certificate: { outputs: [{ directory: /a, keyMode: 640 }] }\n' }),
    ];
    for (const text of wrong) assert.notEqual(check(text).length, 0, text);
  });

  it('says of every key what it is for', () => {
    const silent: string[] = [];
    const look = (node: unknown, path: string): void => {
      if (Array.isArray(node)) for (const each of node) look(each, path);
      if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
      for (const [keyword, inner] of Object.entries(node)) {
        if (keyword === 'if' || keyword === 'default') continue;
        // Settings of the adapters are theirs to describe.
        if (keyword === 'properties' && !path.includes('allOf'))
          for (const [key, property] of Object.entries(document.parse(inner)))
            if (!('description' in document.parse(property))) silent.push(`${path}.${key}`);
        look(inner, `${path}.${keyword}`);
      }
    };
    look(schema, '');
    assert.deepEqual(silent, []);
  });
});
