import { createDesec } from '../../providers/desec/index.ts';
import { desecOptions } from '../../providers/desec/options.ts';
import { parseDomainName, under } from '../../src/dns/domain-name.ts';
import { presentation } from '../../src/dns/rrset.ts';
import type { DnsProvider, DomainName } from '../../src/provider.ts';
import type { ConformanceTarget } from '../conformance/target.ts';
import { PAGE_SIZE, startFakeDesec } from '../fakes/desec.ts';
import { freePort } from '../support/free-port.ts';
import { startMuteServer } from '../support/mute-server.ts';

const ZONE = 'example.test';
const WRONG = 'aWrongTokenOfTheAccount23456';
/** Of what is below the domain. */
const LONGEST_SUBNAME = 178;

export function openDesec(baseUrl: string, token: string): DnsProvider {
  return createDesec(desecOptions.parse({ baseUrl, token }), { now: () => new Date() });
}

/** The adapter before what plays its vendor. */
export async function desecTarget(): Promise<ConformanceTarget> {
  const fake = await startFakeDesec([ZONE, `sub.${ZONE}`]);
  for (const rrset of NEIGHBOURS) fake.put(ZONE, rrset);
  const mute = await startMuteServer();
  return {
    provider: openDesec(fake.url, fake.token),
    zone: parseDomainName(ZONE),
    deeper: parseDomainName(`sub.${ZONE}`),
    nameOctets: LONGEST_SUBNAME + 1 + ZONE.length,
    secrets: [fake.token, WRONG],
    snapshot: async () => fake.snapshot(ZONE),
    async write(rrset) {
      const { name, type, ttl } = rrset;
      fake.put(ZONE, { subname: below(name), type, ttl, records: presentation(rrset) });
    },
    async erase({ name, type }) {
      fake.erase(ZONE, below(name), type);
    },
    async alias(name, target) {
      fake.put(ZONE, { subname: below(name), type: 'CNAME', ttl: 3600, records: [target] });
    },
    mute: async () => openDesec(`http://127.0.0.1:${mute.port}`, fake.token),
    broken: async () => [
      openDesec(fake.url, WRONG),
      openDesec(`http://127.0.0.1:${await freePort()}`, fake.token),
    ],
    http: {
      upstream: fake.url,
      open: (url) => openDesec(`${url}/api/v1`, fake.token),
      pageSize: PAGE_SIZE,
      async fill(count) {
        const labels = Array.from({ length: count }, (_, index) => `fill${index}`);
        for (const subname of labels)
          fake.put(ZONE, { subname, type: 'TXT', ttl: 3600, records: ['"filled"'] });
        return labels.map((label) => under(label, parseDomainName(ZONE)));
      },
    },
    async stop() {
      await Promise.all([fake.stop(), mute.stop()]);
    },
  };
}

const NEIGHBOURS = [
  { subname: '', type: 'NS', ttl: 3600, records: ['ns1.desec.test.', 'ns2.desec.test.'] },
  { subname: '', type: 'TXT', ttl: 3600, records: ['"v=spf1 -all"'] },
  { subname: 'www', type: 'CNAME', ttl: 3600, records: ['elsewhere.example.net.'] },
  { subname: '_sip._tcp', type: 'SRV', ttl: 7200, records: ['1 2 5060 sip.example.net.'] },
];

function below(name: DomainName): string {
  return name.slice(0, -ZONE.length - 1).replace(/\.$/, '');
}
