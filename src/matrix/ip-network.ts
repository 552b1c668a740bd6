/**
 * True for an address within `PREFIX/LENGTH` of its own family.
 * @param address IP literal, IPv6 without brackets
 */
export function isInNetwork(address: string, network: string): boolean {
  const [prefix = '', length = ''] = network.split('/');
  if (address.includes(':') !== prefix.includes(':')) return false;
  const host = BigInt((prefix.includes(':') ? 128 : 32) - Number(length));
  return numberOf(address) >> host === numberOf(prefix) >> host;
}

function numberOf(address: string): bigint {
  const [parts, bits] = address.includes(':') ? [ipv6Groups(address), 16n] : [ipv4Parts(address), 8n];
  return parts.reduce((sum, part) => (sum << bits) | BigInt(part), 0n);
}

function ipv4Parts(address: string): number[] {
  return address.split('.').map(Number);
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

/** The IPv4 address inside of an IPv4-mapped one (RFC 4291 §2.5.5.2); any other as it is. */
export function unmapped(address: string): string {
  if (!isInNetwork(address, '::ffff:0:0/96')) return address;
  return ipv6Groups(address)
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}
