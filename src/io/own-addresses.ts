import { networkInterfaces } from 'node:os';

/** The addresses of this machine's interfaces, IPv4 first. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const ofFamily = (wanted: 'IPv4' | 'IPv6'): string[] =>
    all.flatMap(({ address, family }) => (family === wanted ? [address] : []));
  return [...ofFamily('IPv4'), ...ofFamily('IPv6')];
}
