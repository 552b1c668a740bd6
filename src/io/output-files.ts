import { CERTIFICATE_FILES, COMBINED_FILE, type OutputFile } from '../certificate/layout.ts';
import type { OutputTarget, StoredVersion } from '../ports.ts';
import type { AccountIds } from './account-ids.ts';
import type { FileSpec } from './atomic-file.ts';

/** In the order in which they have to be swapped, see output-copies.ts. */
export type OutputFiles = ReadonlyMap<OutputFile, FileSpec>;

export function outputFiles(target: OutputTarget, { material }: StoredVersion, ids: AccountIds): OutputFiles {
  const certificate = { mode: target.certificateMode, ...ids };
  const key = { mode: target.keyMode, ...ids };
  return new Map<OutputFile, FileSpec>([
    [CERTIFICATE_FILES.privateKey, { content: material.privateKey, ...key }],
    [CERTIFICATE_FILES.fullchain, { content: material.fullchain, ...certificate }],
    [CERTIFICATE_FILES.chain, { content: material.chain, ...certificate }],
    [CERTIFICATE_FILES.cert, { content: material.cert, ...certificate }],
    ...(target.combined === true
      ? [
          [
            COMBINED_FILE,
            { content: `${lines(material.fullchain)}${lines(material.privateKey)}`, ...key },
          ] as const,
        ]
      : []),
  ]);
}

/** PEM of others need not end its last line, and two markers in one line are no PEM. */
function lines(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}
