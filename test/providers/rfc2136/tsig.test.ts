import assert from 'node:assert/strict';
import { createHmac, createSecretKey } from 'node:crypto';
import { decode } from 'dns-packet';
import * as fc from 'fast-check';
import { TSIG_ALGORITHMS, type TsigKey, signMessage, verifyReply } from '../../../providers/rfc2136/tsig.ts';
import { encodeUpdate } from '../../../providers/rfc2136/update.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';

const SECRET = Buffer.from('0123456789abcdef0123456789abcdef');
const NOW = 1_790_000_000;
const REQUEST = encodeUpdate(4711, { zone: parseDomainName('example.test'), prerequisites: [], updates: [] });

function testTsigKey(algorithm: TsigKey['algorithm']): TsigKey {
  return { name: parseDomainName('key.example'), algorithm, secret: createSecretKey(SECRET) };
}

const KEY = testTsigKey('hmac-sha256');

/** A reply as RFC 8945 §5.3 wants it signed, written down octet by octet and not with the code under test. */
function signedReply(requestMac: Buffer, time: number, error = 0, other = ''): Buffer {
  const bare = Buffer.from('1267a8000001000000000000076578616d706c6504746573740000060001', 'hex');
  const timeHex = time.toString(16).padStart(12, '0');
  const tail = error.toString(16).padStart(4, '0') + (other.length / 2).toString(16).padStart(4, '0') + other;
  const [name, algorithm] = ['036b6579076578616d706c6500', '0b686d61632d73686132353600'];
  const variables = Buffer.from(`${name}00ff00000000${algorithm}${timeHex}012c${tail}`, 'hex');
  const length = Buffer.of(0, requestMac.length);
  const mac = createHmac('sha256', SECRET)
    .update(Buffer.concat([length, requestMac, bare, variables]))
    .digest('hex');
  const rdata = `${algorithm}${timeHex}012c0020${mac}1267${tail}`;
  const size = (rdata.length / 2).toString(16).padStart(4, '0');
  const reply = Buffer.concat([bare, Buffer.from(`${name}00fa00ff00000000${size}${rdata}`, 'hex')]);
  reply.writeUInt16BE(1, 10);
  return reply;
}

describe('a TSIG signature', () => {
  for (const algorithm of TSIG_ALGORITHMS)
    it(`by ${algorithm} is one more record that another implementation can read`, () => {
      const { signed, mac } = signMessage(REQUEST, testTsigKey(algorithm), NOW);
      assert.equal(mac.length * 8, Number(algorithm.slice(-3)));
      const [record] = decode(signed).additionals ?? [];
      assert.ok(record?.type === 'TSIG');
      assert.equal(record.name, 'key.example');
      assert.ok(record.data.includes(mac));
    });

  it('leaves the message before it as it was, but for the count', () => {
    const { signed } = signMessage(REQUEST, KEY, NOW);
    const bare = Buffer.from(signed.subarray(0, REQUEST.length));
    bare.writeUInt16BE(0, 10);
    assert.deepEqual(bare, REQUEST);
  });
});

/** Where the names of the key and of its algorithm stand in a reply; their case does not count. */
const NAMES = [
  [30, 43],
  [53, 66],
] as const;

describe('the signature of a reply', () => {
  const { mac } = signMessage(REQUEST, KEY, NOW);
  const kind = (reply: Buffer, now = NOW): string => verifyReply(reply, KEY, mac, now).kind;

  it('is good when it covers our request, the reply and the time', () => {
    assert.equal(kind(signedReply(mac, NOW)), 'verified');
    assert.equal(kind(signedReply(mac, NOW - 300)), 'verified');
  });

  it('is out of date after 300 seconds, either way', () => {
    assert.deepEqual(verifyReply(signedReply(mac, NOW - 301), KEY, mac, NOW), {
      kind: 'skewed',
      serverTime: NOW - 301,
    });
    assert.equal(kind(signedReply(mac, NOW + 301)), 'skewed');
  });

  it('does not fit another request', () => {
    assert.equal(kind(signedReply(Buffer.alloc(32), NOW)), 'forged');
  });

  it('does not survive the change of any one bit but of the id and the case of names', () => {
    const reply = signedReply(mac, NOW);
    for (let bit = 0; bit < reply.length * 8; bit += 1) {
      const changed = Buffer.from(reply);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const octet = bit >> 3;
      const uncovered =
        octet < 2 || ((bit & 7) === 5 && NAMES.some(([from, to]) => octet >= from && octet < to));
      if (!uncovered) assert.notEqual(kind(changed), 'verified', `bit ${bit}`);
    }
  });

  it('is no signature when it is cut short', () => {
    const reply = signedReply(mac, NOW);
    for (let length = 12; length < reply.length; length += 1)
      assert.notEqual(kind(reply.subarray(0, length)), 'verified');
  });

  it('tells the server clock when that is vouched for', () => {
    const server = (NOW + 1000).toString(16).padStart(12, '0');
    assert.deepEqual(verifyReply(signedReply(mac, NOW, 18, server), KEY, mac, NOW), {
      kind: 'error',
      error: 18,
      serverTime: NOW + 1000,
    });
  });

  it('is missed where there is none', () => {
    assert.equal(kind(REQUEST), 'unsigned');
  });

  it('is never found in noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 300 }), (noise) => {
        assert.notEqual(kind(Buffer.from(noise)), 'verified');
      }),
    );
  });
});
