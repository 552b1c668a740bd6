/**
 * What an IP address is good for (IANA special-purpose registries; RFC 6890). `loopback` and `private` cannot be
 * reached from the internet, and Synapse does not even try them by default (`ip_range_blacklist`).
 * @param address IP literal, IPv6 without brackets
 */
export function addressKind(address: string): 'loopback' | 'private' | 'public' {
  const groups = address.includes(':') ? ipv6Groups(address) : null;
  if (groups === null) return ipv4Kind(address);
  const [first = 0] = groups;
  if (groups.slice(0, 5).every((group) => group === 0)) {
    if (groups[5] === 0xffff) return ipv4Kind(ipv4Of(groups));
    if (groups[5] === 0 && groups[6] === 0) return groups[7] === 1 ? 'loopback' : 'private';
  }
  // Unique local fc00::/7, link-local fe80::/10, site-local fec0::/10, documentation 2001:db8::/32.
  const inner = (first & 0xfe00) === 0xfc00 || (first & 0xff80) === 0xfe80;
  return inner || (first === 0x2001 && groups[1] === 0x0db8) ? 'private' : 'public';
}

/** RFC 1918, 6598, 3927, 5737, 2544, "this network", multicast and what is reserved. */
const PRIVATE_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];

function ipv4Kind(address: string): 'loopback' | 'private' | 'public' {
  if (isInNetwork(address, '127.0.0.0/8')) return 'loopback';
  return PRIVATE_IPV4.some((network) => isInNetwork(address, network)) ? 'private' : 'public';
}

function isInNetwork(address: string, network: string): boolean {
  const [prefix = '', length = ''] = network.split('/');
  const size = 2 ** (32 - Number(length));
  return Math.floor(ipv4Number(address) / size) === Math.floor(ipv4Number(prefix) / size);
}

function ipv4Number(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function ipv4Of(groups: readonly number[]): string {
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

function ipv6Groups(address: string): number[] {
  // The URL parser of the platform writes any IPv6 form as hexadecimal groups.
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [left = '', right] = text.split('::');
  const [head, tail] = [groupsIn(left), groupsIn(right ?? '')];
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

function groupsIn(part: string): number[] {
  return part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
}
