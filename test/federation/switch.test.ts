import assert from 'node:assert/strict';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import type { SrvData, SrvRRset } from '../../src/dns/rrset.ts';
import { switchOf } from '../../src/federation/switch.ts';

const [OLD, NEW] = [parseDomainName('old.example.org'), parseDomainName('new.example.org')];

function data(target = OLD, port = 8448, priority = 10): SrvData {
  return { priority, weight: 0, port, target };
}

function rrset(...values: readonly SrvData[]): SrvRRset {
  return { name: parseDomainName('_matrix-fed._tcp.example.org'), type: 'SRV', ttl: 300, values };
}

describe('a switch', () => {
  for (const [kind, before, after, added, removed] of [
    ['none', [data()], [data()], [], []],
    ['none', [data()], [data(OLD, 8448, 20)], [], []],
    ['none', [data(), data(NEW)], [data(NEW), data(OLD, 8448, 30)], [], []],
    ['port', [data()], [data(OLD, 443)], [data(OLD, 443)], [data()]],
    ['target', [data()], [data(NEW)], [data(NEW)], [data()]],
    ['target', [data()], [data(), data(NEW)], [data(NEW)], []],
    ['target', [data()], [data(OLD, 443), data(NEW)], [data(OLD, 443), data(NEW)], [data()]],
    ['removal', [data(), data(NEW)], [data(NEW)], [], [data()]],
  ] as const)
    it(`is "${kind}" with ${added.length} new and ${removed.length} gone of ${before.length}`, () => {
      assert.deepEqual(switchOf(rrset(...before), rrset(...after)), { kind, added, removed });
    });

  it('is the first one where nothing was published', () => {
    assert.deepEqual(switchOf(null, rrset(data())), { kind: 'first', added: [data()], removed: [] });
  });

  it('does not care for the TTL', () => {
    assert.equal(switchOf(rrset(data()), { ...rrset(data()), ttl: 60 }).kind, 'none');
  });
});
