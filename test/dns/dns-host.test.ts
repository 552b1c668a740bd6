import assert from 'node:assert/strict';
import { providerTypes } from '../../providers/registry.ts';
import { dnsHostOf, dnsHosts } from '../../src/dns/dns-host.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';

const hostOf = (...servers: readonly string[]): string | null =>
  dnsHostOf(servers.map(parseDomainName))?.title ?? null;

/** As zones that are hosted there have them. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  Cloudflare: ['ada.ns.cloudflare.com', 'bob.ns.cloudflare.com'],
  'Google Cloud DNS': ['ns-cloud-a1.googledomains.com', 'ns-cloud-a2.googledomains.com'],
  'Amazon Route 53': ['ns-2048.awsdns-64.com', 'ns-2051.awsdns-67.co.uk', 'ns-1.awsdns-00.org'],
  Hetzner: ['hydrogen.ns.hetzner.com', 'oxygen.ns.hetzner.com', 'helium.ns.hetzner.de'],
  OVHcloud: ['dns105.ovh.net', 'ns105.ovh.net'],
  deSEC: ['ns1.desec.io', 'ns2.desec.org'],
  'Alibaba Cloud DNS': ['dns9.hichina.com', 'ns1.alidns.com'],
  'Azure DNS': ['ns1-37.azure-dns.com', 'ns2-37.azure-dns.net'],
  ClouDNS: ['pns41.cloudns.net', 'ns42.cloudns.net'],
  DigitalOcean: ['ns1.digitalocean.com', 'ns2.digitalocean.com'],
  DNSimple: ['ns1.dnsimple.com', 'ns2.dnsimple-edge.net'],
  'DNS Made Easy': ['ns10.dnsmadeeasy.com'],
  DreamHost: ['ns1.dreamhost.com'],
  'Gandi LiveDNS': ['ns-12-a.gandi.net', 'ns-34-b.gandi.net'],
  GoDaddy: ['ns53.domaincontrol.com', 'ns54.domaincontrol.com'],
  'Hurricane Electric': ['ns1.he.net', 'ns5.he.net'],
  INWX: ['ns.inwx.de', 'ns2.inwx.de', 'ns3.inwx.eu'],
  IONOS: ['ns1031.ui-dns.com', 'ns1040.ui-dns.biz', 'ns1090.ui-dns.de', 'ns1106.ui-dns.org'],
  Linode: ['ns1.linode.com'],
  Namecheap: ['dns1.registrar-servers.com', 'freedns1.registrar-servers.com'],
  NameSilo: ['ns1.dnsowl.com', 'ns2.dnsowl.com'],
  netcup: ['root-dns.netcup.net', 'second-dns.netcup.net', 'third-dns.netcup.net'],
  Porkbun: ['curitiba.ns.porkbun.com'],
  TransIP: ['ns0.transip.net', 'ns1.transip.nl', 'ns2.transip.eu'],
  Vercel: ['ns1.vercel-dns.com'],
  Vultr: ['ns1.vultr.com'],
};

describe('dnsHostOf', () => {
  it('knows each host by the names that it gives to its servers', () => {
    assert.deepEqual(
      Object.keys(EXAMPLES).sort(),
      dnsHosts()
        .map(({ title }) => title)
        .sort(),
    );
    for (const [title, servers] of Object.entries(EXAMPLES)) assert.equal(hostOf(...servers), title);
  });

  it('claims nothing for servers of nobody, of several, or that only look alike', () => {
    const none = [
      [],
      ['ns1.example.org', 'ns2.example.org'],
      ['ada.ns.cloudflare.com', 'ns1.he.net'],
      ['hydrogen.ns.hetzner.com', 'ns1.example.org'],
      // Hetzner's other name servers, which its Cloud API knows nothing of.
      ['ns1.your-server.de', 'ns.second-ns.com'],
      ['ns.cloudflare.com.example.org'],
      ['ns1.google.com'],
      ['evil-ns1.he.net.example.org'],
    ];
    for (const servers of none) assert.equal(hostOf(...servers), null, servers.join(' '));
  });

  it('names providers that there are', () => {
    const types = providerTypes();
    const providers = dnsHosts().flatMap(({ by }) => ('provider' in by ? [by.provider] : []));
    assert.ok(providers.length >= 6);
    assert.deepEqual(
      providers.filter((type) => !types.includes(type)),
      [],
    );
  });
});
