import assert from 'node:assert/strict';
import { TOKEN, plant } from './fake-zone.ts';
import { type FakeCloudflare, type FakeZone, startFakeCloudflare } from '../../fakes/cloudflare.ts';

const GOOD = { name: 'a.example.test', type: 'TXT', ttl: 60, content: '"x"' };
const SRV = {
  name: 'a.example.test',
  type: 'SRV',
  ttl: 60,
  data: { priority: 1, weight: 1, port: 1, target: 'b.test' },
};

describe('the fake Cloudflare', () => {
  let fake: FakeCloudflare;
  let zone: FakeZone;
  beforeEach(async () => {
    fake = await startFakeCloudflare();
    fake.tokens.set(TOKEN, { edit: true });
    zone = fake.addZone('example.test');
  });
  afterEach(() => fake.stop());

  async function batch(body: object): Promise<{ status: number; codes: number[] }> {
    const response = await fetch(`${fake.url}/client/v4/zones/${zone.id}/dns_records/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = JSON.stringify(await response.json());
    return {
      status: response.status,
      codes: [...text.matchAll(/"code":(\d+)/g)].map(([, code]) => Number(code)),
    };
  }

  const refused: Readonly<Record<string, readonly [object, number]>> = {
    'a TTL of 59': [{ ...GOOD, ttl: 59 }, 9021],
    'a TTL of 86401': [{ ...GOOD, ttl: 86_401 }, 9021],
    'a name with its last dot': [{ ...GOOD, name: 'a.example.test.' }, 9000],
    'text without quotation marks': [{ ...GOOD, content: 'x' }, 9207],
    'a string of 256 octets': [{ ...GOOD, content: `"${'x'.repeat(256)}"` }, 9207],
    'a field that it does not know': [{ ...GOOD, priority: 1 }, 9207],
    'a target with its last dot': [{ ...SRV, data: { ...SRV.data, target: 'b.test.' } }, 9104],
    'no port': [{ ...SRV, data: { priority: 1, weight: 1, target: 'b.test' } }, 9101],
    'a port of 65536': [{ ...SRV, data: { ...SRV.data, port: 65_536 } }, 9102],
    'content for SRV': [{ ...SRV, content: '1 1 1 b.test' }, 9207],
    'a comment of 101 characters': [{ ...GOOD, comment: 'x'.repeat(101) }, 9206],
  };
  for (const [what, [post, code]] of Object.entries(refused))
    it(`refuses ${what}`, async () => {
      const answer = await batch({ posts: [post] });
      assert.equal(answer.status, 400);
      assert.ok(answer.codes.includes(code), answer.codes.join());
      assert.deepEqual(zone.records, []);
    });

  it('refuses a whole batch for one record that is there, gone, or beside NS', async () => {
    plant(zone, GOOD);
    plant(zone, { name: 'sub.example.test', type: 'NS', ttl: 1, content: 'ns.test' });
    const before = zone.records;
    const other = { ...GOOD, name: 'other.example.test' };
    assert.deepEqual((await batch({ posts: [other, GOOD] })).codes, [81058]);
    assert.deepEqual((await batch({ deletes: [{ id: '0' }], posts: [other] })).codes, [81044]);
    assert.deepEqual((await batch({ posts: [other, { ...GOOD, name: 'sub.example.test' }] })).codes, [81056]);
    assert.equal(zone.records, before);
  });

  it('takes 200 operations and not 201', async () => {
    const posts = Array.from({ length: 201 }, (_, index) => ({ ...GOOD, name: `n${index}.example.test` }));
    assert.equal((await batch({ posts })).status, 400);
    assert.equal((await batch({ posts: posts.slice(1) })).status, 200);
  });

  it('takes a name outside of the zone for one inside', async () => {
    await batch({ posts: [{ ...GOOD, name: 'a.other.test' }] });
    assert.deepEqual(
      zone.records.map(({ name }) => name),
      ['a.other.test.example.test'],
    );
  });

  it('counts requests, and shuts out', async () => {
    fake.left = 1;
    assert.equal((await batch({ posts: [GOOD] })).status, 200);
    assert.equal((await batch({ posts: [GOOD] })).status, 429);
  });
});
