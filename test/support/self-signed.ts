import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CertificateFacts } from '../../src/certificate/facts.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import type { CertificateMaterial } from '../../src/ports.ts';

/** A key and a certificate that it signed itself, by openssl(1). */
export async function selfSigned(name: string): Promise<CertificateMaterial> {
  const folder = await mkdtemp(join(tmpdir(), 'delegated-openssl-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-days', '30'];
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      ...curve,
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ]);
    const pem = await readFile(cert, 'utf8');
    return { privateKey: await readFile(key, 'utf8'), cert: pem, chain: '', fullchain: pem };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Enough of the facts for what is tested here. */
export function simpleFacts(fullchain: string): CertificateFacts {
  const leaf = new X509Certificate(fullchain);
  return {
    names: (leaf.subjectAltName ?? '')
      .split(', ')
      .map((entry) => parseDomainName(entry.slice('DNS:'.length))),
    serial: leaf.serialNumber,
    sha256: createHash('sha256').update(leaf.raw).digest('hex'),
    issuer: leaf.issuer,
    notBefore: new Date(leaf.validFrom),
    notAfter: new Date(leaf.validTo),
    authorityKeyId: null,
    keyType: 'ec256',
  };
}
