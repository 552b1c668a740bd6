import assert from 'node:assert/strict';
import { type FakeDesec, startFakeDesec } from './desec.ts';

const ZONE = 'example.test';

describe('the fake of deSEC', () => {
  let fake: FakeDesec;
  before(async () => {
    fake = await startFakeDesec([ZONE]);
    fake.put(ZONE, { subname: 'alias', type: 'CNAME', ttl: 3600, records: ['www.example.net.'] });
    fake.put(ZONE, { subname: 'taken', type: 'TXT', ttl: 3600, records: ['"here"'] });
  });
  after(() => fake.stop());
  const ask = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(fake.url + path, {
      method,
      headers: { authorization: `Token ${fake.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  const good = { subname: 'fresh', type: 'TXT', ttl: 3600, records: ['"value"'] };
  const service = { ...good, type: 'SRV' };
  const refused: readonly (readonly [string, 'POST' | 'PATCH', unknown, RegExp])[] = [
    ['one RRset instead of a list', 'PATCH', good, /Expected a list of items/],
    ['text without quotes', 'POST', [{ ...good, records: ['value'] }], /must be given using quotation marks/],
    ['a raw null character', 'POST', [{ ...good, records: ['"\u0000"'] }], /Null characters/],
    [
      'the same text twice',
      'POST',
      [{ ...good, records: ['"a"', String.raw`"\097"`] }],
      /semantically unique/,
    ],
    ['no records by POST', 'POST', [{ ...good, records: [] }], /must not be empty when using POST/],
    ['a TTL below the minimum', 'POST', [{ ...good, ttl: 3599 }], /greater than or equal to 3600/],
    ['a TTL above a day', 'POST', [{ ...good, ttl: 86_401 }], /less than or equal to 86400/],
    ['a TTL as text', 'POST', [{ ...good, ttl: '3600' }], /A valid integer is required/],
    ['@ for the apex', 'POST', [{ ...good, subname: '@' }], /Subname can only use/],
    ['capital letters', 'POST', [{ ...good, subname: 'Fresh' }], /Subname can only use/],
    [
      '179 octets below the domain',
      'POST',
      [{ ...good, subname: 'a.'.repeat(89) + 'b' }],
      /no more than 178/,
    ],
    [
      'no name',
      'POST',
      [{ type: 'TXT', ttl: 3600, records: ['"x"'] }],
      /"subname":\["This field is required/,
    ],
    ['an unknown field', 'POST', [{ ...good, comment: 'x' }], /no such field/],
    ['a target without its dot', 'POST', [{ ...service, records: ['1 1 1 a.test'] }], /fully qualified/],
    ['a target that is no host', 'POST', [{ ...service, records: ['1 1 1 _a.test.'] }], /invalid target/],
    ['a port above 65535', 'POST', [{ ...service, records: ['1 1 65536 a.test.'] }], /malformed/],
    ['a record beside a CNAME', 'PATCH', [{ ...good, subname: 'alias' }], /conflicting type present/],
    ['to create what exists', 'POST', [{ ...good, subname: 'taken' }], /same subdomain and type exists/],
    [
      'to change what does not exist',
      'PATCH',
      [{ subname: 'no', type: 'TXT', records: ['"x"'] }],
      /required/,
    ],
    ['one RRset twice', 'PATCH', [good, good], /must be unique/],
    [
      'a good RRset beside a bad one',
      'POST',
      [good, { ...good, subname: 'other', ttl: 1 }],
      /^\[\{\},\{"ttl"/,
    ],
  ];
  for (const [what, method, body, words] of refused)
    it(`refuses ${what}`, async () => {
      const snapshot = fake.snapshot(ZONE);
      const answer = await ask(method, `/domains/${ZONE}/rrsets/`, body);
      assert.equal(answer.status, 400);
      assert.match(await answer.text(), words);
      assert.deepEqual(fake.snapshot(ZONE), snapshot);
    });

  it('refuses a list of more than 500 without a cursor, and pages of it hold each RRset once', async () => {
    const long = await startFakeDesec([ZONE]);
    try {
      for (let at = 0; at < 1001; at += 1)
        long.put(ZONE, { subname: `n${at}`, type: 'TXT', ttl: 3600, records: ['"x"'] });
      const headers = { authorization: `Token ${long.token}` };
      const first = await fetch(`${long.url}/domains/${ZONE}/rrsets/`, { headers });
      assert.equal(first.status, 400);
      const seen: unknown[] = [];
      let next = /<([^>]*)>; rel="first"/.exec(first.headers.get('link') ?? '')?.[1];
      while (next !== undefined) {
        const page = await fetch(next, { headers });
        const shown: unknown = await page.json();
        assert.ok(Array.isArray(shown) && shown.length <= 500);
        seen.push(...shown.map((each: { readonly subname: unknown }) => each.subname));
        next = /<([^>]*)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
      }
      assert.deepEqual([seen.length, new Set(seen).size], [1001, 1001]);
    } finally {
      await long.stop();
    }
  });

  it('refuses a path without its last slash, an unknown domain and a wrong token', async () => {
    assert.equal((await ask('GET', `/domains/${ZONE}/rrsets`)).status, 404);
    assert.equal((await ask('GET', '/domains/example.org/rrsets/')).status, 404);
    assert.equal((await fetch(`${fake.url}/domains/`)).status, 401);
  });
});
