import { parseDomainName, under } from '../../src/dns/domain-name.ts';
import { presentation } from '../../src/dns/rrset.ts';
import type { ConformanceTarget } from '../conformance/target.ts';
import { store } from '../fakes/google.ts';
import { keyOf } from '../fakes/google-zone.ts';
import { freePort } from '../support/free-port.ts';
import { startMuteServer } from '../support/mute-server.ts';
import { setStage } from '../providers/google/target.ts';

const ZONE = parseDomainName('example.test');
const WRONG = 'a-wrong-token-of-a-machine';

/** The adapter before what plays its vendor. */
export async function googleTarget(): Promise<ConformanceTarget> {
  const stage = await setStage();
  const mute = await startMuteServer();
  const zone = stage.fake.addZone({ name: 'example-test', dnsName: ZONE });
  // The twins that the world does not see.
  stage.fake.addZone({ name: 'deeper-twin', dnsName: `sub.${ZONE}`, visibility: 'private' });
  stage.fake.addZone({ name: 'deeper', dnsName: `sub.${ZONE}` });
  stage.fake.addZone({ name: 'deepest-twin', dnsName: `_acme-challenge.sub.${ZONE}`, visibility: 'private' });
  store(zone, ZONE, 'TXT', 300, ['"v=spf1 -all"']);
  store(zone, `www.${ZONE}`, 'CNAME', 300, ['elsewhere.example.net.']);
  return {
    provider: stage.open(),
    zone: ZONE,
    deeper: parseDomainName(`sub.${ZONE}`),
    secrets: [stage.fake.subjectToken, stage.fake.accessToken, WRONG],
    async snapshot() {
      return [...zone.rrsets.values()]
        .filter(({ type }) => type !== 'SOA')
        .flatMap(({ name, ttl, type, rrdatas }) =>
          rrdatas.map((rdata) => `${name} ${ttl} IN ${type} ${rdata}`),
        )
        .sort();
    },
    // In an order that nobody sorts: a deletion has to name the records as they stand.
    async write(rrset) {
      store(zone, rrset.name, rrset.type, rrset.ttl, presentation(rrset).reverse());
    },
    async erase(key) {
      zone.rrsets.delete(keyOf(key));
    },
    async alias(name, target) {
      store(zone, name, 'CNAME', 60, [target]);
    },
    mute: async () => stage.open({ apiEndpoint: `http://127.0.0.1:${mute.port}` }),
    broken: async () => [
      stage.open({ keyFile: stage.keyFileFor(WRONG) }),
      stage.open({ project: 'another-project' }),
      stage.open({ apiEndpoint: `http://127.0.0.1:${await freePort()}` }),
    ],
    http: {
      upstream: stage.fake.url,
      open: (url) => stage.open({ apiEndpoint: url }),
      pageSize: 1_000,
      async fill(count) {
        const names = Array.from({ length: count }, (_, index) => under(`fill${index}`, ZONE));
        for (const name of names) store(zone, name, 'TXT', 60, ['"filled"']);
        return names;
      },
    },
    async stop() {
      await Promise.all([stage.stop(), mute.stop()]);
    },
  };
}
