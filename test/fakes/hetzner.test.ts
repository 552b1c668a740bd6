import assert from 'node:assert/strict';
import { type FakeHetzner, startFakeHetzner } from './hetzner.ts';

describe('the fake of the Hetzner Cloud API', () => {
  let fake: FakeHetzner;
  before(async () => {
    fake = await startFakeHetzner([{ name: 'example.test' }, { name: 'copy.test', mode: 'secondary' }]);
    fake.put('example.test', 'alias', 'CNAME', null, [{ value: 'www.example.net.' }]);
    fake.put('example.test', 'taken', 'TXT', 60, [{ value: '"here"' }]);
  });
  after(() => fake.stop());

  const good = { name: 'fresh', type: 'TXT', ttl: 60, records: [{ value: '"value"' }] };
  const zone = '/zones/example.test/rrsets';
  const refused: readonly (readonly [string, string, unknown, string])[] = [
    ['text without quotes', zone, { ...good, records: [{ value: 'value' }] }, 'invalid_input'],
    [
      'a string of 256 octets',
      zone,
      { ...good, records: [{ value: `"${'x'.repeat(256)}"` }] },
      'invalid_input',
    ],
    [
      'the same record twice',
      zone,
      { ...good, records: [...good.records, ...good.records] },
      'invalid_input',
    ],
    ['no record', zone, { ...good, records: [] }, 'invalid_input'],
    ['a TTL of 59 seconds', zone, { ...good, ttl: 59 }, 'invalid_input'],
    ['an absolute name', zone, { ...good, name: 'fresh.example.test.' }, 'invalid_input'],
    ['an unknown field', zone, { ...good, value: 1 }, 'invalid_input'],
    [
      'an SRV target without its dot',
      zone,
      { ...good, type: 'SRV', records: [{ value: '1 1 1 a.test' }] },
      'invalid_input',
    ],
    ['a record beside a CNAME', zone, { ...good, name: 'alias' }, 'invalid_input'],
    ['an RRset that exists', zone, { ...good, name: 'taken' }, 'uniqueness_error'],
    [
      'a value that exists',
      `${zone}/taken/TXT/actions/add_records`,
      { records: [{ value: '"here"' }] },
      'uniqueness_error',
    ],
    [
      'to remove what is not there',
      `${zone}/taken/TXT/actions/remove_records`,
      { records: good.records },
      'not_found',
    ],
    [
      'to set what is not there',
      `${zone}/none/TXT/actions/set_records`,
      { records: good.records },
      'not_found',
    ],
    ['a secondary zone', '/zones/copy.test/rrsets', good, 'incorrect_zone_mode'],
  ];
  for (const [what, path, body, code] of refused)
    it(`refuses ${what}`, async () => {
      const snapshot = fake.snapshot('example.test');
      const answer = await fetch(fake.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${fake.token}` },
        body: JSON.stringify(body),
      });
      assert.match(await answer.text(), new RegExp(`"code":"${code}"`));
      assert.deepEqual(fake.snapshot('example.test'), snapshot);
    });

  it('refuses pages of more than 50', async () => {
    const headers = { authorization: `Bearer ${fake.token}` };
    assert.equal((await fetch(`${fake.url}${zone}?per_page=51`, { headers })).status, 422);
    assert.equal((await fetch(`${fake.url}${zone}?per_page=50`, { headers })).status, 200);
  });
});
