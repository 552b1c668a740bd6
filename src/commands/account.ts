/** `account show`, `rollover`, `deactivate`: what a person does with the accounts at the CAs. */
import { namesKey } from '../acme/account-uri.ts';
import { type AccountAtCa, type AccountDesk, pinningProperty } from '../acme/account-sight.ts';
import { CERTIFICATE_AUTHORITIES } from '../config/certificate-authorities.ts';
import { certificateAuthoritiesOf } from '../config/certificate-authorities-of.ts';
import type { AcmeConfig } from '../config/config.ts';
import { DelegatedError, asDelegatedError } from '../errors.ts';
import type { Ctx, Ports } from '../ports.ts';
import { errorReport } from '../report.ts';
import { askToType } from './ask-to-type.ts';
import type { Context } from './context.ts';
import { withSession } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export interface AccountFlags extends GlobalOptions {
  readonly ca?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
}

interface AccountReport {
  readonly directory: string;
  /** Null: there is none, or nobody knows; `errors` tells the two apart. */
  readonly url: string | null;
  /** `none`: the CA says so, or there is no key. Null: not known. */
  readonly status: string | null;
  readonly contact: readonly string[] | null;
  readonly keyFile: string | null;
  readonly thumbprint: string | null;
  readonly keyChangeOpen: boolean;
  /** `bound`: the CA shows it; `configured`: the config has one, and the CA shows nothing; null: neither. */
  readonly externalAccountBinding: 'bound' | 'configured' | null;
  /** What pins this account; null where there is none or the CA does not say which name it goes by. */
  readonly caa: string | null;
  readonly errors: readonly ReturnType<typeof errorReport>[];
}

export async function accountShowCommand(flags: AccountFlags, shell: Shell): Promise<number> {
  return withSession(flags, shell, { lock: 'none' }, async (context) => {
    const reports: AccountReport[] = [];
    for (const acme of selected(context, flags.ca))
      reports.push(await atDesk(context, acme, (desk) => reportOf(desk, acme, context.ctx)));
    const ok = reports.every(({ errors }) => errors.length === 0);
    if (flags.json === true) shell.out(`${JSON.stringify({ version: 1, ok, accounts: reports }, null, 2)}\n`);
    else if (flags.quiet !== true || !ok) (ok ? shell.out : shell.err)(reports.map(textOf).join('\n'));
    return ok ? 0 : 3;
  });
}

export async function accountRolloverCommand(flags: AccountFlags, shell: Shell): Promise<number> {
  return withSession(flags, shell, { lock: 'try' }, async (context) => {
    const [acme] = selected(context, flags.ca);
    return atDesk(context, acme, async (desk) => {
      const standing = await sitesThatNameTheKey(context, acme);
      const names = standing.join(', ');
      // Before it is done: whoever publishes them by hand may want another day.
      if (standing.length > 0)
        shell.err(`the standing values (dns-persist-01) of these sites name the old key: ${names}\n`);
      await desk.changeAccountKey(context.ctx);
      const next = `Next: \`delegated sync\` publishes standing values for the new key: ${names}\n`;
      return told(
        desk,
        acme,
        context.ctx,
        { standing, next: standing.length === 0 ? '' : next },
        flags,
        shell,
      );
    });
  });
}

export async function accountDeactivateCommand(flags: AccountFlags, shell: Shell): Promise<number> {
  return withSession(flags, shell, { lock: 'try' }, async (context) => {
    const [acme] = selected(context, flags.ca);
    const { host } = new URL(acme.directoryUrl);
    if (flags.force !== true) await refuseOpenOrders(acme, context.ports);
    if (flags.yes !== true) await confirmClosing(host, shell);
    return atDesk(context, acme, async (desk) => {
      const keptIn = await desk.deactivateAccount(context.ctx);
      if (flags.json === true)
        shell.out(
          `${JSON.stringify({ version: 1, ok: true, accounts: [{ directory: acme.directoryUrl, status: 'deactivated', keptIn }] }, null, 2)}\n`,
        );
      else if (flags.quiet !== true)
        shell.out(
          `the account at ${host} is closed; its key is kept in ${keptIn}\n` +
            'Next: a renewal there makes a new account; CAA records with `accounturi` have to name that one.\n',
        );
      return 0;
    });
  });
}

/** A person types which one is meant; a script has nobody to ask, and says `--yes`. */
async function confirmClosing(host: string, shell: Shell): Promise<void> {
  const hint = 'certificates stay valid, and the next renewal there makes a new account';
  if (!shell.inIsTerminal || !shell.errIsTerminal)
    throw new DelegatedError('E_USAGE', `this closes the account at ${host} for good`, {
      hint: `say --yes; ${hint}`,
    });
  shell.err(`this closes the account at ${host} for good; ${hint}\n`);
  await askToType(host, '`delegated account show` names the accounts', shell);
}

/** Those of the config in its order, or the one that is named. */
function selected({ config }: Context, name: string | undefined): readonly [AcmeConfig, ...AcmeConfig[]] {
  const all = certificateAuthoritiesOf(config.acme);
  if (name === undefined) return all;
  const url = CERTIFICATE_AUTHORITIES[name]?.directoryUrl ?? name;
  const found = all.find(({ directoryUrl }) => directoryUrl === url);
  if (found !== undefined) return [found];
  throw new DelegatedError('E_USAGE', `the config has no CA ${JSON.stringify(name)}`, {
    hint: `it has ${all.map(({ directoryUrl }) => directoryUrl).join(', ')}`,
  });
}

