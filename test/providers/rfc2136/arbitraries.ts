import * as fc from 'fast-check';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { DomainName, SrvRRset, TxtRRset } from '../../../src/provider.ts';

/** Objects as the code makes them, for strict comparison. */
function plain<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true });
}

const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);

export const domainName: fc.Arbitrary<DomainName> = fc
  .array(label, { minLength: 1, maxLength: 6 })
  .map((labels) => parseDomainName(labels.join('.')));

const uint16 = fc.nat({ max: 0xffff });
const ttl = fc.nat({ max: 0x7fffffff });

/** One `char` per octet. */
export const txtValue: fc.Arbitrary<string> = fc
  .uint8Array({ maxLength: 600 })
  .map((octets) => Buffer.from(octets).toString('latin1'));

export const srvRRset: fc.Arbitrary<SrvRRset> = plain({
  name: domainName,
  type: fc.constant('SRV' as const),
  ttl,
  values: fc.uniqueArray(plain({ priority: uint16, weight: uint16, port: uint16, target: domainName }), {
    minLength: 1,
    maxLength: 4,
    selector: (data) => Object.values(data).join(' '),
  }),
});

export const txtRRset: fc.Arbitrary<TxtRRset> = plain({
  name: domainName,
  type: fc.constant('TXT' as const),
  ttl,
  values: fc.uniqueArray(txtValue, { minLength: 1, maxLength: 4 }),
});
