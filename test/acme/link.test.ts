import assert from 'node:assert/strict';
import { linkTarget } from '../../src/acme/link.ts';

const BASE = 'https://ca.example/orders';
const HEADER =
  '<https://ca.example/directory>;rel="index", </orders?cursor=2>; rel=next, <https://ca.example/a,b>; title="x"; rel="up terms-of-service"';

describe('linkTarget', () => {
  it('finds the entry, quoted or not, and makes its URL absolute', () => {
    assert.equal(linkTarget(HEADER, 'index', BASE), 'https://ca.example/directory');
    assert.equal(linkTarget(HEADER, 'next', BASE), 'https://ca.example/orders?cursor=2');
  });

  it('finds one of several relations, and a URL with a comma', () => {
    assert.equal(linkTarget(HEADER, 'terms-of-service', BASE), 'https://ca.example/a,b');
  });

  it('finds nothing where there is nothing', () => {
    assert.equal(linkTarget(HEADER, 'prev', BASE), null);
    assert.equal(linkTarget(undefined, 'next', BASE), null);
    assert.equal(linkTarget('<http://[>; rel=next', 'next', BASE), null);
  });
});
