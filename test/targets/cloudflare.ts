import { parseDomainName, under } from '../../src/dns/domain-name.ts';
import { startFakeCloudflare } from '../fakes/cloudflare.ts';
import type { ConformanceTarget } from '../conformance/target.ts';
import { freePort } from '../support/free-port.ts';
import { startMuteServer } from '../support/mute-server.ts';
import {
  TOKEN,
  alias,
  erase,
  linesOf,
  openFake,
  overwrite,
  plant,
} from '../providers/cloudflare/fake-zone.ts';

const ZONE = parseDomainName('example.test');
const WRONG = 'canary-of-a-token-that-nobody-has-made-01';
const MALFORMED = 'canary-too-short';

/** The adapter before what plays its vendor. */
export async function cloudflareTarget(): Promise<ConformanceTarget> {
  const fake = await startFakeCloudflare();
  fake.tokens.set(TOKEN, { edit: true });
  fake.left = Infinity;
  const zone = fake.addZone('example.test');
  fake.addZone('sub.example.test');
  const mute = await startMuteServer();
  plant(zone, { name: 'example.test', type: 'A', ttl: 1, content: '127.0.0.1' });
  plant(zone, { name: 'example.test', type: 'TXT', ttl: 1, content: '"v=spf1 -all"' });
  plant(zone, { name: 'www.example.test', type: 'CNAME', ttl: 1, content: 'elsewhere.example.net' });
  return {
    provider: openFake(fake.url),
    zone: ZONE,
    deeper: parseDomainName('sub.example.test'),
    secrets: [TOKEN, WRONG, MALFORMED],
    snapshot: async () => linesOf(zone),
    write: async (rrset) => {
      overwrite(zone, rrset);
    },
    erase: async (key) => {
      erase(zone, key);
    },
    alias: async (name, target) => {
      alias(zone, name, target);
    },
    mute: async () => openFake(`http://127.0.0.1:${mute.port}`),
    broken: async () => [
      openFake(fake.url, { apiToken: WRONG }),
      openFake(fake.url, { apiToken: MALFORMED }),
      openFake(`http://127.0.0.1:${await freePort()}`),
    ],
    http: {
      upstream: fake.url,
      open: (url) => openFake(url),
      pageSize: 5_000,
      async fill(count) {
        const names = Array.from({ length: count }, (_, index) => under(`fill${index}`, ZONE));
        for (const name of names) overwrite(zone, { name, type: 'TXT', ttl: 60, values: ['filled'] });
        return names;
      },
    },
    async stop() {
      await Promise.all([fake.stop(), mute.stop()]);
    },
  };
}
