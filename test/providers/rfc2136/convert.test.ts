import assert from 'node:assert/strict';
import { type Answer, decode, encode } from 'dns-packet';
import * as fc from 'fast-check';
import { answersToRRset } from '../../../providers/rfc2136/convert.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { characterStrings } from '../../../src/dns/rrset.ts';
import type { RRset } from '../../../src/provider.ts';
import { srvRRset, txtRRset } from './arbitraries.ts';

function toAnswers(rrset: RRset): Answer[] {
  const { name, ttl } = rrset;
  const answers: Answer[] =
    rrset.type === 'SRV'
      ? rrset.values.map((data) => ({ name, ttl, type: 'SRV', data }))
      : rrset.values.map((value) => ({
          name,
          ttl,
          type: 'TXT',
          data: characterStrings(value).map((part) => Buffer.from(part, 'latin1')),
        }));
  return decode(encode({ type: 'response', answers })).answers ?? [];
}

describe('answers of a name server', () => {
  it('become the RRset that they were made from', () => {
    fc.assert(
      fc.property(fc.oneof(srvRRset, txtRRset), (rrset) => {
        assert.deepEqual(answersToRRset(rrset, toAnswers(rrset)), rrset);
      }),
    );
  });

  it('of other names and types are no part of it', () => {
    fc.assert(
      fc.property(srvRRset, txtRRset, (srv, txt) => {
        const other = parseDomainName(`other.${srv.name}`);
        const answers = [...toAnswers({ ...srv, name: other }), ...toAnswers(txt)];
        assert.equal(answersToRRset(srv, answers), null);
      }),
    );
  });

  it('are matched in any case, and the stored case is kept for the next prerequisite', () => {
    const key = { name: parseDomainName('_matrix-fed._tcp.example.test'), type: 'SRV' } as const;
    const data = { priority: 1, weight: 2, port: 3, target: 'UPPER.example.test' };
    const [value] = [{ ...data, target: parseDomainName(data.target) }];
    const rrset = answersToRRset(key, [{ name: '_MATRIX-fed._tcp.Example.test', type: 'SRV', ttl: 5, data }]);
    assert.deepEqual(rrset?.values, [value]);
    assert.notEqual(rrset?.version, undefined);
  });

  it('with several TTLs have the least of them', () => {
    const key = { name: parseDomainName('a.example.test'), type: 'TXT' } as const;
    const answers = [30, 10, 20].map((ttl) => ({ ...key, ttl, data: `${ttl}` }));
    assert.equal(answersToRRset(key, answers)?.ttl, 10);
  });
});
