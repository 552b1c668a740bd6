import { createPowerDns } from '../../providers/powerdns/index.ts';
import { powerdnsOptions } from '../../providers/powerdns/options.ts';
import { parseDomainName, under } from '../../src/dns/domain-name.ts';
import { presentation } from '../../src/dns/rrset.ts';
import type { DnsProvider } from '../../src/provider.ts';
import type { ConformanceTarget } from '../conformance/target.ts';
import { freePort } from '../support/free-port.ts';
import { startMuteServer } from '../support/mute-server.ts';
import { startPowerDns } from '../support/powerdns.ts';
import { foreignUpdate, transferZone } from '../support/zone-tools.ts';

const ZONE = 'example.test';
const WRONG = 'a-wrong-key-of-the-api';

/** The adapter before a real PowerDNS. */
export async function powerdnsTarget(): Promise<ConformanceTarget> {
  const server = await startPowerDns({ zones: [{ name: ZONE, records: NEIGHBOURS }, `sub.${ZONE}`] });
  const mute = await startMuteServer();
  const open = (url: string, apiKey = server.api.key): DnsProvider =>
    createPowerDns(powerdnsOptions.parse({ url, apiKey }), { now: () => new Date() });
  const foreign = (...lines: string[]): Promise<void> => foreignUpdate(server, ZONE, lines);
  return {
    provider: open(server.api.url),
    zone: parseDomainName(ZONE),
    deeper: parseDomainName(`sub.${ZONE}`),
    secrets: [server.api.key, WRONG],
    snapshot: () => transferZone(server, ZONE),
    write: (rrset) =>
      foreign(
        `update delete ${rrset.name} ${rrset.type}`,
        ...presentation(rrset).map((rdata) => `update add ${rrset.name} ${rrset.ttl} ${rrset.type} ${rdata}`),
      ),
    erase: (key) => foreign(`update delete ${key.name} ${key.type}`),
    alias: (name, target) => foreign(`update add ${name} 60 CNAME ${target}`),
    mute: async () => open(`http://127.0.0.1:${mute.port}`),
    broken: async () => [open(server.api.url, WRONG), open(`http://127.0.0.1:${await freePort()}`)],
    http: {
      upstream: server.api.url,
      open: (url) => open(url),
      pageSize: Infinity,
      async fill(count) {
        const names = Array.from({ length: count }, (_, index) =>
          under(`fill${index}`, parseDomainName(ZONE)),
        );
        await foreign(...names.map((name) => `update add ${name} 60 TXT "filled"`));
        return names;
      },
    },
    async stop() {
      await Promise.all([server.stop(), mute.stop()]);
    },
  };
}

const NEIGHBOURS = [
  '@ IN A 127.0.0.1',
  '@ IN TXT "v=spf1 -all"',
  'www IN CNAME elsewhere.example.net.',
  '_sip._tcp IN SRV 1 2 5060 sip.example.net.',
];
