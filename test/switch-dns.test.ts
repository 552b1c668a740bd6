import assert from 'node:assert/strict';
import type { DnsClient, DnsRecord, DnsResponse } from '../src/ports.ts';
import type { NameServer } from '../src/name-servers.ts';
import { withoutCaches } from '../src/switch-dns.ts';
import { assertRefused } from './conformance/expectations.ts';
import { answer } from './support/fake-dns.ts';
import { FED, MATRIX, RESOLVER, type World, createWorld, ctx, srv } from './support/fake-ports.ts';

const [FIRST, SECOND] = ['192.0.2.1', '192.0.2.2'];
const SERVERS: readonly NameServer[] = [FIRST, SECOND].map((address) => ({
  name: address,
  endpoints: [{ address, port: 53 }],
}));
const OLD: DnsRecord = { name: FED, ttl: 60, type: 'SRV', data: srv(MATRIX, 443) };
const NEW: DnsRecord = { name: FED, ttl: 60, type: 'SRV', data: srv(MATRIX) };

function behind(servers: readonly NameServer[], world: World): DnsClient {
  return withoutCaches(new Set([FED]), servers, world.ports(), ctx());
}

function ask(dns: DnsClient): Promise<DnsResponse> {
  return dns.query(RESOLVER, { name: FED, type: 'SRV', recurse: true }, ctx());
}

describe('SRV records past the caches', () => {
  it('are not those that a lame server has in its cache', async () => {
    const world = createWorld();
    world.dns.records.push(NEW);
    world.dns.interfere = ({ address }) =>
      address === FIRST ? answer('NOERROR', [OLD], { authoritative: false }) : undefined;
    assert.deepEqual((await ask(behind(SERVERS, world))).answers, [NEW]);
    const error = await assertRefused(ask(behind(SERVERS.slice(0, 1), world)), 'E_DNS_UNANSWERED');
    assert.match(error.message, /192\.0\.2\.1:53: it answers without authority \(AA\)/);
    assert.match(error.hint ?? '', /are the name servers of the zone, or `nameServers` of the provider, up/);
    assert.doesNotMatch(error.hint ?? '', /`resolvers`/);
  });

  it('are asked of a resolver that the config names, as a resolver is asked', async () => {
    const world = createWorld();
    world.dns.records.push(NEW);
    world.dns.interfere = (_, { recurse }) => (recurse ? undefined : answer('REFUSED'));
    const servers = [{ name: 'ours', endpoints: [RESOLVER], configured: true }] as const;
    assert.deepEqual((await ask(behind(servers, world))).answers, [NEW]);
  });

  it('are asked of an authority without RD', async () => {
    const world = createWorld();
    world.dns.records.push(NEW);
    world.dns.interfere = (_, { recurse }) => (recurse ? answer('REFUSED') : undefined);
    assert.deepEqual((await ask(behind(SERVERS, world))).answers, [NEW]);
  });
});
