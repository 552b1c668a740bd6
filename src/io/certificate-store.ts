import { createPrivateKey, randomInt, X509Certificate } from 'node:crypto';
import { mkdir, readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CertificateFacts } from '../certificate/facts.ts';
import { CERTIFICATE_FILES, CURRENT, isVersionId, nextVersionId, superseded } from '../certificate/layout.ts';
import { DelegatedError } from '../errors.ts';
import type { CertificateMaterial, CertificateStore, StoredVersion } from '../ports.ts';
import { discard, readText, replaceLink, sweepTemporaries } from './atomic-file.ts';
import { makeFolder, writeFolder } from './atomic-folder.ts';
import { errnoOf, fileError } from './file-error.ts';
import { fromFileName, toFileName } from './file-name.ts';

export interface CertificateStoreOptions {
  /** Absolute path of `<state>/certificates`. */
  readonly directory: string;
  /** @throws when the text is no PEM chain */
  readonly facts: (fullchain: string) => CertificateFacts;
  /** How many versions stay, the live one included; for all lineages, or for each. Undefined: 5. */
  readonly keep: number | ((lineage: string) => number | undefined);
  readonly now: () => Date;
}

/** What the commands about certificates need besides the port that the verbs use. */
export interface CertificateArchive extends CertificateStore {
  lineages(): Promise<string[]>;
}

const CODE = 'E_CERTIFICATE_STORE';
const KEEP = 5;

/**
 * `<directory>/<lineage>/versions/<id>/{privkey,cert,chain,fullchain}.pem`, never changed once they are there, and the
 * link `<directory>/<lineage>/current` to one of them. The key and its certificate become live by the one rename of
 * that link, so no crash leaves a key beside another key's certificate. Writers hold the lock of the state directory.
 */
export function createCertificateStore(options: CertificateStoreOptions): CertificateArchive {
  const folderOf = (lineage: string): string => join(options.directory, toFileName(lineage));

  async function versions(lineage: string): Promise<string[]> {
    return (await list(join(folderOf(lineage), 'versions'))).filter(isVersionId).sort();
  }

  async function readVersion(
    lineage: string,
    id: string,
  ): Promise<StoredVersion | { readonly broken: string }> {
    if (!isVersionId(id)) return { broken: `${JSON.stringify(id)} is not the name of a version` };
    const material = await readMaterial(join(folderOf(lineage), 'versions', id));
    if ('broken' in material) return material;
    const facts = examine(material, options.facts);
    if ('broken' in facts) return facts;
    return { id, directory: join(folderOf(lineage), CURRENT), facts, material };
  }

  async function read(lineage: string): Promise<StoredVersion | { readonly broken: string } | null> {
    const id = await liveId(folderOf(lineage));
    if (id !== null) return readVersion(lineage, id);
    const link = join(folderOf(lineage), CURRENT);
    return (await versions(lineage)).length === 0 ? null : { broken: `the link ${link} is missing` };
  }

  async function commit(lineage: string, material: CertificateMaterial): Promise<StoredVersion> {
    const facts = examine(material, options.facts);
    if ('broken' in facts)
      throw new DelegatedError(CODE, `refusing to store a certificate for ${lineage}: ${facts.broken}`, {
        hint: 'the certificate that is live stays; look at where this one came from',
      });
    const folder = folderOf(lineage);
    await prepare(options.directory, folder);
    const id = nextVersionId(options.now(), token(), await versions(lineage));
    const path = join(folder, 'versions', id);
    await writeFolder(path, filesOf(material), 0o700, CODE);
    try {
      await replaceLink(join('versions', id), join(folder, CURRENT), CODE);
    } catch (error) {
      // The rename may have happened before the failure; what is live, or may be, is never removed.
      const live = await liveId(folder).catch(() => id);
      if (live !== id) await discard(path);
      throw error;
    }
    await prune(lineage, id);
    return { id, directory: join(folder, CURRENT), facts, material };
  }

  async function activate(lineage: string, id: string): Promise<StoredVersion> {
    const version = await readVersion(lineage, id);
    if ('broken' in version)
      throw new DelegatedError(CODE, `cannot go back to version ${id} of ${lineage}: ${version.broken}`, {
        hint: `choose one of: ${(await versions(lineage)).join(', ') || 'there are none'}`,
      });
    await replaceLink(join('versions', id), join(folderOf(lineage), CURRENT), CODE);
    return version;
  }

  async function prune(lineage: string, live: string): Promise<void> {
    const keep = typeof options.keep === 'number' ? options.keep : options.keep(lineage);
    for (const id of superseded(await versions(lineage), live, keep ?? KEEP))
      // The new version is live whether or not this works, and the next commit tries again.
      await discard(join(folderOf(lineage), 'versions', id));
  }

  async function lineages(): Promise<string[]> {
    return (await list(options.directory)).map(fromFileName).filter((name) => name !== null);
  }

  return {
    read,
    live: (lineage) => liveId(folderOf(lineage)),
    versions,
    readVersion,
    commit,
    lineages,
    activate,
  };
}

