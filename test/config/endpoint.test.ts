import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import * as fc from 'fast-check';
import { isIpLiteral, parseEndpoint } from '../../src/config/endpoint.ts';

describe('parseEndpoint', () => {
  it('reads addresses of both families', () => {
    assert.deepEqual(parseEndpoint('192.0.2.1:5300', null), { address: '192.0.2.1', port: 5300 });
    assert.deepEqual(parseEndpoint('[2001:db8::1]:53', null), { address: '2001:db8::1', port: 53 });
  });

  it('needs a port where there is no default', () => {
    for (const text of ['192.0.2.1', '[2001:db8::1]', '2001:db8::1'])
      assert.equal(parseEndpoint(text, null), null, text);
    assert.deepEqual(parseEndpoint('2001:db8::1', 53), { address: '2001:db8::1', port: 53 });
    assert.deepEqual(parseEndpoint('[2001:db8::1]', 53), { address: '2001:db8::1', port: 53 });
    assert.deepEqual(parseEndpoint('192.0.2.1', 53), { address: '192.0.2.1', port: 53 });
  });

  it('takes nothing else', () => {
    const texts = [
      '',
      ':53',
      '53',
      'localhost:53',
      '256.0.0.1:53',
      '1.2.3:53',
      '192.0.2.1:0',
      '192.0.2.1:65536',
      '192.0.2.1:',
      '[192.0.2.1]:53',
      '[::1',
      '[]:53',
      '[::g]:53',
      '::1%eth0',
      ' 192.0.2.1:53',
    ];
    for (const text of texts) assert.equal(parseEndpoint(text, 53), null, text);
  });

  it('takes exactly the addresses that Node takes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 20 })), (text) => {
        assert.equal(isIpLiteral(text), isIP(text) !== 0 && !text.includes('%'));
      }),
    );
  });
});
