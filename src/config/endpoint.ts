import type { Endpoint } from '../ports.ts';

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/**
 * `192.0.2.1:53`, `[2001:db8::1]:53`; with a default port also `192.0.2.1`, `2001:db8::1` and `[2001:db8::1]`.
 * @returns null for anything else: names are not looked up
 */
export function parseEndpoint(text: string, defaultPort: number | null): Endpoint | null {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text);
  const bare = defaultPort !== null && match === null && isIpv6(text);
  const address = bare ? text : (match?.[1] ?? match?.[2] ?? '');
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (port === null || port < 1 || port > 65535) return null;
  const bracketed = match?.[1] !== undefined;
  return (bracketed || bare ? isIpv6(address) : IPV4.test(address)) ? { address, port } : null;
}

export function isIpLiteral(text: string): boolean {
  return IPV4.test(text) || isIpv6(text.replace(/^\[(.*)\]$/, '$1'));
}

function isIpv6(text: string): boolean {
  return text.includes(':') && /^[0-9A-Fa-f:.]+$/.test(text) && URL.canParse(`http://[${text}]/`);
}