/** Also removes the half-written versions of processes that were killed. */
async function prepare(directory: string, folder: string): Promise<void> {
  try {
    await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileError(CODE, 'create', dirname(directory), error);
  }
  for (const path of [directory, folder, join(folder, 'versions')]) await makeFolder(path, 0o700, CODE);
  try {
    await sweepTemporaries(folder);
    await sweepTemporaries(join(folder, 'versions'));
  } catch (error) {
    throw fileError(CODE, 'clean up', folder, error);
  }
}

/** The version that the link names; null without a link. Something else than our link comes out as its own text. */
async function liveId(folder: string): Promise<string | null> {
  const link = join(folder, CURRENT);
  try {
    const target = await readlink(link);
    return target.startsWith('versions/') ? target.slice('versions/'.length) : target;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    if (errnoOf(error) === 'EINVAL') return CURRENT;
    throw fileError(CODE, 'read', link, error);
  }
}

async function readMaterial(folder: string): Promise<CertificateMaterial | { readonly broken: string }> {
  const read = async (file: string): Promise<string> => {
    const text = await readText(join(folder, file), CODE);
    if (text === null) missing.push(file);
    return text ?? '';
  };
  const missing: string[] = [];
  const material = {
    privateKey: await read(CERTIFICATE_FILES.privateKey),
    fullchain: await read(CERTIFICATE_FILES.fullchain),
    chain: await read(CERTIFICATE_FILES.chain),
    cert: await read(CERTIFICATE_FILES.cert),
  };
  return missing.length === 0 ? material : { broken: `missing in ${folder}: ${missing.join(', ')}` };
}

function examine(
  material: CertificateMaterial,
  factsOf: (fullchain: string) => CertificateFacts,
): CertificateFacts | { readonly broken: string } {
  try {
    const facts = factsOf(material.fullchain);
    if (pemBlocks(material.fullchain) !== pemBlocks(`${material.cert}\n${material.chain}`))
      return { broken: 'fullchain.pem is not cert.pem followed by chain.pem' };
    if (!new X509Certificate(material.cert).checkPrivateKey(createPrivateKey(material.privateKey)))
      return { broken: 'the private key is not the key of the certificate' };
    return facts;
  } catch (error) {
    // Of a parser's failure only the message, which never quotes what it could not parse.
    return { broken: `it cannot be parsed (${error instanceof Error ? error.message : 'unknown'})` };
  }
}

function pemBlocks(text: string): string {
  return (text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? []).join('\n').replace(/\s+/g, '');
}

function filesOf(material: CertificateMaterial): Record<string, { readonly content: string }> {
  return {
    [CERTIFICATE_FILES.privateKey]: { content: material.privateKey },
    [CERTIFICATE_FILES.fullchain]: { content: material.fullchain },
    [CERTIFICATE_FILES.chain]: { content: material.chain },
    [CERTIFICATE_FILES.cert]: { content: material.cert },
  };
}

async function list(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError(CODE, 'read', directory, error);
  }
}

function token(): string {
  return randomInt(36 ** 6)
    .toString(36)
    .padStart(6, '0');
}
