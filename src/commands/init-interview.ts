import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseEndpoint } from '../config/endpoint.ts';
import { parsed, srvTarget } from '../config/scalars.ts';
import { type TemplateAnswers, configTemplate } from '../config/template.ts';
import { relativeToRoot } from '../dns/domain-name.ts';
import type { SrvData } from '../dns/rrset.ts';
import { DelegatedError, asDelegatedError } from '../errors.ts';
import { type Advice, advise, certificatesSeen } from '../federation/advice.ts';
import { createFileAtomic } from '../io/atomic-file.ts';
import { readCertificates } from '../io/certificates-file.ts';
import { type DelegableServerName, parseDelegableServerName } from '../matrix/server-name.ts';
import { askHomeserver } from './init-homeserver.ts';
import { type ZoneSight, lookAround } from './init-look.ts';
import { askSettings, chooseProvider, knownProvider } from './init-provider.ts';
import type { SecretFile } from './init-secret.ts';
import { askCa } from './init-ca.ts';
import type { InitFlags } from './init.ts';
import { type Interview, createInterview, readBy } from './interview.ts';
import { fileExists, refuseExisting, writeNew } from './new-config.ts';
import { createTools, readConfig } from './session.ts';
import type { Shell } from './shell.ts';

type Given = InitFlags & Pick<TemplateAnswers, 'state' | 'resolvers' | 'nameServers' | 'caCertificates'>;

/** What a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;
const FEDERATION_PORT = 8448;
const DNS_PORT = 53;
const MOST_PORTS = 65_535;

/** Asks, looks, explains; writes at the very end, so that whoever leaves before has changed nothing. */
export async function initByInterview(
  name: string | undefined,
  file: string,
  given: Given,
  shell: Shell,
): Promise<number> {
  await refuseExisting(file);
  const interview = createInterview(shell);
  try {
    const found = await answersOf(name, file, given, interview, shell);
    if (found === null) return 0;
    await write(found, file, shell);
    if (file !== '-') await readBack(found, file, given, interview, shell);
    return 0;
  } catch (thrown) {
    if (asDelegatedError(thrown).code !== 'E_ABORTED') throw thrown;
    shell.err('\nStopped; nothing was written.\n');
    return INTERRUPTED;
  }
}

interface Found {
  readonly answers: TemplateAnswers;
  readonly secrets: readonly SecretFile[];
  readonly advice: Advice;
}

/** Null: the person would rather not. */
async function answersOf(
  name: string | undefined,
  file: string,
  given: Given,
  interview: Interview,
  shell: Shell,
): Promise<Found | null> {
  const serverName =
    name === undefined
      ? await interview.ask('Server name, as in @user:SERVER_NAME', parseDelegableServerName)
      : parseDelegableServerName(name);
  const { advice, zone } = await look(serverName, given, interview, shell);
  if (!(await wanted(advice, serverName, interview))) {
    interview.say('Nothing was written.');
    return null;
  }
  const records = await askRecords(advice, serverName, given, interview);
  const provider = await askProvider(zone, serverName, file, given, interview);
  const ca = await askCa(dirname(resolve(file)), given, interview, shell);
  const homeserver = await askHomeserver(fileExists, interview);
  const { state, resolvers, nameServers, caCertificates } = given;
  const answers: TemplateAnswers = {
    serverName: serverName.text,
    ...(state === undefined ? {} : { state }),
    ...(resolvers === undefined ? {} : { resolvers }),
    ...(nameServers === undefined ? {} : { nameServers }),
    ...(caCertificates === undefined ? {} : { caCertificates }),
    ...(advice.delegatedTo === null ? {} : { delegatedTo: relativeToRoot(advice.delegatedTo) }),
    ...(advice.legacy ? { legacySrv: true } : {}),
    ...records,
    ...provider.answers,
    ...ca.answers,
    homeserver,
  };
  return { answers, secrets: [...provider.secrets, ...ca.secrets], advice };
}

async function look(
  serverName: DelegableServerName,
  { resolvers = [], caFile }: Given,
  interview: Interview,
  shell: Shell,
): Promise<{ readonly advice: Advice; readonly zone: ZoneSight }> {
  interview.say('');
  interview.say(`Looking at ${serverName.text} as other servers see it; 15 seconds at most …`);
  interview.say('');
  const endpoints = resolvers.flatMap((each) => parseEndpoint(each, DNS_PORT) ?? []);
  const trusted = caFile === undefined ? {} : { caCertificates: await readCertificates(caFile) };
  const ctx = { signal: shell.signal, log: createTools({}, shell).log, changeId: 'init' };
  const { sight, zone } = await lookAround(
    serverName,
    { resolvers: endpoints, version: shell.version, ...trusted },
    ctx,
  );
  const advice = advise(sight);
  interview.say('What they see today:');
  for (const line of [...sight.discovery.steps, ...certificatesSeen(sight)]) interview.say(line, '  - ');
  interview.say('');
  interview.say('What that means:');
  for (const paragraph of advice.text) interview.say(paragraph, '  ');
  interview.say('');
  return { advice, zone };
}

