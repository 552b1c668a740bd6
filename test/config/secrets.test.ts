import assert from 'node:assert/strict';
import { inlineSecrets, secretReferences, withSecrets } from '../../src/config/secrets.ts';

const DOCUMENT = {
  acme: { eab: { kid: 'one', hmacKey: { file: '/eab' } }, fallback: [{ eab: { hmacKey: { env: 'EAB' } } }] },
  providers: {
    file: { type: 'x', options: { deep: [{ credential: 'tsig' }] }, apiToken: 'inline-1' },
    main: {
      type: 'y',
      key: { name: 'delegated', secret: 'inline-2' },
      url: 'https://user:inline-3@api.example/',
      two: { file: '/a', env: 'B' },
      none: { path: '/a' },
      wrong: { file: 5 },
    },
  },
  notify: {
    webhook: { url: 'https://hook.example/inline-4', secret: { file: '/hook' } },
    matrix: { homeserver: 'https://m.example', accessToken: 'inline-5' },
    exec: ['/bin/x', { file: '/not/a/secret' }],
  },
  sites: { 'example.org': { wellKnown: { client: { a: { file: '/not/a/secret' } } } } },
};

describe('secrets of a config', () => {
  it('are found below the providers, in the account bindings and where people are told, and nowhere else', () => {
    assert.deepEqual(secretReferences(DOCUMENT), [
      { path: ['acme', 'eab', 'hmacKey'], source: { kind: 'file', name: '/eab' } },
      { path: ['acme', 'fallback', 0, 'eab', 'hmacKey'], source: { kind: 'env', name: 'EAB' } },
      { path: ['providers', 'file', 'options', 'deep', 0], source: { kind: 'credential', name: 'tsig' } },
      { path: ['notify', 'webhook', 'secret'], source: { kind: 'file', name: '/hook' } },
    ]);
  });

  it('take the places of their references, and change nothing else', () => {
    const resolved = withSecrets(DOCUMENT, ['one', 'two', 'three', 'four']);
    const expected = structuredClone<Record<string, unknown>>(DOCUMENT);
    expected['acme'] = { eab: { kid: 'one', hmacKey: 'one' }, fallback: [{ eab: { hmacKey: 'two' } }] };
    expected['providers'] = {
      ...DOCUMENT.providers,
      file: { type: 'x', options: { deep: ['three'] }, apiToken: 'inline-1' },
    };
    expected['notify'] = {
      ...DOCUMENT.notify,
      webhook: { ...DOCUMENT.notify.webhook, secret: 'four' },
    };
    assert.deepEqual(resolved, expected);
  });

  it('are known by their keys where they stand in the file', () => {
    assert.deepEqual(inlineSecrets(DOCUMENT), [
      'inline-1',
      'inline-2',
      'inline-3',
      'https://hook.example/inline-4',
      'inline-5',
    ]);
  });

  it('may be the name of a provider', () => {
    assert.deepEqual(secretReferences({ providers: { file: 'x' } }), []);
    assert.deepEqual(secretReferences({ providers: { main: { file: 'x' } } }), []);
  });
});
