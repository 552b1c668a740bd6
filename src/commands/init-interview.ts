import { dirname, resolve } from 'node:path';
import { parseEndpoint } from '../config/endpoint.ts';
import { type TemplateAnswers, configTemplate } from '../config/template.ts';
import { relativeToRoot } from '../dns/domain-name.ts';
import { asDelegatedError } from '../errors.ts';
import { type Advice, advise, certificatesSeen } from '../federation/advice.ts';
import { createFileAtomic } from '../io/atomic-file.ts';
import { readCertificates } from '../io/certificates-file.ts';
import type { DelegableServerName } from '../matrix/server-name.ts';
import { askCa } from './init-ca.ts';
import { askHomeserver } from './init-homeserver.ts';
import { type ZoneSight, lookAround } from './init-look.ts';
import { askServerName } from './init-name.ts';
import { askProvider } from './init-provider.ts';
import { askNames, askRecords } from './init-records.ts';
import { type Written, nextSteps } from './init-steps.ts';
import type { InitFlags } from './init.ts';
import { type Interview, createInterview } from './interview.ts';
import { fileExists, makeFolderOf, refuseExisting, refuseUnwritable, writeNew } from './new-config.ts';
import { createTools, readConfig } from './session.ts';
import type { Shell } from './shell.ts';

type Given = InitFlags & Pick<TemplateAnswers, 'state' | 'resolvers' | 'nameServers' | 'caCertificates'>;

/** What a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;
const DNS_PORT = 53;

/** Asks, looks, explains; writes at the very end, so that whoever leaves before has changed nothing. */
export async function initByInterview(
  name: string | undefined,
  file: string,
  given: Given,
  shell: Shell,
): Promise<number> {
  await refuseExisting(file);
  await refuseUnwritable(file);
  const interview = createInterview(shell);
  const where = file === '-' ? 'prints a config' : `writes ${file}`;
  interview.say(
    `This asks, looks, and ${where} at the end. Enter takes the answer in brackets; Ctrl-C leaves, and nothing is written.`,
  );
  interview.say('');
  try {
    const found = await answersOf({ ...given, name, file }, interview, shell);
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

type Found = Omit<Written, 'config' | 'program'>;

/** Null: the person would rather not. */
async function answersOf(
  given: Given & { readonly name: string | undefined; readonly file: string },
  interview: Interview,
  shell: Shell,
): Promise<Found | null> {
  const serverName = await askServerName(given.name, interview);
  const { advice, zone } = await look(serverName, given, interview, shell);
  if (!(await wanted(advice, serverName, interview))) {
    interview.say('Nothing was written.');
    return null;
  }
  const name = advice.delegatedTo ?? serverName.host.name;
  const records = await askRecords(advice, name, given.target, interview);
  const more = await askNames(advice.names, interview);
  const { provider: type, state, resolvers, nameServers, caCertificates } = given;
  const folder = dirname(resolve(given.file));
  const place = {
    serverName: relativeToRoot(name),
    zone: zone.kind === 'zone' ? relativeToRoot(zone.apex) : null,
    folder,
  };
  const provider = await askProvider(zone, place, { type, nameServers }, interview);
  const ca = await askCa(folder, given, interview, shell);
  const homeserver = await askHomeserver(fileExists, interview);
  const answers: TemplateAnswers = {
    serverName: serverName.text,
    ...(state === undefined ? {} : { state }),
    ...(resolvers === undefined ? {} : { resolvers }),
    ...(nameServers === undefined ? {} : { nameServers }),
    ...(caCertificates === undefined ? {} : { caCertificates }),
    ...(advice.delegatedTo === null ? {} : { delegatedTo: relativeToRoot(advice.delegatedTo) }),
    ...(advice.legacy ? { legacySrv: true } : {}),
    ...records,
    ...more,
    ...provider.answers,
    ...ca.answers,
    homeserver: homeserver.answers,
  };
  const { foreign } = advice;
  return { ...provider, answers, secrets: [...provider.secrets, ...ca.secrets], homeserver, foreign };
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

/** Secrets first: a config that names files which are not there helps nobody. */
async function write({ answers, secrets }: Found, file: string, shell: Shell): Promise<void> {
  for (const { path, secret } of secrets) {
    if (secret === null) continue;
    shell.redactor.register(secret);
    await makeFolderOf(path);
    const made = await createFileAtomic(path, { content: `${secret}\n`, mode: 0o600 }, 'E_SECRET');
    shell.err(made ? `wrote ${path}\n` : `${path} is there already, and was left as it is\n`);
  }
  await writeNew(file, configTemplate(answers), shell);
}

/** The file as the program will read it, and what to do next. */
async function readBack(
  found: Found,
  file: string,
  given: Given,
  interview: Interview,
  shell: Shell,
): Promise<void> {
  interview.say('');
  interview.say(`Wrote ${file}.`);
  const config = await readConfig(given, shell, createTools(given, shell), 'leave');
  const program = given.config === undefined ? 'delegated' : `delegated -c ${file}`;
  interview.say('It reads well. Next:');
  for (const [index, { text, lines }] of (await nextSteps({ ...found, config, program })).entries()) {
    interview.say(text, `  ${index + 1}. `);
    for (const line of lines) interview.say(`    ${line}`, '  ');
  }
}
