import assert from 'node:assert/strict';
import type { DnsRecord } from '../src/ports.ts';
import { createWorldDns } from '../src/world-dns.ts';
import { assertRefused } from './conformance/expectations.ts';
import { answer, silence } from './support/fake-dns.ts';
import { CHALLENGE, EXAMPLE, FED, HOSTER, MATRIX, createWorld, ctx } from './support/fake-ports.ts';

const SRV = { name: FED, type: 'SRV' } as const;
const RECORD: DnsRecord = {
  name: FED,
  ttl: 600,
  type: 'SRV',
  data: { priority: 10, weight: 5, port: 8448, target: MATRIX },
};

describe('what the world’s name servers say', () => {
  it('is read from the servers of the zone', async () => {
    const world = createWorld();
    world.dns.records.push(RECORD);
    const dns = createWorldDns([], world.ports());
    assert.equal(await dns.zoneApex(FED, ctx()), EXAMPLE);
    assert.deepEqual(await dns.rrset(EXAMPLE, SRV, ctx()), {
      ...SRV,
      ttl: 600,
      values: [RECORD.data],
    });
    assert.equal(await dns.rrset(EXAMPLE, { name: CHALLENGE, type: 'TXT' }, ctx()), null);
  });

  it('is what the one says that has the least, where they disagree', async () => {
    const world = createWorld();
    world.dns.records.push(RECORD);
    const dns = createWorldDns([], world.ports());
    let first: string | undefined;
    world.dns.interfere = (server, question) => {
      if (question.type !== 'SRV') return undefined;
      first ??= server.address;
      return server.address === first ? answer('NXDOMAIN') : undefined;
    };
    assert.equal(await dns.rrset(EXAMPLE, SRV, ctx()), null);
  });

  it('is not known when none of them answers for the name', async () => {
    const world = createWorld();
    const dns = createWorldDns([], world.ports());
    world.dns.interfere = (server, question) => {
      if (question.type !== 'SRV') return undefined;
      throw silence(server);
    };
    await assertRefused(dns.rrset(EXAMPLE, SRV, ctx()), 'E_DNS_UNANSWERED');
    world.dns.interfere = (_, question) => (question.type === 'SRV' ? answer('SERVFAIL') : undefined);
    await assertRefused(dns.rrset(EXAMPLE, SRV, ctx()), 'E_DNS_UNANSWERED');
  });

  it('is an error where an alias stands', async () => {
    const world = createWorld();
    world.dns.records.push({ name: FED, ttl: 60, type: 'CNAME', data: HOSTER });
    await assertRefused(createWorldDns([], world.ports()).rrset(EXAMPLE, SRV, ctx()), 'E_RECORD_CNAME');
  });
});
