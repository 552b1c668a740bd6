import type { DomainName } from '../dns/domain-name.ts';
import { parseDomainName, relativeToRoot } from '../dns/domain-name.ts';
import { DelegatedError } from '../errors.ts';

/**
 * A Matrix server name (Matrix spec, appendices § "Server Name"), parsed. As an identifier it is case-sensitive, so
 * `text` is kept as it was written; `host` is what DNS and certificates use.
 */
export interface ServerName {
  readonly text: string;
  readonly host:
    { readonly kind: 'name'; readonly name: DomainName } | { readonly kind: 'ip'; readonly address: string };
  readonly port: number | null;
}

/** A server name that SRV can delegate: a DNS name without a port. */
export interface DelegableServerName extends ServerName {
  readonly host: { readonly kind: 'name'; readonly name: DomainName };
  readonly port: null;
}

const MAX_LENGTH = 230;
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const IPV6 = /^\[([0-9A-Fa-f:.]{2,45})\]$/;
const DNS_NAME = /^[0-9A-Za-z.-]{1,255}$/;

/** @throws DelegatedError E_SERVER_NAME */
export function parseServerName(text: string): ServerName {
  if (text.length > MAX_LENGTH) throw bad(text, `it is longer than ${MAX_LENGTH} characters`);
  const match = /^(.*?)(?::(\d{1,5}))?$/.exec(text);
  const host = text.startsWith('[') ? text.slice(0, text.indexOf(']') + 1) : (match?.[1] ?? '');
  const rest = text.slice(host.length);
  if (rest !== '' && !/^:\d{1,5}$/.test(rest)) throw bad(text, `"${rest}" is not a port`);
  const port = rest === '' ? null : Number(rest.slice(1));
  if (port !== null && port > 65535) throw bad(text, `the port ${port} is above 65535`);
  return { text, host: parseHost(text, host), port };
}

/**
 * IP literals and names with a port are never delegated by SRV (server-server API § "Resolving server names", steps 1
 * and 2), so nothing that we publish would ever be read for them.
 * @throws DelegatedError E_SERVER_NAME
 */
export function parseDelegableServerName(text: string): DelegableServerName {
  const { host, port } = parseServerName(text);
  if (host.kind === 'ip')
    throw new DelegatedError(
      'E_SERVER_NAME',
      `${JSON.stringify(text)} is an IP address, which SRV cannot delegate`,
      {
        hint: 'other servers connect to an IP literal directly and never look for SRV; use the DNS name of the server',
      },
    );
  if (port !== null)
    throw new DelegatedError(
      'E_SERVER_NAME',
      `${JSON.stringify(text)} has a port, so SRV cannot delegate it`,
      {
        hint: `other servers connect to port ${port} of a server name with a port and never look for SRV; write the server_name as it stands in the homeserver's config`,
      },
    );
  return { text, host, port };
}

function parseHost(text: string, host: string): ServerName['host'] {
  if (host.startsWith('[')) {
    const address = IPV6.exec(host)?.[1];
    if (address === undefined || !isIpv6(address))
      throw bad(text, `"${host}" is not an IPv6 address in brackets`);
    return { kind: 'ip', address };
  }
  if (IPV4.test(host)) {
    if (host.split('.').some((part) => Number(part) > 255))
      throw bad(text, `"${host}" is not an IPv4 address`);
    return { kind: 'ip', address: host };
  }
  if (!DNS_NAME.test(host))
    throw bad(text, `only letters, digits, "-" and "." may stand in it${aLabels(host)}`);
  if (host.endsWith('.')) throw bad(text, 'a server name has no trailing dot');
  try {
    return { kind: 'name', name: parseDomainName(host) };
  } catch (error) {
    throw bad(text, error instanceof Error ? error.message : 'it is no DNS name');
  }
}

/** How an internationalized name is written in a server name. */
function aLabels(host: string): string {
  if (!/[^\0-\x7F]/.test(host)) return '';
  try {
    return `; as A-labels it is ${JSON.stringify(relativeToRoot(parseDomainName(host)))}`;
  } catch {
    return ' (IDNs as A-labels)';
  }
}

function isIpv6(address: string): boolean {
  return URL.canParse(`http://[${address}]/`);
}

function bad(text: string, why: string): DelegatedError {
  return new DelegatedError('E_SERVER_NAME', `${JSON.stringify(text)} is not a Matrix server name: ${why}`, {
    hint: 'write the server_name exactly as it stands in the homeserver config, such as example.org',
  });
}
