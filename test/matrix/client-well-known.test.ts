import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { listsVersions, parseClientWellKnown, versionsUrl } from '../../src/matrix/client-well-known.ts';

describe('the well-known file of clients', () => {
  it('names the homeserver, with a slash at the end, a path or neither', () => {
    for (const [baseUrl, api] of [
      ['https://a.org', 'https://a.org/_matrix/client/versions'],
      ['https://a.org/', 'https://a.org/_matrix/client/versions'],
      ['https://a.org:8448/hs//', 'https://a.org:8448/hs/_matrix/client/versions'],
    ] as const) {
      const file = parseClientWellKnown(JSON.stringify({ 'm.homeserver': { base_url: baseUrl }, more: 1 }));
      assert.ok(file.kind === 'base-url');
      assert.equal(versionsUrl(file.baseUrl).href, api);
    }
  });

  it('is broken in the ways in which clients stop', () => {
    const bodies: readonly (readonly [string, RegExp])[] = [
      ['', /no JSON/],
      ['[]', /no m\.homeserver/],
      ['{"m.homeserver": {}}', /no base_url/],
      ['{"m.homeserver": {"base_url": 5}}', /no base_url/],
      ['{"m.homeserver": {"base_url": "a.org"}}', /is no URL/],
      ['{"m.homeserver": {"base_url": "ftp://a.org"}}', /is no URL/],
      ['{"m.homeserver": {"base_url": "https://a.org"}, "m.identity_server": null}', /m\.identity_server/],
    ];
    for (const [body, why] of bodies) {
      const file = parseClientWellKnown(body);
      assert.ok(file.kind === 'broken', body);
      assert.match(file.why, why);
    }
  });

  it('and the list of versions are read without harm, whatever they are', () => {
    assert.ok(listsVersions('{"versions": ["v1.1"]}'));
    for (const body of ['', '{}', '[]', '{"versions": []}', '{"versions": "v1.1"}'])
      assert.ok(!listsVersions(body));
    const anyBody = fc.oneof(fc.string(), fc.json());
    fc.assert(fc.property(anyBody, (body) => void [parseClientWellKnown(body), listsVersions(body)]));
  });
});
