import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { allAdapters } from '../../providers/registry.ts';
import { settingsIn, withAnswers, yamlText } from '../../src/config/example-settings.ts';

const EXAMPLE = `# Where it is.
server: 127.0.0.1:53   # the primary
key:
  name: delegated
  secret: { file: /etc/delegated/tsig.secret } # of the key
zones: ["example.org", example.net]
wait: 900
# region: eu
`;

describe('settingsIn', () => {
  it('finds texts, lists and secrets with their comments, and leaves numbers and what is commented out', () => {
    assert.deepEqual(settingsIn(EXAMPLE), [
      { key: 'server', value: '127.0.0.1:53', kind: 'text', comment: 'the primary' },
      { key: 'key.name', value: 'delegated', kind: 'text', comment: '' },
      { key: 'key.secret', value: '/etc/delegated/tsig.secret', kind: 'secret-file', comment: 'of the key' },
      { key: 'zones', value: 'example.org example.net', kind: 'list', comment: '' },
    ]);
  });

  it('finds every secret of every adapter', async () => {
    for (const [type, { example }] of await allAdapters()) {
      const files = [...example('example.org').matchAll(/\{ file: (\S+) \}/g)].map(([, file]) => file);
      const found = settingsIn(example('example.org')).filter(({ kind }) => kind === 'secret-file');
      assert.deepEqual(
        found.map(({ value }) => value),
        files,
        type,
      );
    }
  });
});

describe('withAnswers', () => {
  it('puts each answer in its place, and takes out what is to be left out', () => {
    const text = withAnswers(
      EXAMPLE,
      new Map([
        ['server', '[2001:db8::1]:53'],
        ['key.name', null],
        ['key.secret', '/srv/a b.secret'],
        ['zones', 'a.example, b.example 1e3'],
      ]),
    );
    assert.deepEqual(parse(text), {
      server: '[2001:db8::1]:53',
      key: { secret: { file: '/srv/a b.secret' } },
      zones: ['a.example', 'b.example', '1e3'],
      wait: 900,
    });
    assert.match(text, / {3}# the primary\n/);
  });

  it('changes nothing where the usual was answered', async () => {
    for (const { example } of (await allAdapters()).values()) {
      const text = example('example.org');
      const usual = new Map(settingsIn(text).map(({ key, value }) => [key, value]));
      assert.equal(withAnswers(text, usual), text);
    }
  });
});

describe('yamlText', () => {
  it('is read as the text that it was, whatever that is', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('true', 'null', '1e3', '0x10', '~', 'a: b', 'a #b')),
        (text) => {
          assert.deepEqual(parse(`key: ${yamlText(text)}`), { key: text });
        },
      ),
    );
  });
});
