/** The certificate that should be served, where this machine knows it. */
import { existsSync } from 'node:fs';
import { asDelegatedError, DelegatedError } from '../errors.ts';
import type { InstalledCertificate } from '../federation/sight.ts';
import { errnoOf } from '../io/file-error.ts';
import { liveChainFile, readLeaf } from '../io/leaf-file.ts';
import type { Log } from '../ports.ts';
import { type Tools, configFile, readConfig } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export interface InstalledFlags extends GlobalOptions {
  /** PEM; counts for every server of the command. */
  readonly certificate?: string;
}

/**
 * `check` works without a config: one that nobody named is used if it can be read, and one that somebody named must be.
 * @returns by server name: its certificate, null where none is known
 * @throws DelegatedError E_USAGE, E_CONFIG
 */
export async function findInstalled(
  flags: InstalledFlags,
  shell: Shell,
  tools: Tools,
): Promise<(serverName: string) => Promise<InstalledCertificate | null>> {
  if (flags.certificate !== undefined) {
    const named = await namedLeaf(flags.certificate);
    return () => Promise.resolve(named);
  }
  const state = await stateDirectory(flags, shell, tools);
  if (state === null) return () => Promise.resolve(null);
  return (serverName) => liveLeaf(liveChainFile(state, serverName), tools.log);
}

async function namedLeaf(file: string): Promise<InstalledCertificate> {
  try {
    return await readLeaf(file);
  } catch (cause) {
    const why = errnoOf(cause) ?? (cause instanceof Error ? cause.message : 'it cannot be read');
    throw new DelegatedError('E_USAGE', `--certificate ${file}: ${why}`, {
      hint: 'name a readable PEM file that begins with the certificate that should be served',
      cause,
    });
  }
}

async function stateDirectory(flags: InstalledFlags, shell: Shell, tools: Tools): Promise<string | null> {
  if (flags.config === undefined && !existsSync(configFile(flags, shell))) return null;
  try {
    return (await readConfig(flags, shell, tools, 'leave')).state;
  } catch (thrown) {
    if (flags.config !== undefined) throw thrown;
    const { message } = asDelegatedError(thrown);
    tools.log.debug('the config is not used', { error: message });
    return null;
  }
}

/** Null for a site that is not ours, and where the state directory is closed to whoever runs this. */
async function liveLeaf(file: string, log: Log): Promise<InstalledCertificate | null> {
  try {
    return await readLeaf(file);
  } catch (cause) {
    const error = errnoOf(cause) ?? asDelegatedError(cause).message;
    log.debug('the certificate on disk is not known', { file, error });
    return null;
  }
}
