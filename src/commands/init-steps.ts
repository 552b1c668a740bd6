import type { Config } from '../config/config.ts';
import type { TemplateAnswers } from '../config/template.ts';
import { relativeToRoot } from '../dns/domain-name.ts';
import { DelegatedError } from '../errors.ts';
import { accountIds } from '../io/account-ids.ts';
import { challengeNames } from '../standing-names.ts';
import { challengeAlias } from './init-builtin.ts';
import type { ChosenHomeserver } from './init-homeserver.ts';
import type { ProvidersAnswers } from './init-provider.ts';
import type { SecretFile } from './init-secret.ts';
import { fileExists } from './new-config.ts';

/** What was answered, as far as something is left to do for it. */
export interface Written {
  readonly config: Config;
  readonly answers: TemplateAnswers;
  readonly secrets: readonly SecretFile[];
  readonly programs: ProvidersAnswers['programs'];
  readonly byHand: ProvidersAnswers['byHand'];
  readonly homeserver: ChosenHomeserver;
  /** A record stands that is not ours. */
  readonly foreign: boolean;
  /** `delegated`, with what it needs to find this config. */
  readonly program: string;
}

export interface Step {
  readonly text: string;
  /** Lines to copy. */
  readonly lines: readonly string[];
}

/** What is left to do, in the order in which it works. */
export async function nextSteps(written: Written): Promise<Step[]> {
  const { answers, program, foreign, homeserver } = written;
  const name = answers.serverName;
  const served = homeserver.answers.directory !== null;
  return [
    ...(await secretSteps(written.secrets)),
    ...(await programSteps(written.programs)),
    ...(answers.termsOfServiceAgreed === true
      ? []
      : [step('read the terms of the CA, and set termsOfServiceAgreed: true in the config')]),
    ...(await groupSteps(homeserver)),
    ...handSteps(written),
    step(`\`${program} doctor\`: what would go wrong, before it does`),
    step(`\`${program} plan\`: what would change; it changes nothing`),
    ...(foreign && answers.provider !== 'manual'
      ? [step(`\`${program} adopt ${name}\`: takes over the record that stands today`)]
      : []),
    step(
      `\`${program} renew\`: does it${served ? '; the first time it may end with E_NOT_SERVED, since nobody serves the new certificate yet' : ''}`,
    ),
    ...(served ? [homeserverStep(homeserver), step(`\`${program} renew\` once more: now it ends well`)] : []),
    step('have `renew` run twice a day, or the daemon (README, "Keep it running")'),
  ];
}

async function secretSteps(secrets: readonly SecretFile[]): Promise<Step[]> {
  const missing = await Promise.all(
    secrets.map(async ({ path }) => ((await fileExists(path)) ? [] : [path])),
  );
  return missing
    .flat()
    .map((path) =>
      step(`write the secret, and nothing else, into ${path}, readable by you alone (chmod 600)`),
    );
}

async function programSteps(programs: readonly string[]): Promise<Step[]> {
  const missing = await Promise.all(programs.map(async (path) => ((await fileExists(path)) ? [] : [path])));
  return missing.flat().map((path) => step(`put your program at ${path} (providers/exec/README.md)`));
}

/** Debian's Synapse has no group of its own to give a key to. */
async function groupSteps({ answers: { group }, user }: ChosenHomeserver): Promise<Step[]> {
  if (group === null || (await groupExists(group))) return [];
  const join = user === null ? '' : ` && usermod --append --groups ${group} ${user}`;
  return [step('make the group that may read the key:', `groupadd --system --force ${group}${join}`)];
}

async function groupExists(group: string): Promise<boolean> {
  try {
    await accountIds(undefined, group);
    return true;
  } catch (error) {
    if (error instanceof DelegatedError) return false;
    throw error;
  }
}

function handSteps({ answers, byHand, program, config }: Written): Step[] {
  if (answers.provider !== 'manual') return [];
  const records = step(
    `\`${program} records ${answers.serverName}\`: the SRV record to type at your DNS host, once`,
  );
  if (byHand.length === 0) return [records];
  const owner = answers.delegatedTo ?? answers.serverName.toLowerCase();
  const aliases = config.sites.flatMap((site) =>
    challengeNames(site).map((each) => challengeAlias(`${relativeToRoot(each)}.`, owner)),
  );
  return [
    records,
    step('and these records, once; renewals then need nobody:', ...byHand, ...aliases),
    step('open port 53 of this machine, UDP and TCP (providers/builtin/README.md, "Ports and rights")'),
  ];
}

function homeserverStep({ name, answers: { directory } }: ChosenHomeserver): Step {
  const files = `${directory ?? ''}/fullchain.pem and privkey.pem beside it`;
  return name === 'synapse'
    ? step(
        `have homeserver.yaml say this, with \`tls: true\` at the listener of federation, and restart Synapse once (README, "Tell Synapse"):`,
        `tls_certificate_path: ${directory ?? ''}/fullchain.pem`,
        `tls_private_key_path: ${directory ?? ''}/privkey.pem`,
      )
    : step(
        `have ${name === 'other' ? 'what speaks TLS' : name} read ${files}, and start it anew (docs/reloading.md)`,
      );
}

function step(text: string, ...lines: readonly string[]): Step {
  return { text, lines };
}
