import assert from 'node:assert/strict';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { owners, ownershipMark } from '../../src/dns/ownership.ts';
import { txt } from '../conformance/target.ts';

const NAME = parseDomainName('_matrix-fed._tcp.example.org');

describe('an ownership mark', () => {
  it('is read back as the owner that it names', () => {
    assert.deepEqual(owners(txt(NAME, [ownershipMark('us'), ownershipMark('them')])), ['us', 'them']);
  });

  it('is no other TXT value', () => {
    assert.deepEqual(
      owners(txt(NAME, ['v=spf1 -all', 'heritage=external-dns,owner=us', 'x-heritage=delegated'])),
      [],
    );
    assert.deepEqual(owners(null), []);
  });
});
