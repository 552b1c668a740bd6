import type { CaDoubleOptions } from './ca.ts';
import { Refusal, type SignedRequest, checkBinding, malformed, publicKey, thumbprint } from './ca-jws.ts';
import type { DoubleAccount } from './ca-objects.ts';
import type { CaAnswer } from './ca-routes.ts';

export interface Accounts {
  /** RFC 8555 §7.3. @throws Refusal */
  newAccount: (request: SignedRequest) => CaAnswer;
  /** Whose request it is, once its signature is known to be good. @throws Refusal */
  speaker: (request: SignedRequest) => DoubleAccount;
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

  return { newAccount, speaker };
}

export function accountAnswer(status: number, { url, status: of }: DoubleAccount): CaAnswer {
  return { status, headers: { location: url }, body: { status: of } };
}
