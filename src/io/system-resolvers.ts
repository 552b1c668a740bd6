import { getServers } from 'node:dns';
import { isIP } from 'node:net';
import type { Endpoint } from '../ports.ts';

const DNS_PORT = 53;

/** The recursive resolvers that the operating system is told to use (resolv.conf), in their order. */
export function systemResolvers(servers: readonly string[] = getServers()): Endpoint[] {
  return servers.flatMap((server) => endpointOf(server) ?? []);
}

/** `192.0.2.1`, `192.0.2.1:54`, `2001:db8::1`, `[2001:db8::1]:54`, `fe80::1%eth0`. */
function endpointOf(text: string): Endpoint | null {
  if (isIP(text) !== 0) return { address: text, port: DNS_PORT };
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[0-9.]+)):(?<port>[0-9]+)$/.exec(text);
  const address = match?.groups?.['six'] ?? match?.groups?.['four'] ?? '';
  const port = Number(match?.groups?.['port']);
  return isIP(address) === 0 || port < 1 || port > 65535 ? null : { address, port };
}
