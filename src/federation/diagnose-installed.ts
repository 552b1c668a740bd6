import { type Finding, finding, merged } from './finding.ts';
import { momentText } from './moment.ts';
import type { InstalledCertificate, ServerSight, TargetSight } from './sight.ts';

/** Renewed on disk, and the old one still served: no other look from outside can tell before it expires. */
export function diagnoseInstalled({ targets, installed }: ServerSight): Finding[] {
  if (installed === null) return [];
  const findings = targets.flatMap((target) => {
    const leaf = 'tls' in target.keyAnswer ? target.keyAnswer.tls.chain[0] : undefined;
    if (leaf === undefined || leaf.sha256 === installed.sha256) return [];
    // For other names it is another certificate and not another version of this one.
    if (!leaf.names.some((name) => installed.names.some((ours) => plain(ours) === plain(name)))) return [];
    return [staleFinding(leaf, target, installed)];
  });
  return merged(findings);
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

type Leaf = Pick<InstalledCertificate, 'sha256' | 'notBefore' | 'notAfter'>;

function staleFinding(leaf: Leaf, { endpoint }: TargetSight, installed: InstalledCertificate): Finding {
  const place = `${endpoint.address} port ${endpoint.port}`;
  const older = leaf.notBefore.getTime() < installed.notBefore.getTime();
  return finding(
    'CERT_NOT_INSTALLED',
    older
      ? 'An older certificate is served than the one on disk, so a renewal has not reached what serves it.'
      : 'Another certificate is served than the one on disk.',
    older
      ? 'reload what serves it, or restart it if it reads its files at the start only; with several machines, look at the one that is named'
      : 'look which file it reads, and whether another program renews there too',
    [`${place}: ${leafText(leaf)}`, `on disk: ${leafText(installed)}, ${installed.file}`],
  );
}

function leafText({ sha256, notBefore, notAfter }: Leaf): string {
  return `SHA-256 ${sha256.slice(0, SHOWN)}…, ${momentText(notBefore)} to ${momentText(notAfter)}`;
}

/** Hex digits: enough to tell two apart by eye. */
const SHOWN = 16;
