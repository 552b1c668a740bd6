import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CURRENT } from '../certificate/layout.ts';
import { factsOf, parseChain } from '../certificate/x509.ts';
import type { InstalledCertificate } from '../federation/sight.ts';
import { toFileName } from './file-name.ts';

/** The leaf of a chain in PEM. @throws what the file system says; DelegatedError E_ACME_CERTIFICATE when it is no chain */
export async function readLeaf(file: string): Promise<InstalledCertificate> {
  const { names, sha256, notBefore, notAfter } = factsOf(parseChain(await readFile(file, 'utf8'))[0]);
  return { file, names, sha256, notBefore, notAfter };
}

/** Of the live version; its key is not looked at. @param state absolute path of the state directory */
export function liveChainFile(state: string, lineage: string): string {
  return join(state, 'certificates', toFileName(lineage), CURRENT, 'fullchain.pem');
}
