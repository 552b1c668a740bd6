import { DelegatedError, aborted } from '../../src/errors.ts';
import type { Ctx, DnsProvider, DomainName } from '../../src/provider.ts';
import { parentName } from '../../src/dns/domain-name.ts';
import type { ProviderDeps } from '../adapter.ts';
import { checkItem } from '../floor/check-item.ts';
import { type HttpApi, createHttpApi } from '../floor/http-api.ts';
import type { Explain } from '../floor/http-failure.ts';
import { brokenAnswer } from '../floor/http-trouble.ts';
import { createQueue } from '../floor/one-at-a-time.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { type TextValue, textValues, writeInTurn } from '../floor/text-values.ts';
import { type Account, apiError, createAccounts, registration } from './accounts.ts';
import { CAPABILITIES } from './capabilities.ts';
import type { AcmeDnsOptions } from './options.ts';

const VENDOR = 'acme-dns';
/** It takes what a challenge value looks like, and nothing else. */
const VALUE = /^[A-Za-z0-9_-]{43}$/;
/** It keeps the two values that came last, for a name and its wildcard. */
const MOST_VALUES = 2;

export type AcmeDnsDeps = Pick<ProviderDeps, 'stateDirectory' | 'now' | 'hide'>;

/** https://github.com/joohoi/acme-dns (verified 2026-11). Accounts are made when they are needed, and kept. */
export function createAcmeDns(options: AcmeDnsOptions, deps: AcmeDnsDeps): DnsProvider {
  const accounts = createAccounts(deps.stateDirectory, options.server);
  const queue = createQueue();
  const anonymous = apiOf(options, deps, null);

  async function known({ signal }: Ctx): Promise<readonly Account[]> {
    if (signal.aborted) throw aborted(signal);
    const all = await accounts.all();
    for (const { password } of all) deps.hide(password);
    return all;
  }

  async function register(name: DomainName, { signal }: Ctx): Promise<Account> {
    const request = { to: `register an account for ${name}`, write: true };
    const { allowFrom } = options;
    const body = allowFrom.length === 0 ? {} : { allowfrom: allowFrom };
    const { json } = await anonymous.send({ method: 'POST', path: '/register', body, ...request }, signal);
    const asked = { vendor: VENDOR, ...request };
    const made = { ...parseAnswer(registration, json, asked), name };
    deps.hide(made.password);
    if (!made.fulldomain.startsWith(`${made.subdomain}.`))
      throw brokenAnswer(asked, 'the fulldomain does not begin with the subdomain');
    await accounts.keep(made);
    return made;
  }

  return {
    capabilities: CAPABILITIES,
    check: async (ctx) => [
      await checkItem(`${options.server} is well`, () =>
        anonymous.send(
          { method: 'GET', path: '/health', to: 'tell how it is', write: false, statusOnly: true },
          ctx.signal,
        ),
      ),
      await checkItem('the accounts that are kept can be read', () => known(ctx)),
    ],
    async findZone(name, ctx) {
      const account = (await known(ctx)).find(({ fulldomain }) => fulldomain === name);
      const zone = account === undefined ? null : parentName(account.fulldomain);
      return zone === null ? null : { id: zone, name: zone };
    },
    challengeTarget: (name, ctx) =>
      queue.run(name, ctx.signal, async () => {
        const account = (await known(ctx)).find((each) => each.name === name);
        return (account ?? (await register(name, ctx))).fulldomain;
      }),
    async readRRsets(_, __, { signal }) {
      if (signal.aborted) throw aborted(signal);
      throw new DelegatedError('E_PROVIDER_UNSUPPORTED', `${VENDOR} cannot be asked for what it serves`, {
        hint: 'it is for challenges only: name another provider as the `provider` of the site',
      });
    },
    async apply(zone, changes, ctx) {
      const all = await known(ctx);
      // It cannot take a value back: two later ones push it out.
      const values = textValues(zone, changes, VENDOR).filter(({ op }) => op === 'add');
      const updates = values.map((value) => ({ value, account: accountFor(value, values, all) }));
      await writeInTurn(updates, ({ value, account }) =>
        queue.run(account.fulldomain, ctx.signal, () =>
          update(apiOf(options, deps, account), account, value, ctx.signal),
        ),
      );
      return { changed: updates.length > 0 };
    },
  };
}

/** @throws DelegatedError for what it would refuse, or forget, before anything is sent */
function accountFor(
  { name, value }: TextValue,
  values: readonly TextValue[],
  all: readonly Account[],
): Account {
  const account = all.find(({ fulldomain }) => fulldomain === name);
  if (account === undefined)
    throw new DelegatedError('E_ZONE_NOT_FOUND', `there is no account of ${VENDOR} for ${name}`, {
      hint: 'the next run makes one and says which CNAME it needs',
    });
  if (!VALUE.test(value))
    throw new DelegatedError(
      'E_PROVIDER_REJECTED',
      `a value for ${name} does not look like a challenge value`,
      {
        hint: `${VENDOR} takes nothing else`,
      },
    );
  if (new Set(values.filter((each) => each.name === name).map((each) => each.value)).size > MOST_VALUES)
    throw new DelegatedError('E_PROVIDER_REJECTED', `there are more than ${MOST_VALUES} values for ${name}`, {
      hint: `${VENDOR} keeps the last ${MOST_VALUES}: give each name that the certificate holds a CNAME to an account of its own`,
    });
  return account;
}

async function update(
  api: HttpApi,
  account: Account,
  { name, value }: TextValue,
  signal: AbortSignal,
): Promise<void> {
  await api.send(
    {
      method: 'POST',
      path: '/update',
      body: { subdomain: account.subdomain, txt: value },
      to: `set a value at ${name}`,
      write: true,
    },
    signal,
  );
}

function apiOf(options: AcmeDnsOptions, deps: AcmeDnsDeps, account: Account | null): HttpApi {
  return createHttpApi({
    vendor: VENDOR,
    baseUrl: options.server,
    authorize: () =>
      account === null ? {} : { 'x-api-user': account.username, 'x-api-key': account.password },
    secrets: account === null ? [] : [account.password],
    explain,
    timeoutMs: options.timeout * 1_000,
    now: deps.now,
  });
}

/** Its words are `forbidden`, `bad_txt` and the like; the code stands in the status. */
const explain: Explain = ({ status, asked, json }) => {
  const parsed = apiError.safeParse(json);
  const said = parsed.success ? { says: parsed.data.error } : {};
  if (status === 401)
    return {
      ...said,
      code: 'E_PROVIDER_AUTH',
      hint: 'the server does not know this account, or its allowfrom does not have our address; without its file in the state directory a new one is made, with a new CNAME',
    };
  if (status === 404 && asked.to.startsWith('register'))
    return {
      ...said,
      code: 'E_PROVIDER_UNSUPPORTED',
      hint: 'this server lets nobody register (disable_registration), or `server` is not the URL of its API',
    };
  return said;
};
