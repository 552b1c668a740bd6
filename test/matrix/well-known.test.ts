import assert from 'node:assert/strict';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { parseServerName } from '../../src/matrix/server-name.ts';
import { mergedContent, wellKnownFiles } from '../../src/matrix/well-known.ts';

describe('the well-known files', () => {
  it('are those that the config asks for', () => {
    assert.deepEqual([...wellKnownFiles({}, undefined)], []);
    const server = parseServerName('matrix.example.org:443');
    assert.deepEqual(
      [...wellKnownFiles({ server, client: { a: 1 }, support: { b: 2 } }, undefined)],
      [
        ['server', { 'm.server': 'matrix.example.org:443' }],
        ['client', { a: 1 }],
        ['support', { b: 2 }],
      ],
    );
  });

  it('point to where the records are, without being told', () => {
    const files = wellKnownFiles({}, parseDomainName('c1.hoster.net'));
    assert.deepEqual(files.get('server'), { 'm.server': 'c1.hoster.net' });
  });

  it('keep what others said in them, key by key', () => {
    assert.deepEqual(
      mergedContent(
        { 'm.homeserver': { base_url: 'https://old/', theirs: true }, other: [1, 2], list: [1] },
        { 'm.homeserver': { base_url: 'https://new/' }, list: [2] },
      ),
      { 'm.homeserver': { base_url: 'https://new/', theirs: true }, other: [1, 2], list: [2] },
    );
    const polluted: Record<string, unknown> = JSON.parse('{"__proto__": {"a": 1}}');
    assert.deepEqual(mergedContent({}, polluted), { ...polluted });
    assert.equal(Reflect.get({}, 'a'), undefined);
  });
});
