import { type AccountAtCa, type AccountDesk, parseAccount } from '../../acme/account-sight.ts';
import type { Directory } from '../../acme/directory.ts';
import { jwkThumbprint } from '../../acme/dns01-value.ts';
import { httpsUrl } from '../../acme/fields.ts';
import { problemOf } from '../../acme/problem-error.ts';
import { DelegatedError } from '../../errors.ts';
import type { Account, AccountOptions } from './account.ts';
import {
  accountKeyFile,
  nextKeyFile,
  readAccount,
  inspectAccountKey,
  readNextKey,
  setAside,
} from './account-files.ts';
import { createLookUp } from './key-change.ts';
import { type AcmeKey, acmeKey, type Signer } from './signer.ts';

export interface DeskPorts {
  readonly signer: Signer;
  readonly directoryOf: (signal: AbortSignal) => Promise<Directory>;
  readonly account: Account;
}

export function createAccountDesk(
  { accountDirectory, directoryUrl, clock, log }: AccountOptions,
  { signer, directoryOf, account }: DeskPorts,
): AccountDesk {
  const lookUp = createLookUp(signer, directoryOf);

  /** The account's key first, then the one that a change was to bring. */
  const keys = async (): Promise<readonly AcmeKey[]> => {
    const [pem, next] = [await inspectAccountKey(accountDirectory), await readNextKey(accountDirectory)];
    return [
      ...(pem === null ? [] : [acmeKey(pem, accountKeyFile(accountDirectory))]),
      ...(next === null ? [] : [acmeKey(next, nextKeyFile(accountDirectory))]),
    ];
  };

  /** RFC 8555 §7.3.6: whatever a closed account asks is answered by `unauthorized`. */
  const closed = async (error: unknown): Promise<AccountAtCa> => {
    const stored = await readAccount(accountDirectory, log);
    if (problemOf(error)?.type !== 'unauthorized' || stored === null) throw error;
    return { url: stored.url, status: 'deactivated', contact: null, bound: false };
  };

  const find = async (signal: AbortSignal): Promise<AccountAtCa | null> => {
    for (const key of await keys()) {
      const found = await lookUp(key, signal);
      if (found === null) continue;
      const url = httpsUrl(found.headers['location'], 'the Location header', 'the account');
      const answer = await signer.post({ url, payload: null, kid: url, what: 'account' }, key, signal);
      return parseAccount(answer.data, url);
    }
    return null;
  };
  const look = async (signal: AbortSignal): Promise<AccountAtCa | null> => find(signal).catch(closed);

  const required = async (signal: AbortSignal): Promise<AccountAtCa> => {
    const found = await look(signal);
    if (found !== null) return found;
    throw new DelegatedError(
      'E_ACME_ACCOUNT',
      `there is no account of ours at ${new URL(directoryUrl).host}`,
      {
        hint: 'the first renewal makes one',
      },
    );
  };

  return {
    accountKey: async () => {
      const pem = await inspectAccountKey(accountDirectory);
      const keyFile = accountKeyFile(accountDirectory);
      return {
        keyFile,
        thumbprint: pem === null ? null : jwkThumbprint(acmeKey(pem, keyFile).jwk),
        keyChangeOpen: (await readNextKey(accountDirectory)) !== null,
      };
    },
    lookAtAccount: async ({ signal }) => {
      const found = await look(signal);
      const { caaIdentities } = await directoryOf(signal);
      return { account: found, identity: caaIdentities?.[0] ?? null };
    },
    changeAccountKey: async ({ signal }) => {
      const { status } = await required(signal);
      if (status !== 'valid')
        throw new DelegatedError('E_ACME_ACCOUNT', `the account is ${status}, and its key stays as it is`, {
          hint: 'see `delegated account show`',
        });
      await account.open(signal);
      await account.changeKey(signal);
    },
    deactivateAccount: async ({ signal }) => {
      const { status } = await required(signal);
      // An earlier run may have died between the CA's yes and the move of the folder.
      if (status === 'valid') {
        const { url, key } = await account.open(signal);
        const payload = { status: 'deactivated' };
        await signer.post({ url, payload, kid: url, what: 'deactivation of the account' }, key, signal);
      }
      return setAside(accountDirectory, clock.now());
    },
  };
}
