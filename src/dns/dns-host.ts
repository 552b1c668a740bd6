import type { DomainName } from './domain-name.ts';

/** Who hosts a zone, as the names of its servers tell. */
export interface DnsHost {
  readonly title: string;
  /** How its API is reached: a provider type of ours, or the code under which lego knows it. */
  readonly by: { readonly provider: string } | { readonly lego: string };
}

type Row = readonly [title: string, by: DnsHost['by'], servers: RegExp];

/**
 * The names that the hosts give to the servers of their customers; names under a customer's own domain show nothing of
 * the host. From the hosts' own pages and zones in public repositories, and lego's codes from its list of DNS providers
 * (https://go-acme.github.io/lego/dns/), as of 2026-11. A host that is missing costs one more question.
 */
const HOSTS: readonly Row[] = [
  ['Cloudflare', { provider: 'cloudflare' }, /\.ns\.cloudflare\.com\.$/],
  ['Google Cloud DNS', { provider: 'google' }, /^ns-cloud-[a-e]\d\.googledomains\.com\.$/],
  ['Amazon Route 53', { provider: 'route53' }, /^ns-\d+\.awsdns-\d+\.(?:com|net|org|co\.uk)\.$/],
  // The servers of konsoleH and Robot (your-server.de, first-ns.de) are not behind the Cloud API.
  ['Hetzner', { provider: 'hetzner' }, /^(?:hydrogen|oxygen|helium)\.ns\.hetzner\.(?:com|de)\.$/],
  ['OVHcloud', { provider: 'ovh' }, /^d?ns\d+\.(?:ovh\.(?:net|ca|co\.uk)|anycast\.me)\.$/],
  ['deSEC', { provider: 'desec' }, /^ns\d\.desec\.(?:io|org)\.$/],

  ['Alibaba Cloud DNS', { lego: 'alidns' }, /\.(?:alidns|hichina)\.com\.$/],
  ['Azure DNS', { lego: 'azuredns' }, /\.azure-dns\.(?:com|net|org|info)\.$/],
  ['ClouDNS', { lego: 'cloudns' }, /^p?ns\d+\.cloudns\.(?:net|com)\.$/],
  ['DigitalOcean', { lego: 'digitalocean' }, /^ns\d\.digitalocean\.com\.$/],
  ['DNSimple', { lego: 'dnsimple' }, /\.dnsimple(?:\.com|-edge\.(?:com|net|org))\.$/],
  ['DNS Made Easy', { lego: 'dnsmadeeasy' }, /\.dnsmadeeasy\.com\.$/],
  ['DreamHost', { lego: 'dreamhost' }, /^ns\d\.dreamhost\.com\.$/],
  ['Gandi LiveDNS', { lego: 'gandiv5' }, /^ns-\d+-[abc]\.gandi\.net\.$/],
  ['GoDaddy', { lego: 'godaddy' }, /\.domaincontrol\.com\.$/],
  ['Hurricane Electric', { lego: 'hurricane' }, /^ns\d\.he\.net\.$/],
  ['INWX', { lego: 'inwx' }, /^ns\d?\.inwx\.(?:de|eu|com)\.$/],
  ['IONOS', { lego: 'ionos' }, /^ns\d+\.ui-dns\.(?:com|org|biz|de)\.$/],
  ['Linode', { lego: 'linode' }, /^ns\d\.linode\.com\.$/],
  ['Namecheap', { lego: 'namecheap' }, /\.registrar-servers\.com\.$/],
  ['NameSilo', { lego: 'namesilo' }, /\.(?:dnsowl|namesilo)\.com\.$/],
  ['netcup', { lego: 'netcup' }, /^(?:root|second|third)-dns\.netcup\.net\.$/],
  ['Porkbun', { lego: 'porkbun' }, /\.porkbun\.com\.$/],
  ['TransIP', { lego: 'transip' }, /^ns\d\.transip\.(?:net|nl|eu)\.$/],
  ['Vercel', { lego: 'vercel' }, /\.vercel-dns\.com\.$/],
  ['Vultr', { lego: 'vultr' }, /^ns\d\.vultr\.com\.$/],
];

/** Null where a server is of nobody that we know, and where they are of several: then only its owner can tell. */
export function dnsHostOf(servers: readonly DomainName[]): DnsHost | null {
  const [first] = servers;
  if (first === undefined) return null;
  const row = HOSTS.find(([, , pattern]) => servers.every((server) => pattern.test(server)));
  return row === undefined ? null : { title: row[0], by: row[1] };
}

/** All that are known; a test holds them against the registry. */
export function dnsHosts(): DnsHost[] {
  return HOSTS.map(([title, by]) => ({ title, by }));
}
