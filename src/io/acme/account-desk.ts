import {
  type AccountAtCa,
  type AccountDesk,
  type ForeignAccountKey,
  parseAccount,
} from '../../acme/account-sight.ts';
import type { Directory } from '../../acme/directory.ts';
import { httpsUrl } from '../../acme/fields.ts';
import { problemOf } from '../../acme/problem-error.ts';
import { DelegatedError } from '../../errors.ts';
import type { Account, AccountOptions } from './account.ts';
import { thumbprintOf } from './known-account.ts';
import {
  accountKeyFile,
  nextKeyFile,
  readAccount,
  inspectAccountKey,
  readNextKey,
  placeAccountKey,
  setAside,
  writeAccount,
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
  const { host } = new URL(directoryUrl);
  const hasOurs = `there is an account of ours at ${host} already: ${accountKeyFile(accountDirectory)}`;

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

  const accountOf = async (key: AcmeKey, signal: AbortSignal): Promise<AccountAtCa | null> => {
    const found = await lookUp(key, signal);
    if (found === null) return null;
    const url = httpsUrl(found.headers['location'], 'the Location header', 'the account');
    const answer = await signer.post({ url, payload: null, kid: url, what: 'account' }, key, signal);
    return parseAccount(answer.data, url);
  };
  /** Null: the CA knows no account of that key that can still be used. */
  const validUrl = async (
    { path, privateKey }: ForeignAccountKey,
    signal: AbortSignal,
  ): Promise<string | null> => {
    const found = await accountOf(acmeKey(privateKey, path), signal).catch((error: unknown) => {
      if (problemOf(error)?.type === 'unauthorized') return null;
      throw error;
    });
    return found?.status === 'valid' ? found.url : null;
  };
  const find = async (signal: AbortSignal): Promise<AccountAtCa | null> => {
    for (const key of await keys()) {
      const found = await accountOf(key, signal);
      if (found !== null) return found;
    }
    return null;
  };
  const look = async (signal: AbortSignal): Promise<AccountAtCa | null> => find(signal).catch(closed);

  const required = async (signal: AbortSignal): Promise<AccountAtCa> => {
    const found = await look(signal);
    if (found !== null) return found;
    throw new DelegatedError('E_ACME_ACCOUNT', `there is no account of ours at ${host}`, {
      hint: 'the first renewal makes one',
    });
  };

  return {
    accountKey: async () => {
      const pem = await inspectAccountKey(accountDirectory);
      const keyFile = accountKeyFile(accountDirectory);
      return {
        keyFile,
        thumbprint: pem === null ? null : thumbprintOf(pem, keyFile),
        keyChangeOpen: (await readNextKey(accountDirectory)) !== null,
      };
    },
    lookAtAccount: async ({ signal }) => {
      const found = await look(signal);
      const { caaIdentities } = await directoryOf(signal);
      return { account: found, identity: caaIdentities?.[0] ?? null };
    },
    takeOverAccount: async (candidates, { signal }) => {
      const pem = await inspectAccountKey(accountDirectory);
      const ours = pem === null ? null : thumbprintOf(pem, accountKeyFile(accountDirectory));
      const known = candidates.filter(
        ({ path, privateKey }) => ours === null || thumbprintOf(privateKey, path) === ours,
      );
      if (known.length === 0) return { whyNot: hasOurs };
      const valid: { readonly url: string; readonly from: ForeignAccountKey }[] = [];
      for (const from of known) {
        const url = await validUrl(from, signal);
        if (url !== null) valid.push({ url, from });
      }
      const [only, ...more] = valid;
      if (only === undefined) return { whyNot: `${host} knows no valid account of ${pathsOf(known)}` };
      const { url, from } = only;
      if (more.some((other) => other.url !== url))
        return { whyNot: `${host} has several accounts, by ${pathsOf(valid.map((each) => each.from))}` };
      if (ours === null) {
        if (!(await placeAccountKey(accountDirectory, from.privateKey))) return { whyNot: hasOurs };
        const createdAt = clock.now().toISOString();
        await writeAccount(accountDirectory, { url, ca: directoryUrl, createdAt });
      }
      return { url, path: from.path };
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
      // An earlier run may have died between the CA's yes and the move of the folder. What the CA does not tell is not closed.
      if (status !== 'deactivated' && status !== 'revoked') {
        const { url, key } = await account.open(signal);
        const payload = { status: 'deactivated' };
        await signer.post({ url, payload, kid: url, what: 'deactivation of the account' }, key, signal);
      }
      return setAside(accountDirectory, clock.now());
    },
  };
}

function pathsOf(keys: readonly ForeignAccountKey[]): string {
  return keys.map(({ path }) => path).join(', ');
}
