import assert from 'node:assert/strict';
import { decode } from 'dns-packet';
import * as fc from 'fast-check';
import { changesToUpdate } from '../../../providers/rfc2136/convert.ts';
import { encodeUpdate } from '../../../providers/rfc2136/update.ts';
import { recordOffsets, skipName } from '../../../providers/rfc2136/wire.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { Change, SrvRRset } from '../../../src/provider.ts';
import { domainName, txtRRset } from './arbitraries.ts';

const ZONE = parseDomainName('example.test');
const NAME = parseDomainName('_matrix-fed._tcp.example.test');
const SRV: SrvRRset = {
  name: NAME,
  type: 'SRV',
  ttl: 300,
  values: [{ priority: 10, weight: 5, port: 8448, target: parseDomainName('matrix.example.test') }],
};

/** `TYPE CLASS TTL RDLENGTH` of every record, prerequisites and updates apart; numbers as in RFC 2136. */
function shape(...changes: readonly Change[]): { prerequisites: string[]; updates: string[] } {
  const message = encodeUpdate(7, { zone: ZONE, ...changesToUpdate(changes) });
  const records = recordOffsets(message)
    .slice(0, -1)
    .map((offset) => {
      const at = skipName(message, offset);
      const fields = [0, 2].map((field) => message.readUInt16BE(at + field));
      return [...fields, message.readUInt32BE(at + 4), message.readUInt16BE(at + 8)].join(' ');
    });
  const count = message.readUInt16BE(6);
  return { prerequisites: records.slice(0, count), updates: records.slice(count) };
}

const [TXT, SRV_TYPE, CNAME] = [16, 33, 5];
const [IN, NONE, ANY] = [1, 254, 255];
const RDLENGTH = 6 + 'matrix.example.test.'.length + 1;

describe('a DNS UPDATE message', () => {
  it('that creates an RRset demands that there is none, nor a CNAME', () => {
    assert.deepEqual(shape({ op: 'put', rrset: SRV, expect: 'absent' }), {
      prerequisites: [`${SRV_TYPE} ${NONE} 0 0`, `${CNAME} ${NONE} 0 0`],
      updates: [`${SRV_TYPE} ${IN} 300 ${RDLENGTH}`],
    });
  });

  it('that replaces an RRset demands what was read, record by record, and replaces it whole', () => {
    assert.deepEqual(shape({ op: 'put', rrset: { ...SRV, ttl: 60 }, expect: SRV }), {
      prerequisites: [`${SRV_TYPE} ${IN} 0 ${RDLENGTH}`],
      updates: [`${SRV_TYPE} ${ANY} 0 0`, `${SRV_TYPE} ${IN} 60 ${RDLENGTH}`],
    });
  });

  it('that deletes an RRset demands what was read', () => {
    assert.deepEqual(shape({ op: 'delete', rrset: SRV }), {
      prerequisites: [`${SRV_TYPE} ${IN} 0 ${RDLENGTH}`],
      updates: [`${SRV_TYPE} ${ANY} 0 0`],
    });
  });

  it('that adds and removes TXT values touches no other value', () => {
    const change = { name: NAME, type: 'TXT', ttl: 60, values: ['abc'] } as const;
    assert.deepEqual(shape({ op: 'add', ...change }, { op: 'remove', ...change }), {
      prerequisites: [`${CNAME} ${NONE} 0 0`],
      updates: [`${TXT} ${IN} 60 4`, `${TXT} ${NONE} 0 4`],
    });
  });

  it('demands what is stored where that is not what we would have written', () => {
    const stored = { name: NAME, type: 'TXT', ttl: 60, values: ['ab'], version: ['01610162'] } as const;
    assert.deepEqual(shape({ op: 'delete', rrset: stored }).prerequisites, [`${TXT} ${IN} 0 4`]);
    assert.deepEqual(shape({ op: 'delete', rrset: { ...stored, version: 'nonsense' } }).prerequisites, [
      `${TXT} ${IN} 0 3`,
    ]);
  });

  it('is read by another implementation as it was meant', () => {
    fc.assert(
      fc.property(domainName, txtRRset, fc.nat({ max: 0xffff }), (zone, rrset, id) => {
        const { name, ttl, values } = rrset;
        const change = { op: 'add', name, type: 'TXT', ttl, values } as const;
        // dns-packet cannot read prerequisites: their RDATA is empty.
        const { updates } = changesToUpdate([change]);
        const packet = decode(encodeUpdate(id, { zone, prerequisites: [], updates }));
        assert.equal(packet.id, id);
        assert.equal((packet.flags ?? 0) >> 11, 5);
        assert.deepEqual(
          packet.questions?.map(({ name, type }) => `${name}. ${type}`),
          [`${zone} SOA`],
        );
        const read = (packet.authorities ?? []).map((record) => {
          assert.ok(record.type === 'TXT' && record.class === 'IN');
          const parts = Array.isArray(record.data) ? record.data : [record.data];
          const octets = Buffer.concat(parts.map((part) => Buffer.from(part)));
          return { name: `${record.name}.`, ttl: record.ttl, value: octets.toString('latin1') };
        });
        assert.deepEqual(
          read,
          values.map((value) => ({ name, ttl, value })),
        );
      }),
    );
  });
});
