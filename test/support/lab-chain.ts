import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './process.ts';

export interface LabChain {
  /** PKCS#8 PEM. */
  readonly privateKey: string;
  readonly leaf: string;
  readonly intermediate: string;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A leaf for these names under an intermediate of its own, by openssl(1). */
export async function makeLabChain(names: readonly string[]): Promise<LabChain> {
  const folder = await mkdtemp(join(tmpdir(), 'delegated-chain-'));
  const at = (file: string): string => join(folder, file);
  try {
    const authority = [
      '-days',
      '30',
      '-subj',
      '/CN=lab intermediate',
      '-addext',
      'basicConstraints=critical,CA:TRUE',
    ];
    await runProgram('openssl', [
      'req',
      '-x509',
      ...CURVE,
      ...authority,
      '-keyout',
      at('ca.key'),
      '-out',
      at('ca.pem'),
    ]);
    await runProgram('openssl', ['req', ...CURVE, '-subj', '/', '-keyout', at('key'), '-out', at('csr')]);
    const san = names.map((name) => `DNS:${name}`).join(',');
    await writeFile(at('ext'), `basicConstraints=CA:FALSE\nsubjectAltName=critical,${san}\n`);
    const signing = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('ext')];
    await runProgram('openssl', [
      'x509',
      '-req',
      '-in',
      at('csr'),
      ...signing,
      '-days',
      '10',
      '-out',
      at('leaf'),
    ]);
    return {
      privateKey: await readFile(at('key'), 'utf8'),
      leaf: await readFile(at('leaf'), 'utf8'),
      intermediate: await readFile(at('ca.pem'), 'utf8'),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
