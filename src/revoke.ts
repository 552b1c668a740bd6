/** Verb: the live certificate of a site is declared void at its CA. What `delegated certificates revoke` does. */
import { problemOf } from './acme/problem-error.ts';
import type { RevocationReason } from './acme/revocation-reason.ts';
import { originOf } from './certificate-sight.ts';
import type { Config, SiteConfig } from './config/config.ts';
import { DelegatedError } from './errors.ts';
import type { Ctx, Ports, StoredVersion } from './ports.ts';

export interface RevokeOptions {
  readonly reason: RevocationReason;
  /** Sign with the key of the certificate in the place of the account's: for a certificate that another account ordered. */
  readonly byKey: boolean;
}

/**
 * The next renewal replaces it, whatever its age: until then it stays where it is, since most peers ask nobody.
 * @returns what was revoked; it may have been before
 * @throws DelegatedError E_CERTIFICATE_STORE when there is none to revoke, and whatever the CA says
 */
export async function revoke(
  site: SiteConfig,
  { reason, byKey }: RevokeOptions,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<StoredVersion> {
  const name = site.serverName.text;
  const version = await ports.store.read(name);
  if (version === null || 'broken' in version)
    throw new DelegatedError(
      'E_CERTIFICATE_STORE',
      `there is no certificate of ${name} to revoke${version === null ? '' : `: ${version.broken}`}`,
      { hint: 'one that is not in the state directory is revoked with the tool that has it' },
    );
  const { cert, privateKey } = version.material;
  const state = await ports.state.readSite(name);
  const acme = await ports.acme(originOf(version, state) ?? config.acme.directoryUrl);
  await acme.account(ctx);
  ports.progress(name, 'revoking the certificate');
  try {
    await acme.revoke(cert, { reason, ...(byKey ? { privateKey } : {}) }, ctx);
  } catch (error) {
    if (byKey || problemOf(error)?.type !== 'unauthorized') throw error;
    throw new DelegatedError('E_ACME_ACCOUNT', `our account did not order the certificate of ${name}`, {
      hint: 'revoke it with its own key instead: --by-key',
      cause: error,
    });
  }
  await ports.state.writeSite(name, { ...state, revokedVersion: version.id });
  return version;
}