async function atDesk<T>(
  context: Context,
  acme: AcmeConfig,
  work: (desk: AccountDesk) => Promise<T>,
): Promise<T> {
  const client = await context.openAccount(acme);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

async function reportOf(desk: AccountDesk, acme: AcmeConfig, ctx: Ctx): Promise<AccountReport> {
  const base = { ...UNKNOWN, directory: acme.directoryUrl };
  const configured = acme.eab === undefined ? null : 'configured';
  try {
    const key = await desk.accountKey();
    try {
      const { account, identity } = await desk.lookAtAccount(ctx);
      return { ...base, ...key, ...atCa(account, identity, configured) };
    } catch (thrown) {
      return { ...base, ...key, externalAccountBinding: configured, errors: [reported(thrown)] };
    }
  } catch (thrown) {
    return { ...base, errors: [reported(thrown)] };
  }
}

const UNKNOWN: Omit<AccountReport, 'directory'> = {
  url: null,
  status: null,
  contact: null,
  keyFile: null,
  thumbprint: null,
  keyChangeOpen: false,
  externalAccountBinding: null,
  caa: null,
  errors: [],
};

function atCa(
  account: AccountAtCa | null,
  identity: string | null,
  configured: 'configured' | null,
): Partial<AccountReport> {
  if (account === null) return { status: 'none', externalAccountBinding: configured };
  const { url, status, contact, bound } = account;
  return {
    url,
    status,
    contact,
    externalAccountBinding: bound ? 'bound' : configured,
    caa: identity === null || status !== 'valid' ? null : pinningProperty(identity, url),
  };
}

function reported(thrown: unknown): ReturnType<typeof errorReport> {
  const error = asDelegatedError(thrown);
  if (error.code === 'E_BUG' || error.code === 'E_ABORTED') throw thrown;
  return errorReport(error);
}

function textOf(report: AccountReport): string {
  const { directory, url, status, contact, keyFile, thumbprint, keyChangeOpen, caa, errors } = report;
  const { externalAccountBinding: binding } = report;
  const said = status === 'none' ? 'none yet' : status === null ? 'not known' : `${url} (${status})`;
  const shown = contact === null ? 'the CA shows none' : contact.join(', ') || 'none';
  const lines = [
    ['account', said],
    ...(url === null ? [] : [['contact', shown]]),
    ['key', thumbprint === null ? 'none yet' : `${keyFile}`],
    ...(thumbprint === null ? [] : [['thumbprint', thumbprint]]),
    ...(keyChangeOpen ? [['key change', 'interrupted; the next use of the account finishes it']] : []),
    ...(binding === null ? [] : [['binding', binding === 'bound' ? 'yes' : 'in the config']]),
    ...errors.map(({ code, message }) => ['error', `${code}: ${message}`]),
    ...(caa === null ? [] : [['CAA', 'this record at a name keeps every other account from it:']]),
  ];
  const text = lines.map(([name = '', value = '']) => `  ${name.padEnd(11)} ${value}\n`).join('');
  // Alone and unindented: it is longer than a terminal is wide, and there to be copied.
  return `${directory}\n${text}${caa === null ? '' : `${caa}\n`}`;
}

async function told(
  desk: AccountDesk,
  acme: AcmeConfig,
  ctx: Ctx,
  { standing, next }: { readonly standing: readonly string[]; readonly next: string },
  flags: AccountFlags,
  shell: Shell,
): Promise<number> {
  const seen = await reportOf(desk, acme, ctx);
  if (flags.json === true)
    shell.out(`${JSON.stringify({ version: 1, ok: true, accounts: [seen], standing }, null, 2)}\n`);
  else if (flags.quiet !== true) shell.out(`the account has a new key\n${textOf(seen)}${next}`);
  return 0;
}

/** Standing values are for the first CA alone, and name the key where it follows draft -02 of dns-persist-01. */
async function sitesThatNameTheKey({ config, ports, ctx }: Context, acme: AcmeConfig): Promise<string[]> {
  const sites = config.sites.filter(
    ({ persist, certificate }) => persist !== undefined && certificate !== null,
  );
  if (sites.length === 0 || acme.directoryUrl !== config.acme.directoryUrl) return [];
  const directory = await (await ports.acme(acme.directoryUrl)).directory(ctx);
  return namesKey(directory) ? sites.map(({ serverName }) => serverName.text) : [];
}

/** An order can be gone on with, and its challenge values be taken back, by its own account only. */
async function refuseOpenOrders(acme: AcmeConfig, ports: Pick<Ports, 'state'>): Promise<void> {
  for (const lineage of await ports.state.openJournals()) {
    const journal = await ports.state.readJournal(lineage);
    // Values that were set aside are of an order that is over.
    if (journal?.ca === acme.directoryUrl && journal.retryAt === undefined)
      throw new DelegatedError('E_STATE', `an order of ${lineage} is open at this account`, {
        hint: '`delegated renew` finishes it or takes it back; --force closes the account all the same',
      });
  }
}
