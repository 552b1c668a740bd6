import { createWebhook } from '../../providers/webhook/index.ts';
import { webhookOptions } from '../../providers/webhook/options.ts';
import { parseDomainName, relativeToRoot, under } from '../../src/dns/domain-name.ts';
import { presentation } from '../../src/dns/rrset.ts';
import type { DnsProvider, DomainName, RRset, RRsetKey } from '../../src/provider.ts';
import type { ConformanceTarget } from '../conformance/target.ts';
import { type FakeEndpoint, type FakeWebhookOptions, startFakeWebhook } from '../fakes/webhook.ts';
import { freePort } from '../support/free-port.ts';
import { startMuteServer } from '../support/mute-server.ts';

const ZONE = 'example.test';
const NEIGHBOURS: FakeEndpoint[] = [
  { dnsName: ZONE, recordType: 'A', targets: ['127.0.0.1'], recordTTL: 300 },
  { dnsName: ZONE, recordType: 'TXT', targets: ['"v=spf1 -all"'], labels: { owner: 'default' } },
  { dnsName: `www.${ZONE}`, recordType: 'CNAME', targets: ['elsewhere.example.net'] },
  { dnsName: `_sip._tcp.${ZONE}`, recordType: 'SRV', targets: ['1 2 5060 sip.example.net.'], recordTTL: 60 },
];
/** What the records of others have besides. */
const FOREIGN = {
  labels: { owner: 'somebody', resource: 'service/default/x' },
  providerSpecific: [{ name: 'vendor/proxied', value: 'false' }],
};

function open(url: string): DnsProvider {
  return createWebhook(webhookOptions.parse({ url }), { now: () => new Date(), looksAgainMs: [] });
}

/** The adapter before what plays its vendor. */
export async function webhookTarget(manner: Partial<FakeWebhookOptions> = {}): Promise<ConformanceTarget> {
  const fake = await startFakeWebhook({ zones: [ZONE, `sub.${ZONE}`], ...manner });
  fake.endpoints = [...NEIGHBOURS];
  const mute = await startMuteServer();
  const erase = (key: RRsetKey): void => {
    const dnsName = relativeToRoot(key.name);
    fake.endpoints = fake.endpoints.filter(
      (each) => each.dnsName !== dnsName || each.recordType !== key.type,
    );
  };
  return {
    provider: open(fake.url),
    zone: parseDomainName(ZONE),
    deeper: parseDomainName(`sub.${ZONE}`),
    secrets: ['there-is-no-secret'],
    snapshot: async () =>
      fake.endpoints
        .flatMap(({ dnsName, recordTTL = 0, recordType, targets }) =>
          targets.map((target) => `${dnsName}. ${recordTTL} IN ${recordType} ${target}`),
        )
        .sort(),
    async write(rrset) {
      erase(rrset);
      fake.endpoints.push(...foreign(rrset, manner.per ?? 'rrset'));
    },
    erase: async (key) => erase(key),
    async alias(name, target) {
      fake.endpoints.push({
        dnsName: relativeToRoot(name),
        recordType: 'CNAME',
        targets: [relativeToRoot(target)],
      });
    },
    mute: async () => open(`http://127.0.0.1:${mute.port}`),
    broken: async () => [open(`http://127.0.0.1:${await freePort()}`)],
    http: {
      upstream: fake.url,
      open,
      pageSize: Infinity,
      isWrite: ({ method, path }) => method === 'POST' && path === '/records',
      async fill(count) {
        const names = Array.from({ length: count }, (_, index) =>
          under(`fill${index}`, parseDomainName(ZONE)),
        );
        const have = new Set(fake.endpoints.map(({ dnsName }) => dnsName));
        const fresh = names.map((name: DomainName) => relativeToRoot(name)).filter((name) => !have.has(name));
        fake.endpoints.push(
          ...fresh.map((dnsName) => ({
            dnsName,
            recordType: 'TXT' as const,
            targets: ['"filled"'],
            recordTTL: 60,
          })),
        );
        return names;
      },
    },
    async stop() {
      await Promise.all([fake.stop(), mute.stop()]);
    },
  };
}

function foreign(rrset: RRset, per: 'rrset' | 'record'): FakeEndpoint[] {
  const common = {
    dnsName: relativeToRoot(rrset.name),
    recordType: rrset.type,
    recordTTL: rrset.ttl,
    ...FOREIGN,
  };
  const targets = presentation(rrset);
  return per === 'rrset'
    ? [{ ...common, targets }]
    : targets.map((target) => ({ ...common, targets: [target] }));
}
