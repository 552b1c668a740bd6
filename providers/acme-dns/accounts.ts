import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { DelegatedError } from '../../src/errors.ts';
import type { DomainName } from '../../src/provider.ts';
import { Name } from '../floor/option-types.ts';

/** What a registration answers, and what is kept of it. */
export const registration = z.object({
  username: z.string().min(1),
  password: z.string().min(1),
  fulldomain: Name,
  subdomain: z.string().min(1),
});

export const apiError = z.object({ error: z.string() });

const account = registration.extend({ name: Name });
export type Account = z.output<typeof account>;

export interface Accounts {
  /** @throws DelegatedError E_STATE: an account that cannot be read is not an absent one */
  all(): Promise<readonly Account[]>;
  /** Readable by us alone, and on disk, before it resolves. @throws DelegatedError E_STATE */
  keep(account: Account): Promise<void>;
}

const LONGEST = 200;

/** One file for each `_acme-challenge` name; accounts of another server lie in another folder. */
export function createAccounts(stateDirectory: string, server: string): Accounts {
  const folder = join(stateDirectory, 'acme-dns', new URL(server).host.replace(/[^a-z0-9.-]/g, '_'));
  return {
    async all() {
      const files = (await names(folder)).filter((name) => name.endsWith('.json'));
      return Promise.all(files.map((name) => load(join(folder, name))));
    },
    async keep(kept) {
      const path = join(folder, `${fileName(kept.name)}.json`);
      try {
        const made = await mkdir(folder, { recursive: true, mode: 0o700 });
        if (made !== undefined) await sync(dirname(made));
        await replace(path, `${JSON.stringify(kept, null, 2)}\n`);
      } catch (error) {
        throw unusable(path, 'cannot be written', error);
      }
    },
  };
}

/** A domain name is a good file name, unless it is too long for one. */
function fileName(name: DomainName): string {
  return name.length <= LONGEST ? name.slice(0, -1) : createHash('sha256').update(name).digest('hex');
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw unusable(folder, 'cannot be read', error);
  }
}

async function load(path: string): Promise<Account> {
  try {
    return account.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    // The parser quotes the text, which holds a password.
    throw unusable(path, 'holds no account of acme-dns', error instanceof SyntaxError ? undefined : error);
  }
}

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(8).toString('hex')}.new`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await sync(dirname(path));
}

/** Only then does a rename in the folder outlive a power failure. */
async function sync(folder: string): Promise<void> {
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function unusable(path: string, what: string, cause: unknown): DelegatedError {
  return new DelegatedError('E_STATE', `${path} ${what}`, {
    hint: 'correct its owner and mode, or restore it; without it a new account, and a new CNAME, is needed',
    cause,
  });
}
