import type { CaDoubleOptions } from './ca.ts';
import {
  Refusal,
  type SignedRequest,
  checkBinding,
  isRecord,
  malformed,
  publicKey,
  readInnerJws,
  thumbprint,
} from './ca-jws.ts';
import type { DoubleAccount } from './ca-objects.ts';
import type { CaAnswer } from './ca-routes.ts';

export interface Accounts {
  /** RFC 8555 §7.3. @throws Refusal */
  newAccount: (request: SignedRequest) => CaAnswer;
  /** Whose request it is, once its signature is known to be good. @throws Refusal */
  speaker: (request: SignedRequest) => DoubleAccount;
  /** RFC 8555 §7.3.5. @throws Refusal */
  changeKey: (request: SignedRequest) => CaAnswer;
}

export function createAccounts(origin: string, { eab }: CaDoubleOptions): Accounts {
  const accounts: DoubleAccount[] = [];

  const speaker = (request: SignedRequest): DoubleAccount => {
    if (request.kid === null) throw malformed('"kid" is wanted');
    const account = accounts.find(({ url }) => url === request.kid);
    if (account === undefined) throw new Refusal(400, 'accountDoesNotExist', 'there is no such account');
    if (!request.signedBy(account.key)) throw malformed('the signature is not good');
    if (account.status !== 'valid') throw new Refusal(403, 'unauthorized', 'the account is deactivated');
    return account;
  };

  const newAccount = (request: SignedRequest): CaAnswer => {
    if (request.jwk === null) throw malformed('"jwk" is wanted');
    const key = publicKey(request.jwk);
    if (!request.signedBy(key)) throw malformed('the signature is not good');
    const print = thumbprint(key);
    const payload = request.payload ?? {};
    const existing = accounts.find((each) => each.thumbprint === print);
    if (existing !== undefined) return accountAnswer(200, existing);
    if (payload['onlyReturnExisting'] === true)
      throw new Refusal(400, 'accountDoesNotExist', 'there is no account of that key');
    if (payload['termsOfServiceAgreed'] !== true)
      throw new Refusal(403, 'userActionRequired', 'the terms are not agreed to');
    if (eab !== undefined) {
      if (payload['externalAccountBinding'] === undefined)
        throw new Refusal(403, 'externalAccountRequired', 'an external account binding is wanted');
      checkBinding(payload['externalAccountBinding'], eab.hmacKey, key);
    }
    const account: DoubleAccount = {
      url: `${origin}/account/${accounts.length + 1}`,
      key,
      thumbprint: print,
      status: 'valid',
    };
    accounts.push(account);
    return accountAnswer(201, account);
  };

  const changeKey = (request: SignedRequest): CaAnswer => {
    const account = speaker(request);
    const inner = readInnerJws(request.payload);
    if (inner.jwk === null) throw malformed('"jwk" is wanted inside');
    const key = publicKey(inner.jwk);
    if (!inner.signedBy(key)) throw malformed('the signature inside is not good');
    if (inner.url !== request.url) throw malformed('the inside is for another URL');
    const { account: named, oldKey } = inner.payload ?? {};
    if (named !== account.url) throw malformed('the inside names another account');
    if (!isRecord(oldKey) || thumbprint(publicKey(oldKey)) !== account.thumbprint)
      throw malformed('the inside names another key');
    const print = thumbprint(key);
    const holder = accounts.find((each) => each.thumbprint === print);
    if (holder !== undefined)
      return {
        status: 409,
        headers: { location: holder.url },
        body: {
          type: 'urn:ietf:params:acme:error:conflict',
          detail: 'another account has that key',
          status: 409,
        },
      };
    account.key = key;
    account.thumbprint = print;
    return accountAnswer(200, account);
  };

  return { newAccount, speaker, changeKey };
}

export function accountAnswer(status: number, { url, status: of }: DoubleAccount): CaAnswer {
  return { status, headers: { location: url }, body: { status: of } };
}
