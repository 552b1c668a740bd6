import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { rfc2136Options } from '../../../providers/rfc2136/options.ts';

const KEY = { name: 'delegated', algorithm: 'hmac-sha256', secret: 'c2VjcmV0LXNlY3JldA==' };

function parsed(server: string): unknown {
  const result = rfc2136Options.safeParse({ server, key: KEY });
  return result.success ? result.data.server : null;
}

describe('the options of rfc2136', () => {
  it('read a server with and without a port', () => {
    assert.deepEqual(parsed('ns1.example.org'), { host: 'ns1.example.org', port: 53 });
    assert.deepEqual(parsed('127.0.0.1:5300'), { host: '127.0.0.1', port: 5300 });
    assert.deepEqual(parsed('[::1]:5300'), { host: '::1', port: 5300 });
    assert.deepEqual(parsed('[::1]'), { host: '::1', port: 53 });
    assert.deepEqual(parsed('::1'), { host: '::1', port: 53 });
  });

  it('refuse what is no server', () => {
    for (const server of ['', ':53', 'a b', 'ns:0', 'ns:65536', 'ns:53:54', '[ns]:53', 'dns://ns'])
      assert.equal(parsed(server), null, server);
  });

  it('take SHA-256 and 10 seconds where nothing else is said', () => {
    const { name, secret } = KEY;
    const options = rfc2136Options.parse({ server: 'ns', key: { name, secret } });
    assert.equal(options.key.algorithm, 'hmac-sha256');
    assert.equal(options.timeout, 10);
    assert.equal(options.zones, undefined);
  });

  it('name the place of what is wrong', () => {
    const result = rfc2136Options.safeParse({
      server: 'ns',
      key: { ...KEY, algorithm: 'md5' },
      zones: ['a..b'],
      x: 1,
    });
    const paths = result.error?.issues.map((issue) => issue.path.join('.')) ?? [];
    assert.deepEqual([...paths].sort(), ['', 'key.algorithm', 'zones.0']);
  });

  it('refuse a secret that is not base64, without repeating it', () => {
    for (const secret of ['canary', 'canary!!', '', '=', 'Y2FuYXJ5']) {
      const result = rfc2136Options.safeParse({ server: 'ns', key: { ...KEY, secret } });
      assert.equal(result.success, secret === 'Y2FuYXJ5');
      assert.ok(secret === '' || secret === '=' || !inspect(result.error, { depth: 9 }).includes(secret));
    }
  });
});
