import assert from 'node:assert/strict';
import { parseWellKnownServer, wellKnownCaching } from '../../src/matrix/well-known-answer.ts';

describe('the well-known file of servers', () => {
  it('delegates to a host, with a port or without', () => {
    for (const server of [
      'matrix.example.org',
      'matrix.example.org:443',
      '[2001:db8::1]:8448',
      '203.0.113.5',
    ]) {
      const body = parseWellKnownServer(JSON.stringify({ 'm.server': server, more: 1 }));
      assert.ok(body.kind === 'delegates');
      assert.equal(body.to.text, server);
    }
  });

  it('delegates nothing otherwise, and says why', () => {
    const bodies: readonly (readonly [string, string, RegExp])[] = [
      ['', 'not-json', /./],
      ['{"m.server": ', 'not-json', /./],
      ['[]', 'not-json', /no object/],
      ['null', 'not-json', /no object/],
      ['{}', 'no-server', /no m\.server/],
      ['{"m.server": ""}', 'no-server', /no m\.server/],
      ['{"m.server": 5}', 'no-server', /no string/],
      ['{"m.server": "https://a.org"}', 'bad-server', /it is a URL/],
      ['{"m.server": "a.org/"}', 'bad-server', /it has a path/],
      ['{"m.server": "a.org:99999"}', 'bad-server', /neither HOST nor HOST:PORT/],
      ['{"m.server": "a b"}', 'bad-server', /neither/],
    ];
    for (const [text, kind, why] of bodies) {
      const body = parseWellKnownServer(text);
      assert.equal(body.kind, kind, text);
      assert.match('why' in body ? body.why : '', why);
    }
  });

  it('is kept as its headers say, between 5 minutes and 48 hours, a day without them', () => {
    const now = Date.parse('2026-11-25T12:00:00Z');
    const kept: readonly (readonly [Readonly<Record<string, string>>, number])[] = [
      [{}, 86_400],
      [{ 'cache-control': 'public, max-age=3600' }, 3_600],
      [{ 'cache-control': 's-maxage=7' }, 86_400],
      [{ 'cache-control': 'max-age=10' }, 300],
      [{ 'cache-control': 'no-store' }, 300],
      [{ 'cache-control': 'max-age=31536000' }, 172_800],
      [{ expires: 'Wed, 25 Nov 2026 14:00:00 GMT' }, 7_200],
      [{ expires: 'Wed, 25 Nov 2026 14:00:00 GMT', 'cache-control': 'max-age=600' }, 600],
      [{ expires: '0' }, 300],
    ];
    for (const [headers, seconds] of kept)
      assert.equal(wellKnownCaching(headers, now).cacheSeconds, seconds, JSON.stringify(headers));
  });
});
