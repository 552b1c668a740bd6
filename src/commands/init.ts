import { dirname, resolve } from 'node:path';
import { findAdapter } from '../../providers/registry.ts';
import { parseEndpoint } from '../config/endpoint.ts';
import { type TemplateAnswers, configTemplate } from '../config/template.ts';
import { parseDomainName } from '../dns/domain-name.ts';
import { DelegatedError } from '../errors.ts';
import { readServerName } from './init-name.ts';
import { splitProvider } from './init-provider.ts';
import { writeNew } from './new-config.ts';
import { configFile } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export interface InitFlags extends GlobalOptions {
  readonly target?: string;
  readonly provider?: string;
  readonly ca?: string;
  readonly email?: string;
  /** Ask nothing. */
  readonly yes?: boolean;
  readonly state?: string;
  /** `HOST:PORT`, each. */
  readonly resolver?: readonly string[];
  readonly nameServer?: readonly string[];
  readonly caFile?: string;
}

/** Writes a commented config to start from, and asks for what it needs where somebody is there. Never overwrites one. */
export async function configInitCommand(
  name: string | undefined,
  flags: InitFlags,
  shell: Shell,
): Promise<number> {
  const file = configFile(flags, shell);
  const given = namedPlaces(flags);
  const quiet = flags.quiet === true || flags.json === true || flags.yes === true;
  if (!quiet && shell.inIsTerminal && shell.errIsTerminal)
    return (await import('./init-interview.ts')).initByInterview(name, file, { ...flags, ...given }, shell);
  if (name === undefined)
    throw new DelegatedError('E_USAGE', 'the server name is missing', {
      hint: 'delegated config init SERVER_NAME; on a terminal it asks for everything',
    });
  const text = await textOf(name, flags, file, given);
  if (flags.json === true) {
    if (file !== '-') await writeNew(file, text, shell);
    const written = file === '-' ? null : resolve(file);
    shell.out(`${JSON.stringify({ version: 1, ok: true, file: written, config: text }, null, 2)}\n`);
    return 0;
  }
  await writeNew(file, text, shell);
  if (file !== '-' && flags.quiet !== true)
    shell.out(
      `wrote ${file}\nNext: fill in what it asks for, then \`delegated config check\`, \`delegated plan\`, \`delegated renew\`.\n`,
    );
  return 0;
}

async function textOf(
  name: string,
  flags: InitFlags,
  file: string,
  given: Partial<TemplateAnswers>,
): Promise<string> {
  const serverName = argument(() => readServerName(name)).text;
  const target = flags.target ?? `matrix.${serverName}`;
  argument(() => parseDomainName(target));
  const folder = dirname(resolve(file));
  const { provider, challenge } = await splitProvider(flags.provider ?? 'rfc2136', folder);
  const exampleOf = async (type: string): Promise<string> =>
    (await findAdapter(type, folder))?.example(serverName) ?? '';
  return configTemplate({
    ...given,
    serverName,
    target,
    provider,
    settings: await exampleOf(provider),
    ...(challenge === null
      ? {}
      : { challenge: { provider: challenge, settings: await exampleOf(challenge) } }),
    ca: flags.ca ?? 'letsencrypt',
    ...(flags.email === undefined ? {} : { email: flags.email }),
  });
}

/** A name that the command line has wrong is wrong usage. */
function argument<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof DelegatedError)) throw error;
    const { message, hint } = error;
    throw new DelegatedError('E_USAGE', message, { ...(hint === undefined ? {} : { hint }), cause: error });
  }
}

/** What only options say: folders and addresses that hardly anybody changes. */
function namedPlaces({ state, resolver, nameServer, caFile }: InitFlags): Partial<TemplateAnswers> {
  return {
    ...(state === undefined ? {} : { state: resolve(state) }),
    ...(resolver === undefined ? {} : { resolvers: resolver.map(addressIn) }),
    ...(nameServer === undefined ? {} : { nameServers: nameServer.map(addressIn) }),
    ...(caFile === undefined ? {} : { caCertificates: resolve(caFile) }),
  };
}

const DNS_PORT = 53;

function addressIn(text: string): string {
  if (parseEndpoint(text, DNS_PORT) !== null) return text;
  throw new DelegatedError('E_USAGE', `${text} is no address of a name server`, {
    hint: 'write 192.0.2.53 or 127.0.0.1:5300',
  });
}
