import { readFile } from 'node:fs/promises';
import { parseChain } from '../certificate/x509.ts';
import { DelegatedError } from '../errors.ts';
import { errnoOf } from './file-error.ts';

/**
 * The certificates of a PEM file.
 * @throws DelegatedError E_USAGE when it cannot be read or holds none
 */
export async function readCertificates(file: string): Promise<string> {
  try {
    const pem = await readFile(file, 'utf8');
    parseChain(pem);
    return pem;
  } catch (cause) {
    const why = errnoOf(cause) ?? (cause instanceof Error ? cause.message : 'it cannot be read');
    throw new DelegatedError('E_USAGE', `${file}: ${why}`, {
      hint: 'name a readable PEM file with the certificates of the CA',
      cause,
    });
  }
}
