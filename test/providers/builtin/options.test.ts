import assert from 'node:assert/strict';
import { authorityOf } from '../../../providers/builtin/authority.ts';
import { builtinOptions } from '../../../providers/builtin/options.ts';

const LEAST = {
  listen: ['127.0.0.1:5301', '[::1]:5301', '192.0.2.1', '2001:db8::1'],
  zones: ['acme.example.net'],
};

describe('the settings of the built-in name server', () => {
  it('need addresses and zones, and have a default for everything else', () => {
    const options = builtinOptions.parse(LEAST);
    assert.deepEqual(options.listen, [
      { address: '127.0.0.1', port: 5301 },
      { address: '::1', port: 5301 },
      { address: '192.0.2.1', port: 53 },
      { address: '2001:db8::1', port: 53 },
    ]);
    const { hostnames, hostmaster, negativeTtl } = authorityOf(options);
    assert.deepEqual(hostnames, ['ns.acme.example.net.']);
    assert.equal(hostmaster, 'hostmaster.acme.example.net.');
    assert.equal(negativeTtl, 5);
  });

  for (const [what, change] of Object.entries({
    'a hostname to listen on': { listen: ['localhost:53'] },
    'no port': { listen: ['127.0.0.1:0'] },
    'IPv6 with a port and without brackets': { listen: ['[127.0.0.1]:53'] },
    'no zone': { zones: [] },
    'a zone that is no name': { zones: ['acme example'] },
    'an address of a name that is not in the zones': { addresses: { 'ns.example.org': ['192.0.2.1'] } },
    'an address that is none': { addresses: { 'ns.acme.example.net': ['ns'] } },
    'an unknown key': { nameserver: [] },
  }))
    it(`do not take ${what}`, () => {
      assert.equal(builtinOptions.safeParse({ ...LEAST, ...change }).success, false);
    });
});
