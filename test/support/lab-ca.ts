import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './process.ts';

/** A CA of the test's own, with a server certificate for 127.0.0.1 and localhost. */
export interface LabCa {
  /** PEM. */
  readonly certificate: string;
  readonly certificateFile: string;
  readonly serverCertificateFile: string;
  readonly serverKeyFile: string;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export async function makeLabCa(directory: string): Promise<LabCa> {
  const at = (file: string): string => join(directory, file);
  await runProgram('openssl', [
    'req',
    '-x509',
    ...CURVE,
    '-days',
    '30',
    '-subj',
    '/CN=lab CA',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ]);
  await runProgram('openssl', [
    'req',
    ...CURVE,
    '-subj',
    '/CN=localhost',
    '-keyout',
    at('server.key'),
    '-out',
    at('server.csr'),
  ]);
  await writeFile(
    at('server.ext'),
    'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n',
  );
  await runProgram('openssl', [
    'x509',
    '-req',
    '-in',
    at('server.csr'),
    '-CA',
    at('ca.pem'),
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-days',
    '30',
    '-extfile',
    at('server.ext'),
    '-out',
    at('server.pem'),
  ]);
  return {
    certificate: await readFile(at('ca.pem'), 'utf8'),
    certificateFile: at('ca.pem'),
    serverCertificateFile: at('server.pem'),
    serverKeyFile: at('server.key'),
  };
}
