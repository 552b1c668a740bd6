import { CERTIFICATE_FILES, type CertificateFile } from '../certificate/layout.ts';
import type { OutputTarget, StoredVersion } from '../ports.ts';
import type { AccountIds } from './account-ids.ts';
import type { FileSpec } from './atomic-file.ts';

/** In the order in which they have to be swapped, see output-copies.ts. */
export type OutputFiles = ReadonlyMap<CertificateFile, FileSpec>;

export function outputFiles(target: OutputTarget, { material }: StoredVersion, ids: AccountIds): OutputFiles {
  const certificate = { mode: target.certificateMode, ...ids };
  return new Map<CertificateFile, FileSpec>([
    [CERTIFICATE_FILES.privateKey, { content: material.privateKey, mode: target.keyMode, ...ids }],
    [CERTIFICATE_FILES.fullchain, { content: material.fullchain, ...certificate }],
    [CERTIFICATE_FILES.chain, { content: material.chain, ...certificate }],
    [CERTIFICATE_FILES.cert, { content: material.cert, ...certificate }],
  ]);
}
