import assert from 'node:assert/strict';
import { decode, encode } from 'dns-packet';
import * as fc from 'fast-check';
import { authorityOf } from '../../../providers/builtin/authority.ts';
import { builtinOptions } from '../../../providers/builtin/options.ts';
import { askOverTcp, respond } from '../../../providers/builtin/respond.ts';
import { NO_DATA, type ZoneData } from '../../../providers/builtin/zone-data.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { RRset } from '../../../src/provider.ts';

const AUTHORITY = authorityOf(builtinOptions.parse({ listen: ['127.0.0.1:5300'], zones: ['example.test'] }));
const NAME = parseDomainName('a.example.test');
const RRSET: RRset = { name: NAME, type: 'TXT', ttl: 60, values: ['v'.repeat(255), 'w'.repeat(2000)] };
const DATA: ZoneData = { ...NO_DATA, rrsets: new Map([[`${NAME} TXT`, RRSET]]) };
const RCODE = 0xf;

const over = (transport: 'udp' | 'tcp', octets: Buffer, data = () => DATA): Buffer | null =>
  respond(octets, transport, AUTHORITY, data);

/** The wire form of a question, with whatever octets in its labels. */
function question(labels: readonly Buffer[], type = 16, count = 1): Buffer {
  const header = Buffer.from([0x12, 0x34, 0x01, 0x00, 0, count, 0, 0, 0, 0, 0, 0]);
  const name = labels.flatMap((label) => [Buffer.from([label.length]), label]);
  return Buffer.concat([header, ...name, Buffer.from([0, type >> 8, type & 0xff, 0, 1])]);
}
const labels = (name: string): Buffer[] => name.split('.').map((label) => Buffer.from(label, 'latin1'));

describe('the answer of the built-in name server', () => {
  it('comes or stays out, and is never an exception, whatever octets are sent', () => {
    const header = fc.tuple(fc.uint8Array({ minLength: 2, maxLength: 2 }), fc.uint8Array({ maxLength: 80 }));
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      header.map(([flags, rest]) => Uint8Array.of(0, 1, ...flags, 0, 1, 0, 0, 0, 0, 0, 1, ...rest)),
      header.map(([flags, rest]) => Uint8Array.of(...question(labels('a.example.test')), ...flags, ...rest)),
    );
    fc.assert(
      fc.property(octets, fc.constantFrom('udp' as const, 'tcp' as const), (sent, transport) => {
        const answer = over(transport, Buffer.from(sent));
        if (answer === null) return;
        assert.deepEqual(answer.subarray(0, 2), Buffer.from(sent).subarray(0, 2));
        assert.ok((answer.readUInt16BE(2) & 0x8000) !== 0);
        assert.ok(transport === 'tcp' || answer.length <= 1232);
      }),
      { numRuns: 5000 },
    );
  });

  it('repeats the question octet by octet, also where the octets are no text', () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 63 }).map((octets) => Buffer.from(octets));
    fc.assert(
      fc.property(fc.array(label, { maxLength: 3 }), fc.integer({ min: 1, max: 300 }), (front, type) => {
        const sent = question([...front, ...labels('example.test')], type);
        const answer = over('udp', sent);
        if (sent.length > 12 + 255 + 4) return;
        assert.ok(answer !== null);
        assert.deepEqual(answer.subarray(12, sent.length), sent.subarray(12));
      }),
    );
  });

  it('takes a dot within a label for no separator', () => {
    const parted = over('udp', question(labels('a.example.test'), 1));
    const dotted = over('udp', question([Buffer.from('x.a'), ...labels('example.test')]));
    const joined = over('udp', question([Buffer.from('a.example'), Buffer.from('test')]));
    assert.deepEqual(
      [parted, dotted, joined].map((answer) => (answer?.readUInt16BE(2) ?? 0) & RCODE),
      [0, 3, 5],
    );
  });

  it('is SERVFAIL, and no NXDOMAIN, while the zone cannot be read', () => {
    const answer = over('udp', question(labels('a.example.test')), () => {
      throw new Error('unreadable');
    });
    assert.equal((answer?.readUInt16BE(2) ?? 0) & RCODE, 2);
  });

  it('is FORMERR for no question or two', () => {
    for (const count of [0, 2]) {
      const answer = over('udp', question(labels('a.example.test'), 16, count));
      assert.equal((answer?.readUInt16BE(2) ?? 0) & RCODE, 1);
    }
  });

  it('does not answer answers', () => {
    const octets = encode({ type: 'response', id: 1, questions: [{ name: 'a.example.test', type: 'TXT' }] });
    assert.equal(over('udp', octets), null);
  });

  it('is never much longer than the question over UDP where it is long', () => {
    const sent = question(labels('a.example.test'));
    const answer = over('udp', sent);
    assert.equal(answer?.length, sent.length);
    assert.ok(decode(answer ?? Buffer.alloc(12)).flag_tc);
    assert.equal(over('tcp', sent)?.length, sent.length + 26 + 256 + 26 + 2008);
    assert.equal(askOverTcp(sent)?.length, sent.length);
  });
});
