import { isInNetwork, unmapped } from './ip-network.ts';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/** IANA's special-purpose registries (RFC 6890): private use, shared, link-local, documentation, benchmarks, multicast. */
const PRIVATE = [
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
  '::/128',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  '2001:db8::/32',
];

/**
 * What an IP address is good for. `loopback` and `private` cannot be reached from the internet, and Synapse does not
 * even try them by default (`ip_range_blacklist`).
 * @param address IP literal, IPv6 without brackets
 */
export function addressKind(address: string): 'loopback' | 'private' | 'public' {
  const inner = unmapped(address);
  if (LOOPBACK.some((network) => isInNetwork(inner, network))) return 'loopback';
  return PRIVATE.some((network) => isInNetwork(inner, network)) ? 'private' : 'public';
}
