import assert from 'node:assert/strict';
import { addressKind } from '../../src/matrix/address-kind.ts';

const KINDS = {
  loopback: ['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1'],
  private: [
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '169.254.1.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '203.0.113.5',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'fc00::1',
    'fdff::1',
    'fe80::1',
    '2001:db8::1',
    '::ffff:10.0.0.1',
  ],
  public: [
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.0.1',
    '172.32.0.1',
    '192.167.1.1',
    '223.255.255.255',
    '2606:4700::1',
    '2001:db9::1',
    '2a00::',
    '::ffff:8.8.8.8',
  ],
} as const;

describe('an address', () => {
  for (const [kind, addresses] of Object.entries(KINDS))
    it(`is ${kind}`, () => {
      for (const address of addresses) assert.equal(addressKind(address), kind, address);
    });
});
