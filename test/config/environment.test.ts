import assert from 'node:assert/strict';
import { borrowedSettings, variablesOf, withBorrowed } from '../../src/config/environment.ts';
import { DelegatedError } from '../../src/errors.ts';
import { TYPES, linesOf } from './check-text.ts';

const CONFIG = { providers: { main: { type: 'rfc2136', key: { name: 'k' } }, other: { type: 'powerdns' } } };
const ENV = { RFC2136_NAMESERVER: '127.0.0.1:53', RFC2136_TSIG_SECRET_FILE: '/run/secret' };

describe('settings from the environment', () => {
  it('stand in for what the config leaves out', async () => {
    const borrowed = await borrowedSettings(CONFIG, TYPES, ENV);
    assert.deepEqual(
      borrowed.map(({ path, source }) => [path.join('.'), source]),
      [
        ['providers.main.server', { kind: 'env', name: 'RFC2136_NAMESERVER' }],
        ['providers.main.key.secret', { kind: 'file', name: '/run/secret' }],
      ],
    );
    assert.deepEqual(withBorrowed(CONFIG, borrowed, ['127.0.0.1:53', 's']), {
      providers: {
        main: { type: 'rfc2136', server: '127.0.0.1:53', key: { name: 'k', secret: 's' } },
        other: { type: 'powerdns' },
      },
    });
    assert.deepEqual(variablesOf(borrowed).get('main'), {
      server: 'RFC2136_NAMESERVER',
      'key.secret': 'RFC2136_TSIG_SECRET_FILE',
    });
  });

  it('never overrule the config', async () => {
    const full = { providers: { main: { type: 'rfc2136', server: 'a', key: { secret: 'b' } } } };
    assert.deepEqual(await borrowedSettings(full, TYPES, ENV), []);
  });

  it('are not there when the variable is empty', async () => {
    assert.deepEqual(await borrowedSettings(CONFIG, TYPES, { RFC2136_NAMESERVER: '' }), []);
  });

  it('leave an adapter that is of no use to those who check the config', async () => {
    const refusal = new DelegatedError('E_PROVIDER_UNKNOWN', 'there is no file');
    const types = { ...TYPES, settings: () => Promise.reject(refusal) };
    assert.deepEqual(await borrowedSettings(CONFIG, types, ENV), []);
    const broken = { ...TYPES, settings: () => Promise.reject(new TypeError('a bug')) };
    await assert.rejects(borrowedSettings(CONFIG, broken, ENV), TypeError);
  });

  it('leave a config of the wrong shape to the schema', async () => {
    for (const wrong of [null, 'text', { providers: [] }, { providers: { main: 'text' } }])
      assert.deepEqual(await borrowedSettings(wrong, TYPES, ENV), []);
    const text = { providers: { main: { type: 'rfc2136', key: 'text', server: 'a' } } };
    const borrowed = await borrowedSettings(text, TYPES, ENV);
    assert.deepEqual(withBorrowed(text, borrowed, ['s']), text);
  });

  it('are named where a required key is missing', async () => {
    const lines = await linesOf(
      'version: 1\nproviders:\n  main:\n    type: rfc2136\n    key: { name: k, secret: c2VjcmV0 }\nsites: {}\n',
    );
    const line = lines.find((each) => each.includes('providers.main.server')) ?? '';
    assert.match(line, /required key is missing: .* — or set RFC2136_NAMESERVER in the environment/);
  });
});
