import { DelegatedError } from '../../src/errors.ts';
import type { CheckItem, Ctx } from '../../src/provider.ts';
import { checkItem } from '../floor/check-item.ts';
import type { HttpApi } from '../floor/http-api.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { domainList } from './answers.ts';
import { VENDOR } from './read-rrsets.ts';

export async function check(api: HttpApi, ctx: Ctx): Promise<CheckItem[]> {
  const asked = { vendor: VENDOR, to: 'list the domains', write: false };
  let domains = 0;
  const good = await checkItem('the token is good and reads every domain of its account', async () => {
    // With the cursor, or an account of more than 500 is refused.
    const query = { cursor: '' };
    const { json } = await api.send(
      { method: 'GET', path: '/domains/', query, to: asked.to, write: false },
      ctx.signal,
    );
    domains = parseAnswer(domainList, json, asked).length;
  });
  if (!good.ok) return [good];
  return [
    good,
    await checkItem('the account has a domain', async () => {
      if (domains === 0) throw noDomain();
    }),
    await writes(api, ctx),
  ];
}

/**
 * Only a token without policies may show the account
 * (https://desec.readthedocs.io/en/latest/auth/tokens.html#token-scoping-policies, verified 2026-11). What the policies
 * allow can be asked by the id of the token only, which its secret does not tell.
 */
async function writes(api: HttpApi, { signal }: Ctx): Promise<CheckItem> {
  let restricted = false;
  const asked = await checkItem('the token shows its limits', async () => {
    const request = { method: 'GET', path: '/auth/account/', to: 'show the account', write: false } as const;
    restricted = (await api.send({ ...request, accept: [403] }, signal)).status === 403;
  });
  if (!asked.ok) return asked;
  return {
    ok: true,
    message: restricted
      ? 'policies limit what the token writes; whether they allow these RRsets shows with the first change only'
      : 'no policy limits the token: it writes every RRset of the account',
  };
}

function noDomain(): DelegatedError {
  return new DelegatedError('E_ZONE_NOT_FOUND', 'the account of the token has no domain', {
    hint: 'add the domain at https://desec.io, or use a token of the account that holds it',
  });
}
