import type { Directory } from '../../acme/directory.ts';
import { httpsUrl } from '../../acme/fields.ts';
import { bindingPageOf } from '../../config/certificate-authorities.ts';
import { aborted, DelegatedError } from '../../errors.ts';
import type { Clock, Log } from '../../ports.ts';
import { accountKeyFile, openAccountKey, readAccount, writeAccount } from './account-files.ts';
import type { Answer } from './answer.ts';
import { changeKey, createLookUp, settleKeyChange } from './key-change.ts';
import { type AcmeKey, acmeKey, type Signer } from './signer.ts';

export interface AccountOptions {
  readonly directoryUrl: string;
  /** Absolute path; made with mode 0700. */
  readonly accountDirectory: string;
  readonly email?: string;
  readonly termsOfServiceAgreed: boolean;
  readonly eab?: { readonly kid: string; readonly hmacKey: string };
  /** See `AcmeConfig`. */
  readonly preferredChain?: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface KnownAccount {
  readonly url: string;
  readonly key: AcmeKey;
}

export interface Account {
  open(signal: AbortSignal): Promise<KnownAccount>;
  /** After the CA said that it does not know that account URL: registers the same key once more. */
  reopen(unknownUrl: string, signal: AbortSignal): Promise<KnownAccount>;
  /** Asks the CA to take a new key (RFC 8555 §7.3.5). */
  changeKey(signal: AbortSignal): Promise<KnownAccount>;
  /** Null before `open`. */
  current(): KnownAccount | null;
}

/**
 * RFC 8555 §7.3. The key is the account: a lost URL is asked for with it, and contacts are never compared, since CAs drop
 * and rewrite them at will.
 */
export function createAccount(
  options: AccountOptions,
  signer: Signer,
  directoryOf: (signal: AbortSignal) => Promise<Directory>,
): Account {
  const { accountDirectory, directoryUrl, clock, log } = options;
  let known: KnownAccount | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  /** One at a time: two registrations of one key at the same moment would be two accounts at some CAs. */
  const toItsEnd = (work: () => Promise<KnownAccount>, signal: AbortSignal): Promise<KnownAccount> => {
    const mine = turn.then(async () => {
      if (signal.aborted) throw aborted(signal);
      return work();
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  const inTurn: typeof toItsEnd = (work, signal) => orAborted(toItsEnd(work, signal), signal);

  const remember = async (answer: Answer, key: AcmeKey): Promise<KnownAccount> => {
    const url = httpsUrl(answer.headers['location'], 'the Location header', 'the account');
    await writeAccount(accountDirectory, {
      url,
      ca: directoryUrl,
      createdAt: clock.now().toISOString(),
      ...(options.email !== undefined && { contact: options.email }),
    });
    known = { url, key };
    return known;
  };

  const lookUp = createLookUp(signer, directoryOf);

  const register = async (key: AcmeKey, signal: AbortSignal): Promise<Answer> => {
    const directory = await directoryOf(signal);
    checkTerms(options, directory);
    const payload = {
      ...(directory.termsOfService !== undefined && { termsOfServiceAgreed: true }),
      ...(options.email !== undefined && { contact: [`mailto:${options.email}`] }),
    };
    const request = {
      url: directory.newAccount,
      payload,
      kid: null,
      what: 'registration of the account',
      asked: 'newAccount',
      bindExternally: options.eab !== undefined,
    } as const;
    return signer.post(request, key, signal);
  };

  return {
    current: () => known,
    open: async (signal) =>
      known ??
      (await inTurn(async () => {
        if (known !== null) return known;
        const { pem, isNew } = await openAccountKey(accountDirectory);
        const key = acmeKey(pem, accountKeyFile(accountDirectory));
        const changed = isNew ? null : await settleKeyChange(accountDirectory, lookUp, key, signal);
        if (changed !== null) return remember(changed.answer, changed.key);
        const stored = isNew ? null : await readAccount(accountDirectory, log);
        if (stored?.ca === directoryUrl) {
          known = { url: stored.url, key };
          return known;
        }
        const existing = isNew ? null : await lookUp(key, signal);
        return remember(existing ?? (await register(key, signal)), key);
      }, signal)),
    // Its requests stop at once; what it writes is on disk before the caller gives back the lock of the state directory.
    changeKey: (signal) =>
      toItsEnd(async () => {
        if (known === null)
          throw new DelegatedError('E_BUG', 'the key of an account is changed that is not open');
        const changed = await changeKey(accountDirectory, known, { signer, directoryOf, lookUp }, signal);
        return remember(changed.answer, changed.key);
      }, signal),
    reopen: (unknownUrl, signal) =>
      inTurn(async () => {
        if (known === null)
          throw new DelegatedError('E_BUG', 'an account is opened again that never was open');
        if (known.url !== unknownUrl) return known;
        log.warn('the CA does not know the account any more; registering its key again', {
          account: unknownUrl,
        });
        return remember(await register(known.key, signal), known.key);
      }, signal),
  };
}

function checkTerms({ directoryUrl, termsOfServiceAgreed, eab }: AccountOptions, directory: Directory): void {
  const { termsOfService, externalAccountRequired } = directory;
  if (termsOfService !== undefined && !termsOfServiceAgreed)
    throw new DelegatedError(
      'E_ACME_TERMS',
      `the terms of service of ${new URL(directoryUrl).host} are not agreed to: ${termsOfService}`,
      { hint: `read ${termsOfService}, then set \`acme.termsOfServiceAgreed: true\`` },
    );
  const page = bindingPageOf(directoryUrl);
  if ((externalAccountRequired || page !== null) && eab === undefined)
    throw new DelegatedError(
      'E_ACME_ACCOUNT',
      `${new URL(directoryUrl).host} wants an external account binding`,
      {
        hint: `set \`acme.eab\` to the key id and the HMAC key that the CA gives you${page === null ? '' : ` at ${page}`}`,
      },
    );
}

/** Whoever waits for its turn, and for somebody else's signal, is still let go by its own. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(aborted(signal));
    };
    signal.addEventListener('abort', stop, { once: true });
    promise
      .finally(() => {
        signal.removeEventListener('abort', stop);
      })
      .then(resolve, reject);
  });
}
