/** `certificates import --account`: the account of the other client becomes ours, where there is none of ours yet. */
import type { TakeOver } from '../acme/account-sight.ts';
import type { ForeignCertificate } from '../certificate/foreign-layout.ts';
import { certificateAuthoritiesOf } from '../config/certificate-authorities-of.ts';
import type { AcmeConfig } from '../config/config.ts';
import { DelegatedError } from '../errors.ts';
import { foreignAccountsFolder, readForeignAccountKeys } from '../io/foreign-account-keys.ts';
import type { Context } from './context.ts';

export interface ImportedAccount {
  /** The directory URL of the CA. */
  readonly directory: string;
  readonly url: string;
  /** The file whose key was taken. */
  readonly from: string;
}

/**
 * One account for each CA of the config that the other client has a valid one at.
 * @param directory folder of the certificates
 * @throws DelegatedError E_ACME_ACCOUNT when there is none to be had at any; what the CA's refusals are
 */
export async function importAccounts(
  directory: string,
  [first]: readonly ForeignCertificate[],
  context: Context,
): Promise<readonly ImportedAccount[]> {
  if (first === undefined) return [];
  const { tool } = first;
  const taken: ImportedAccount[] = [];
  const reasons: string[] = [];
  for (const acme of certificateAuthoritiesOf(context.config.acme)) {
    const outcome = await takeOver(acme, directory, tool, context);
    if ('whyNot' in outcome) reasons.push(outcome.whyNot);
    else taken.push({ directory: acme.directoryUrl, url: outcome.url, from: outcome.path });
  }
  if (taken.length > 0) return taken;
  throw new DelegatedError('E_ACME_ACCOUNT', `no account of ${tool} was taken over: ${reasons.join('; ')}`, {
    hint: 'nothing was changed; without --account the certificate is taken over alone, and the first order makes an account',
  });
}

async function takeOver(
  acme: AcmeConfig,
  directory: string,
  tool: ForeignCertificate['tool'],
  context: Context,
): Promise<TakeOver> {
  const keys = await readForeignAccountKeys(directory, tool, acme.directoryUrl);
  if (keys.length === 0) {
    const { host } = new URL(acme.directoryUrl);
    return { whyNot: `there is none for ${host} in ${foreignAccountsFolder(directory, tool)}` };
  }
  const client = await context.openAccount(acme);
  try {
    return await client.takeOverAccount(keys, context.ctx);
  } finally {
    client.close();
  }
}
