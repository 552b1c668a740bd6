import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../support/process.ts';

/** Issues real certificates by openssl(1): whatever it says of them, no code of ours has said it. */
export interface Issuer {
  /** PEM. */
  readonly root: string;
  /**
   * @param csr DER
   * @throws Error when the request is not signed by its own key
   */
  namesIn(csr: Buffer): Promise<readonly string[]>;
  issue(csr: Buffer, notBefore: Date, notAfter: Date): Promise<Issued>;
  stop(): Promise<void>;
}

export interface Issued {
  /** Leaf and intermediate. */
  readonly chain: string;
  /** RFC 9773 §4.1. */
  readonly certId: string;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const SETTINGS = `
[ca]
default_ca = lab
[lab]
database = index.txt
unique_subject = no
rand_serial = yes
new_certs_dir = .
certificate = intermediate.pem
private_key = intermediate.key
default_md = sha256
policy = anything
copy_extensions = copy
x509_extensions = leaf
[anything]
commonName = optional
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
`;

export async function createIssuer(name: string): Promise<Issuer> {
  const folder = await mkdtemp(join(tmpdir(), 'delegated-issuer-'));
  const at = (file: string): string => join(folder, file);
  const authority = ['-addext', 'basicConstraints=critical,CA:TRUE', '-days', '3650'];
  await writeFile(
    at('settings'),
    SETTINGS.replace(/= (index\.txt|\.|intermediate\.\w+)$/gm, `= ${folder}/$1`),
  );
  await writeFile(at('index.txt'), '');
  const root = ['-x509', ...CURVE, ...authority, '-subj', `/CN=${name} root`];
  await runProgram('openssl', ['req', ...root, '-keyout', at('root.key'), '-out', at('root.pem')]);
  const intermediate = ['-x509', ...CURVE, ...authority, '-subj', `/CN=${name}`];
  const signing = ['-CA', at('root.pem'), '-CAkey', at('root.key')];
  const files = ['-keyout', at('intermediate.key'), '-out', at('intermediate.pem')];
  await runProgram('openssl', ['req', ...intermediate, ...signing, ...files]);
  const chain = await readFile(at('intermediate.pem'), 'utf8');
  let turn: Promise<unknown> = Promise.resolve();

  return {
    root: await readFile(at('root.pem'), 'utf8'),
    async namesIn(csr) {
      const text = await runProgram('openssl', ['req', '-verify', '-noout', '-text'], pemOf(csr));
      return [...text.matchAll(/DNS:([^,\s]+)/g)].map(([, each = '']) => each.toLowerCase());
    },
    issue(csr, notBefore, notAfter) {
      const one = async (): Promise<Issued> => {
        const dates = ['-startdate', asn1Time(notBefore), '-enddate', asn1Time(notAfter)];
        const ca = ['ca', '-batch', '-notext', '-config', at('settings'), ...dates];
        await writeFile(at('request.pem'), pemOf(csr));
        const leaf = await runProgram('openssl', [...ca, '-in', at('request.pem')]);
        return { chain: leaf + chain, certId: await certIdOf(leaf) };
      };
      // openssl keeps its index in a file.
      const issued = turn.then(one, one);
      turn = issued;
      return issued;
    },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

/** RFC 9773 §4.1, of what openssl prints. */
async function certIdOf(leaf: string): Promise<string> {
  const text = await runProgram(
    'openssl',
    ['x509', '-noout', '-serial', '-ext', 'authorityKeyIdentifier'],
    leaf,
  );
  const serial = /serial=([0-9A-F]+)/.exec(text)?.[1] ?? '';
  const keyId = /((?:[0-9A-F]{2}:)+[0-9A-F]{2})/.exec(text)?.[1] ?? '';
  // DER puts a zero octet before a high bit, so that the number is not negative; openssl does not print it.
  const octets = Number.parseInt(serial.slice(0, 2), 16) >= 0x80 ? `00${serial}` : serial;
  return [keyId.replaceAll(':', ''), octets]
    .map((hex) => Buffer.from(hex, 'hex').toString('base64url'))
    .join('.');
}

function asn1Time(date: Date): string {
  return `${date.toISOString().replace(/[-:T]|\..*$/g, '')}Z`;
}

function pemOf(csr: Buffer): string {
  return `-----BEGIN CERTIFICATE REQUEST-----\n${csr.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}
