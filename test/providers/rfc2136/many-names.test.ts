import assert from 'node:assert/strict';
import { type DomainName, parseDomainName, under } from '../../../src/dns/domain-name.ts';
import type { Zone } from '../../../src/provider.ts';
import { rejection } from '../../conformance/expectations.ts';
import { srv, testCtx } from '../../conformance/target.ts';
import { startBind } from '../../support/bind.ts';
import type { NameServer } from '../../support/name-server.ts';
import { openRfc2136 } from '../../support/rfc2136.ts';

const NAME = parseDomainName('example.test');
const ZONE: Zone = { id: NAME, name: NAME };
const LABEL = 'a'.repeat(60);
const RDATA = '10 5 8448 matrix.example.test.';
/** As many and as long that the names alone are more than one message of 64 KiB holds. */
const NAMES: readonly DomainName[] = Array.from({ length: 450 }, (_, index) =>
  under(`_matrix-fed._tcp.s${index}.${LABEL}.${LABEL}`, NAME),
);
const MISSING: readonly number[] = [7, 307];

describe('rfc2136 and a zone with many sites', () => {
  let server: NameServer | undefined;
  before(async () => {
    const there = NAMES.filter((_, index) => !MISSING.includes(index));
    const records = [`*.${LABEL}.${LABEL}`, ...there].map((name) => `${name} 60 IN SRV ${RDATA}`);
    server = await startBind({ zones: [{ name: 'example.test', records }] });
  });
  after(() => server?.stop());

  it('reads all of them at once, and none that a wildcard made up', async () => {
    if (server === undefined) throw new Error('no name server');
    const provider = openRfc2136(server.port, server.key);
    try {
      const found = await provider.readRRsets(
        ZONE,
        NAMES.map((name) => ({ name, type: 'SRV' as const })),
        testCtx(),
      );
      assert.deepEqual(
        found.flatMap((rrset, index) => (rrset === null ? [index] : [])),
        MISSING,
      );
    } finally {
      await provider.close?.();
    }
  });

  it('names a few of them where the server refuses, and not all', async () => {
    if (server === undefined) throw new Error('no name server');
    const provider = openRfc2136(server.port, server.key);
    const names = NAMES.slice(0, 50);
    try {
      const changes = names.map((name) => ({
        op: 'put' as const,
        rrset: srv(name, []),
        expect: 'absent' as const,
      }));
      const error = await rejection(provider.apply(ZONE, changes, testCtx()));
      assert.equal(error.code, 'E_PROVIDER_CONFLICT');
      assert.match(error.message, /_matrix-fed\._tcp\.s0\..* and 47 more/);
    } finally {
      await provider.close?.();
    }
  });
});