function wanted(
  { verdict, delegatedTo }: Advice,
  serverName: DelegableServerName,
  interview: Interview,
): Promise<boolean> {
  const whose = delegatedTo === null ? serverName.text : relativeToRoot(delegatedTo);
  return interview.confirm(
    `Go on with SRV records and a certificate for ${whose}?`,
    verdict === 'right' || verdict === 'take-over',
  );
}

async function askRecords(
  { records, worksAt }: Advice,
  serverName: DelegableServerName,
  given: Given,
  interview: Interview,
): Promise<Pick<TemplateAnswers, 'target' | 'srv'>> {
  const [first] = records;
  if (first !== undefined && given.target === undefined) {
    const lines = records.map(
      ({ target, port, priority, weight }) =>
        `${relativeToRoot(target)} port ${port}, priority ${priority}, weight ${weight}`,
    );
    interview.say('Today the SRV record says:');
    for (const line of lines) interview.say(line, '    ');
    if (await interview.confirm('Keep that?', true))
      return { target: relativeToRoot(first.target), srv: records };
  }
  const today = first?.target ?? worksAt;
  const usual = today === null ? `matrix.${serverName.text}` : relativeToRoot(today);
  const target =
    given.target === undefined
      ? await interview.ask('Host that runs the homeserver', readBy(srvTarget), usual)
      : readBy(srvTarget)(given.target);
  const port = await interview.ask('Port of federation there', readBy(PORT), String(FEDERATION_PORT));
  const srv: SrvData = { priority: 10, weight: 5, port, target };
  return { target: relativeToRoot(target), srv: [srv] };
}

const PORT = parsed((text) => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= MOST_PORTS) return port;
  throw new DelegatedError('E_USAGE', `expected a port, from 1 to ${MOST_PORTS}`);
});

async function askProvider(
  zone: ZoneSight,
  serverName: DelegableServerName,
  file: string,
  given: Given,
  interview: Interview,
): Promise<{
  readonly answers: Pick<TemplateAnswers, 'provider' | 'settings' | 'challenge'>;
  readonly secrets: readonly SecretFile[];
}> {
  interview.say('');
  const folder = dirname(resolve(file));
  const { provider, challenge } =
    given.provider === undefined
      ? await chooseProvider(zone, folder, interview)
      : { provider: await knownProvider(given.provider, folder), challenge: null };
  const main = await askSettings(provider, serverName.text, file, interview);
  if (challenge === null) return { answers: { provider, settings: main.settings }, secrets: main.secrets };
  const other = await askSettings(challenge, serverName.text, file, interview);
  return {
    answers: {
      provider,
      settings: main.settings,
      challenge: { provider: challenge, settings: other.settings },
    },
    secrets: [...main.secrets, ...other.secrets],
  };
}

/** Secrets first: a config that names files which are not there helps nobody. */
async function write({ answers, secrets }: Found, file: string, shell: Shell): Promise<void> {
  for (const { path, secret } of secrets) {
    if (secret === null) continue;
    shell.redactor.register(secret);
    await mkdir(dirname(path), { recursive: true });
    const made = await createFileAtomic(path, { content: `${secret}\n`, mode: 0o600 }, 'E_SECRET');
    shell.err(made ? `wrote ${path}\n` : `${path} is there already, and was left as it is\n`);
  }
  await writeNew(file, configTemplate(answers), shell);
}

/** The file as the program will read it, and what to do next. */
async function readBack(
  { answers, secrets, advice }: Found,
  file: string,
  given: Given,
  interview: Interview,
  shell: Shell,
): Promise<void> {
  await readConfig(given, shell, createTools(given, shell), 'leave');
  const missing = await Promise.all(
    secrets.map(async ({ path }) => ((await fileExists(path)) ? [] : [path])),
  );
  const program = given.config === undefined ? 'delegated' : `delegated -c ${file}`;
  const { homeserver, provider } = answers;
  const steps = [
    ...missing
      .flat()
      .map((path) => `write the secret, and nothing else, into ${path}, readable by you alone (chmod 600)`),
    ...(answers.challenge?.provider === 'exec' || answers.provider === 'exec'
      ? ['name your program in `command`']
      : []),
    ...(answers.termsOfServiceAgreed === true
      ? []
      : ['read the terms of the CA, and set termsOfServiceAgreed: true']),
    `\`${program} doctor\`: what would go wrong, before it does`,
    `\`${program} plan\`: what would change; it changes nothing`,
    ...(advice.foreign
      ? [`\`${program} adopt ${answers.serverName}\`: takes over the record that stands today`]
      : []),
    ...(provider === 'manual'
      ? [`\`${program} records ${answers.serverName}\`: what to type at your DNS host`]
      : []),
    `\`${program} renew\`: does it`,
    ...(homeserver?.directory === undefined || homeserver.directory === null
      ? []
      : [
          `let the homeserver read fullchain.pem and privkey.pem in ${homeserver.directory} (README, "Tell Synapse")`,
        ]),
    'have `renew` run twice a day, or the daemon (README, "Keep it running")',
  ];
  interview.say('');
  interview.say(`Wrote ${file}; it reads well. Next:`);
  for (const [index, step] of steps.entries()) interview.say(step, `  ${index + 1}. `);
}
