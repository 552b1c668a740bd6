import assert from 'node:assert/strict';
import { isInNetwork, unmapped } from '../../src/matrix/ip-network.ts';

describe('a network', () => {
  it('holds the addresses of its own family that share its prefix', () => {
    const table: readonly (readonly [string, string, boolean])[] = [
      ['10.1.2.3', '10.0.0.0/8', true],
      ['11.0.0.0', '10.0.0.0/8', false],
      ['172.31.255.255', '172.16.0.0/12', true],
      ['172.32.0.0', '172.16.0.0/12', false],
      ['203.0.113.5', '203.0.113.5/32', true],
      ['203.0.113.4', '203.0.113.5/32', false],
      ['255.255.255.255', '0.0.0.0/0', true],
      ['2606:4700:ffff::1', '2606:4700::/32', true],
      ['2606:4701::', '2606:4700::/32', false],
      ['fdff::1', 'fc00::/7', true],
      ['::1', '::1/128', true],
      ['::ffff:10.0.0.1', '10.0.0.0/8', false],
      ['10.0.0.1', '::/0', false],
    ];
    for (const [address, network, inside] of table)
      assert.equal(isInNetwork(address, network), inside, `${address} ${network}`);
  });

  it('of IPv4 is seen in a mapped address once that is unmapped', () => {
    assert.equal(unmapped('::ffff:10.0.0.1'), '10.0.0.1');
    assert.equal(unmapped('::ffff:c0a8:0101'), '192.168.1.1');
    for (const address of ['10.0.0.1', '::10.0.0.1', '2001:db8::1']) assert.equal(unmapped(address), address);
  });
});
