import assert from 'node:assert/strict';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { misspeltSrvNames } from '../../src/matrix/misspelt-srv.ts';

describe('misspelt SRV names', () => {
  it('are none that a peer asks for', () => {
    const names: readonly string[] = misspeltSrvNames(parseDomainName('example.org'));
    assert.ok(names.includes('_matrix_fed._tcp.example.org.'));
    assert.ok(names.includes('_matrix-fed._tcp.example.org.example.org.'));
    assert.ok(!names.includes('_matrix-fed._tcp.example.org.'));
    assert.ok(!names.includes('_matrix._tcp.example.org.'));
    assert.equal(new Set(names).size, names.length);
  });

  it('are left out where they are too long to exist', () => {
    // The longest server name that there can be (appendices § "Server Name").
    const longest = parseDomainName(
      `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(38)}`,
    );
    const names = misspeltSrvNames(longest);
    assert.ok(names.length > 0 && names.length < 9);
    assert.ok(names.every((name) => name.length <= 254));
  });
});
