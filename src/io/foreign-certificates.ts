import { createPrivateKey } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ForeignCertificate, type ForeignFiles, foreignFiles } from '../certificate/foreign-layout.ts';
import { DelegatedError } from '../errors.ts';
import { readText } from './atomic-file.ts';
import { fileError } from './file-error.ts';

const CODE = 'E_CERTIFICATE_STORE';

/**
 * The certificates of another ACME client in one folder; nothing of it is changed.
 * @throws DelegatedError E_CERTIFICATE_STORE when there is none, or one that cannot be read
 */
export async function readForeignCertificates(directory: string): Promise<readonly ForeignCertificate[]> {
  const files = await readdir(directory).catch((error: unknown) => {
    throw fileError(CODE, 'read', directory, error);
  });
  const found = foreignFiles(files);
  if (found.length === 0)
    throw new DelegatedError(CODE, `there is no certificate of another ACME client in ${directory}`, {
      hint: 'name the folder that holds the files: live/NAME of certbot, certs/NAME of dehydrated, NAME or NAME_ecc of acme.sh, certificates of lego, certificates/CA/NAME of Caddy',
    });
  return Promise.all(found.map((each) => readOne(directory, each)));
}

async function readOne(directory: string, files: ForeignFiles): Promise<ForeignCertificate> {
  const path = join(directory, files.certificates);
  const leafFirst = pemBlocks(await readText(path, CODE), 'CERTIFICATE');
  const issuer =
    files.issuer === null || leafFirst.length > 1
      ? null
      : await readText(join(directory, files.issuer), CODE);
  const [leaf, ...chain] = [...leafFirst, ...pemBlocks(issuer, 'CERTIFICATE')];
  if (leaf === undefined)
    throw new DelegatedError(CODE, `there is no PEM block "CERTIFICATE" in ${path}`, {
      hint: 'nothing was taken over',
    });
  const privateKey = await readKey(join(directory, files.privateKey));
  return { tool: files.tool, path, privateKey, certificates: [leaf, ...chain] };
}

/** As PKCS#8, since some write SEC 1 or PKCS#1, with the curve in a block before it. */
async function readKey(path: string): Promise<string> {
  const [block = ''] = pemBlocks(await readText(path, CODE), '(?:[A-Z]+ )?PRIVATE KEY');
  try {
    return createPrivateKey(block).export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch {
    // The reason of OpenSSL is dropped: it says nothing to a person, and the key is a secret.
    throw new DelegatedError(CODE, `there is no private key that can be read in ${path}`, {
      hint: 'a key under a passphrase has to be decrypted first',
    });
  }
}

function pemBlocks(text: string | null, label: string): string[] {
  const pattern = new RegExp(`-----BEGIN ${label}-----[A-Za-z0-9+/=\\s]+-----END ${label}-----`, 'g');
  return ((text ?? '').match(pattern) ?? []).map((block) => `${block.replaceAll('\r', '')}\n`);
}
