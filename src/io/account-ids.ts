import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { DelegatedError } from '../errors.ts';
import { errnoOf } from './file-error.ts';

export interface AccountIds {
  readonly uid?: number;
  readonly gid?: number;
}

type Database = 'passwd' | 'group';

const GETENT_TIMEOUT_MS = 5000;
const NOT_FOUND = 2;

/**
 * The numbers behind the names of an owner and a group; digits stand for themselves, since the user of a container
 * has no name outside of it. The local files first, then whatever the system asks besides them (LDAP, systemd).
 * @throws DelegatedError E_OUTPUT_OWNER
 */
export async function accountIds(owner?: string, group?: string): Promise<AccountIds> {
  const uid = owner === undefined ? undefined : await idOf('passwd', owner);
  const gid = group === undefined ? undefined : await idOf('group', group);
  return { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
}

async function idOf(database: Database, name: string): Promise<number> {
  if (/^\d{1,10}$/.test(name)) return Number(name);
  const id = parseId(await readFile(`/etc/${database}`, 'utf8').catch(() => ''), name);
  return id ?? parseId(await getent(database, name), name) ?? unknownAccount(database, name);
}

/** passwd(5) and group(5) both have the number in the third field. */
function parseId(text: string, name: string): number | undefined {
  const fields = text
    .split('\n')
    .map((line) => line.split(':'))
    .find((parts) => parts[0] === name);
  return fields?.[2] !== undefined && /^\d+$/.test(fields[2]) ? Number(fields[2]) : undefined;
}

function getent(database: Database, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      '/usr/bin/getent',
      ['--', database, name],
      { timeout: GETENT_TIMEOUT_MS, env: {} },
      (error, stdout) => {
        if (error === null) resolve(stdout);
        else if (error.code === NOT_FOUND || errnoOf(error) === 'ENOENT') resolve('');
        else
          reject(
            new DelegatedError('E_OUTPUT_OWNER', `cannot look up the ${noun(database)} ${name}`, {
              hint: `try \`getent ${database} ${name}\`: the directory service behind it does not answer`,
              retry: { kind: 'backoff' },
              cause: error,
            }),
          );
      },
    );
  });
}

function unknownAccount(database: Database, name: string): never {
  throw new DelegatedError('E_OUTPUT_OWNER', `there is no ${noun(database)} ${JSON.stringify(name)}`, {
    hint: `install what brings the ${noun(database)}, or correct \`${database === 'passwd' ? 'owner' : 'group'}\` of the output; a number works too`,
    retry: { kind: 'backoff' },
  });
}

function noun(database: Database): string {
  return database === 'passwd' ? 'user' : 'group';
}
