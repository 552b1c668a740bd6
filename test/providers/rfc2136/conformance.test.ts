import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { presentation } from '../../../src/dns/rrset.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import type { ConformanceTarget } from '../../conformance/target.ts';
import { startBind } from '../../support/bind.ts';
import { freePort } from '../../support/free-port.ts';
import { startKnot } from '../../support/knot.ts';
import { startMuteServer } from '../../support/mute-server.ts';
import { type NameServer, type NameServerOptions, testKey } from '../../support/name-server.ts';
import { startPowerDns } from '../../support/powerdns.ts';
import { openRfc2136 } from '../../support/rfc2136.ts';
import { foreignUpdate, transferZone } from '../../support/zone-tools.ts';

const ZONE = 'example.test';

async function setup(start: (options: NameServerOptions) => Promise<NameServer>): Promise<ConformanceTarget> {
  const server = await start({ zones: [{ name: ZONE, records: NEIGHBOURS }, `sub.${ZONE}`] });
  const mute = await startMuteServer();
  const wrong = testKey(server.key.name);
  const foreign = (...lines: string[]): Promise<void> => foreignUpdate(server, ZONE, lines);
  return {
    provider: openRfc2136(server.port, server.key),
    zone: parseDomainName(ZONE),
    deeper: parseDomainName(`sub.${ZONE}`),
    secrets: [server.key, wrong].flatMap(({ secret }) => [
      secret,
      Buffer.from(secret, 'base64').toString('hex'),
    ]),
    snapshot: () => transferZone(server, ZONE),
    write: (rrset) =>
      foreign(
        `update delete ${rrset.name} ${rrset.type}`,
        ...presentation(rrset).map((rdata) => `update add ${rrset.name} ${rrset.ttl} ${rrset.type} ${rdata}`),
      ),
    erase: (key) => foreign(`update delete ${key.name} ${key.type}`),
    alias: (name, target) => foreign(`update add ${name} 60 CNAME ${target}`),
    mute: async () => openRfc2136(mute.port, server.key),
    broken: async () => [openRfc2136(server.port, wrong), openRfc2136(await freePort(), server.key)],
    async stop() {
      await Promise.all([server.stop(), mute.stop()]);
    },
  };
}

/** What else lives in a zone. */
const NEIGHBOURS = [
  '@ IN A 127.0.0.1',
  '@ IN TXT "v=spf1 -all"',
  'www IN CNAME elsewhere.example.net.',
  '_sip._tcp IN SRV 1 2 5060 sip.example.net.',
  '*.wild IN TXT "made by a wildcard"',
];

describeProviderConformance('rfc2136 with BIND', () => setup(startBind));
describeProviderConformance('rfc2136 with Knot', () => setup(startKnot));
describeProviderConformance('rfc2136 with PowerDNS', () => setup(startPowerDns));
