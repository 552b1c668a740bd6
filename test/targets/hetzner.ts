import { parseDomainName, under } from '../../src/dns/domain-name.ts';
import { presentation } from '../../src/dns/rrset.ts';
import type { DomainName } from '../../src/provider.ts';
import type { ConformanceTarget } from '../conformance/target.ts';
import { startFakeHetzner } from '../fakes/hetzner.ts';
import { freePort } from '../support/free-port.ts';
import { startMuteServer } from '../support/mute-server.ts';
import { ZONE, openHetzner } from '../providers/hetzner/scene.ts';

const WRONG = 'a-wrong-token-of-the-project';

/** The adapter before what plays its vendor. */
export async function hetznerTarget(): Promise<ConformanceTarget> {
  const fake = await startFakeHetzner([{ name: ZONE }, { name: `sub.${ZONE}` }]);
  fake.put(ZONE, '@', 'A', null, [{ value: '127.0.0.1' }]);
  fake.put(ZONE, '@', 'TXT', null, [{ value: '"v=spf1 -all"' }]);
  fake.put(ZONE, 'www', 'CNAME', 300, [{ value: 'elsewhere.example.net.' }]);
  fake.put(ZONE, '_sip._tcp', 'SRV', 300, [{ value: '1 2 5060 sip.example.net.', comment: 'telephone' }]);
  const mute = await startMuteServer();
  return {
    provider: openHetzner(fake.url, fake.token),
    zone: parseDomainName(ZONE),
    deeper: parseDomainName(`sub.${ZONE}`),
    secrets: [fake.token, WRONG],
    snapshot: async () => fake.snapshot(ZONE),
    write: async (rrset) => {
      const records = presentation(rrset).map((value) => ({ value }));
      fake.put(ZONE, inZone(rrset.name), rrset.type, rrset.ttl, records);
    },
    erase: async ({ name, type }) => {
      fake.erase(ZONE, inZone(name), type);
    },
    alias: async (name, target) => {
      fake.put(ZONE, inZone(name), 'CNAME', 60, [{ value: target }]);
    },
    mute: async () => openHetzner(`http://127.0.0.1:${mute.port}`, fake.token),
    broken: async () => [
      openHetzner(fake.url, WRONG),
      openHetzner(`http://127.0.0.1:${await freePort()}`, fake.token),
    ],
    http: {
      upstream: fake.url,
      open: (url) => openHetzner(url, fake.token),
      pageSize: 50,
      async fill(count) {
        const labels = Array.from({ length: count }, (_, index) => `fill${index}`);
        for (const label of labels) fake.put(ZONE, label, 'TXT', 60, [{ value: '"filled"' }]);
        return labels.map((label) => under(label, parseDomainName(ZONE)));
      },
    },
    async stop() {
      await Promise.all([fake.stop(), mute.stop()]);
    },
  };
}

function inZone(name: DomainName): string {
  return name.replace(new RegExp(`\\.?${ZONE}\\.$`), '') || '@';
}
