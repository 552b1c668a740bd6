import { relativeToRoot } from '../dns/domain-name.ts';
import type { Finding, FindingCode } from './finding.ts';
import type { ServerSight, TargetSight } from './sight.ts';

/** One finding, with the certificate as its evidence. */
export type Wrong = (code: FindingCode, message: string, fix: string) => Finding[];

/** The SRV target and what it is an alias of, step by step; empty where no SRV record led here. */
export function hostsBehind(
  { endpoint: { host, srv } }: TargetSight,
  aliases: ServerSight['aliases'],
): string[] {
  if (srv === null || host.kind === 'ip') return [];
  return [host.name, ...(aliases.get(host.name) ?? [])].map(relativeToRoot);
}

/**
 * Whom a certificate is for that is not for the right name.
 * @param names of the certificate
 * @param name what it must be for
 * @param hosts from {@link hostsBehind}
 */
export function diagnoseCertName(
  names: readonly string[],
  name: string,
  hosts: readonly string[],
  wrong: Wrong,
): Finding[] {
  const patterns = names.map((each) => each.toLowerCase());
  const [found] = hosts.flatMap((host) => {
    const pattern = host === name ? undefined : patterns.find((each) => covers(each, host));
    return pattern === undefined ? [] : [{ host, pattern }];
  });
  const isAbove = patterns.includes(`*.${name}`);
  const besides = isAbove ? ` besides *.${name}, which does not cover it` : '';
  if (found !== undefined)
    return wrong(
      'CERT_FOR_SRV_TARGET',
      `The certificate is for ${whose(found, hosts[0])}; it must be for ${name}, since an SRV record says where to connect, and not who may speak for ${name}.`,
      `get a certificate for ${name}${besides} (DNS-01 needs no web server there) and serve it on ${found.host}`,
    );
  if (isAbove)
    return wrong(
      'CERT_WRONG_NAME',
      `The certificate is for *.${name}, which covers the names below ${name}, and not ${name} itself.`,
      `get and serve a certificate with ${name} in it${besides}`,
    );
  return wrong(
    'CERT_WRONG_NAME',
    `The certificate is not for ${name}.`,
    `serve a certificate with ${name} in it; if there is one, let the proxy in front choose it by the name ${name} in SNI`,
  );
}

interface Covered {
  readonly host: string;
  readonly pattern: string;
}

function whose({ host, pattern }: Covered, target = host): string {
  const which =
    host === target ? `the SRV target ${host}` : `${host}, the host behind the SRV target ${target}`;
  return pattern === host ? which : `${pattern}, and so for ${which}`;
}

/** A wildcard covers one label (RFC 6125 §6.4.3). */
function covers(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith('*.') && host.slice(host.indexOf('.')) === pattern.slice(1));
}
