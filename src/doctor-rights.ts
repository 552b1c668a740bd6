/** May we write what a renewal writes, and may the homeserver read it? */
import type { SiteConfig } from './config/config.ts';
import { DelegatedError } from './errors.ts';
import { type Condition, condition } from './health/finding.ts';
import type { OutputTarget, RightsLooker } from './ports.ts';

const OWNER_READS = 0o400;
const GROUP_READS = 0o040;

export async function examineState(directory: string, rights: RightsLooker): Promise<Condition[]> {
  const unsafe = await rights.unsafe(directory);
  if (unsafe !== null)
    return [
      condition(
        'STATE_UNSAFE',
        unsafe,
        `chmod go-w ${directory}, or correct \`state\` in the config: who may write there can give us any key`,
      ),
    ];
  const folder = await rights.notWritable(directory);
  if (folder === null) return [];
  return [
    condition(
      'STATE_NOT_WRITABLE',
      `this user may not write to ${folder}`,
      'run doctor as the user that renews; else chown the state directory to it, or name it in ReadWritePaths= of the unit',
    ),
  ];
}

export async function examineOutputs(site: SiteConfig, rights: RightsLooker): Promise<Condition[]> {
  const outputs = site.certificate?.outputs ?? [];
  const found = await Promise.all(outputs.map((output) => examineOutput(output, rights)));
  return found.flat();
}

async function examineOutput(output: OutputTarget, rights: RightsLooker): Promise<Condition[]> {
  const { directory } = output;
  const folder = await rights.notWritable(directory);
  const writing =
    folder === null
      ? []
      : [
          condition(
            'OUTPUT_NOT_WRITABLE',
            `this user may not write to ${folder}`,
            `run doctor as the user that renews; else chown ${folder} to it, or name it in ReadWritePaths= of the unit`,
          ),
        ];
  return [...writing, ...keyMode(output), ...(await passage(output, rights))];
}

function keyMode({ directory, owner, group, keyMode: mode }: OutputTarget): Condition[] {
  const readable =
    (group === undefined || (mode & GROUP_READS) !== 0) &&
    (owner === undefined || (mode & OWNER_READS) !== 0);
  if (readable) return [];
  return [
    condition(
      'OUTPUT_KEY_MODE',
      `the key in ${directory} gets the mode ${mode.toString(8).padStart(4, '0')}, which ${group === undefined ? `its owner ${owner ?? ''}` : `its group ${group}`} cannot read`,
      'set `keyMode: "0640"` for a group, "0600" for an owner alone',
    ),
  ];
}

async function passage(output: OutputTarget, rights: RightsLooker): Promise<Condition[]> {
  const { directory, owner, group } = output;
  const reader = [
    ...(owner === undefined ? [] : [`the user ${owner}`]),
    ...(group === undefined ? [] : [`the group ${group}`]),
  ].join(' or ');
  try {
    const closed = await rights.closedTo(output);
    if (closed === null) return [];
    return [
      condition(
        'OUTPUT_NOT_REACHED',
        `${reader} may not enter ${closed}, so the homeserver cannot read ${directory}`,
        `chmod or chgrp ${closed} so that ${reader} has x there; or choose an output directory elsewhere`,
      ),
    ];
  } catch (error) {
    if (!(error instanceof DelegatedError) || error.code !== 'E_OUTPUT_OWNER') throw error;
    return [
      condition('OUTPUT_ACCOUNT', error.message, error.hint ?? 'correct owner and group of the output'),
    ];
  }
}
