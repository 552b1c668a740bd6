import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type * as z from 'zod';
import type { Clock, Dice, StateStore } from '../ports.ts';
import { createFileAtomic, readText, removeFile, sweepTemporaries, writeFileAtomic } from './atomic-file.ts';
import { makeFolder } from './atomic-folder.ts';
import { errnoOf, fileError } from './file-error.ts';
import { fromFileName, toFileName } from './file-name.ts';
import { appendLedgerFile, readLedgerFile } from './ledger-file.ts';
import { inspectStateDirectory, prepareStateDirectory } from './state-directory.ts';
import { installationSchema, journalSchema, parseState, siteSchema, switchSchema } from './state-schema.ts';

export interface StateStoreOptions {
  readonly dice: Pick<Dice, 'token'>;
  readonly clock: Pick<Clock, 'now'>;
  /**
   * For who only looks: where there is no installation yet, one is made up for as long as the store is there. A `plan`
   * that root types would leave a folder behind that the daemon's user cannot enter.
   */
  readonly onlyLooks?: boolean;
}

const OWNER_LENGTH = 10;
const SECRET_LENGTH = 40;
const JSON_FILE = '.json';

/** Never done by ourselves: what a file said that cannot be read is unknown, and not nothing. */
const IF_LOST = {
  installation:
    'remove it: the next run makes another one, finds our records without our mark, and `adopt` takes them over',
  site: 'remove it: the next run compares the outputs, reloads and proves once more; pauses after a refusal of the CA are forgotten',
  journal:
    'look for TXT values at the _acme-challenge names of the site and take them out by hand, then remove it',
  switch: 'see with `delegated check` whether federation works, then remove it',
} as const;

/**
 * Plain files: `installation.json`, `sites/<server name>.json`, `journal/<lineage>.json`, `switches/<server name>.json`
 * and `ledger.jsonl`, each written whole (or a line of it) and on disk before the call resolves. Reading makes nothing. Whoever writes holds
 * the lock of the state directory; only `secret` and `owner` may race, and one of the racers wins for all.
 * @param directory absolute; made with mode 0700 when something is written
 */
export function createStateStore(
  directory: string,
  { dice, clock, onlyLooks = false }: StateStoreOptions,
): StateStore {
  const at = (...parts: readonly string[]): string => join(directory, ...parts);
  const siteFile = (serverName: string): string => at('sites', toFileName(serverName) + JSON_FILE);
  const journalFile = (lineage: string): string => at('journal', toFileName(lineage) + JSON_FILE);
  const switchFile = (serverName: string): string => at('switches', toFileName(serverName) + JSON_FILE);
  const opened = new Map<string, Promise<void>>();
  let lastAppend: Promise<unknown> = Promise.resolve();
  let madeUp: z.infer<typeof installationSchema> | undefined;

  async function installation(): Promise<z.infer<typeof installationSchema>> {
    const path = at('installation.json');
    const existing = await readState(path, installationSchema, IF_LOST.installation);
    if (existing !== null) return existing;
    const made = { version: 1, owner: dice.token(OWNER_LENGTH), secret: dice.token(SECRET_LENGTH) } as const;
    if (onlyLooks) return (madeUp ??= made);
    await prepareStateDirectory(directory);
    if (await createFileAtomic(path, { content: render(made) }, 'E_STATE')) return made;
    return installation();
  }

  async function readState<Output>(
    path: string,
    schema: z.ZodType<Output>,
    ifLost: string,
  ): Promise<Output | null> {
    if (!(await inspectStateDirectory(directory))) return null;
    const text = await readText(path, 'E_STATE');
    return text === null ? null : parseState(schema, text, path, ifLost);
  }

  /** Once per process and folder: made, and cleared of what a killed process left half-written. */
  function openFolder(name: string): Promise<void> {
    const promise = opened.get(name) ?? prepareFolder(directory, at(name));
    opened.set(name, promise);
    // A failure is not remembered: the next write looks again.
    promise.catch(() => opened.delete(name));
    return promise;
  }

  return {
    secret: async () => (await installation()).secret,
    owner: async () => (await installation()).owner,

    async readSite(serverName) {
      const stored = await readState(siteFile(serverName), siteSchema, IF_LOST.site);
      if (stored === null) return { failures: 0 };
      const { version: _version, serverName: _serverName, ...state } = stored;
      return state;
    },

    async writeSite(serverName, state) {
      await openFolder('sites');
      const content = render({ version: 1, serverName, ...state });
      await writeFileAtomic(siteFile(serverName), { content }, 'E_STATE');
    },

    async readJournal(lineage) {
      const stored = await readState(journalFile(lineage), journalSchema, IF_LOST.journal);
      if (stored === null) return null;
      const { version: _version, ...journal } = stored;
      return journal;
    },

    async writeJournal(lineage, journal) {
      await openFolder('journal');
      await writeFileAtomic(journalFile(lineage), { content: render({ version: 1, ...journal }) }, 'E_STATE');
    },

    async clearJournal(lineage) {
      await removeFile(journalFile(lineage), 'E_STATE');
    },

    openJournals: () => names(at('journal')),

    async readSwitch(serverName) {
      const stored = await readState(switchFile(serverName), switchSchema, IF_LOST.switch);
      if (stored === null) return null;
      const { version: _version, ...open } = stored;
      return open;
    },

    async writeSwitch(serverName, open) {
      await openFolder('switches');
      await writeFileAtomic(switchFile(serverName), { content: render({ version: 1, ...open }) }, 'E_STATE');
    },

    async clearSwitch(serverName) {
      await removeFile(switchFile(serverName), 'E_STATE');
    },

    openSwitches: () => names(at('switches')),

    async readLedger() {
      return (await inspectStateDirectory(directory)) ? readLedgerFile(at('ledger.jsonl')) : [];
    },

    appendLedger(entry, permit) {
      const append = async (): Promise<void> => {
        await prepareStateDirectory(directory);
        permit?.(await readLedgerFile(at('ledger.jsonl')));
        await appendLedgerFile(at('ledger.jsonl'), entry, clock.now());
      };
      // One after the other: a compaction must not drop what another append has just written.
      const appended = lastAppend.then(append, append);
      lastAppend = appended;
      return appended;
    },
  };
}

async function prepareFolder(directory: string, path: string): Promise<void> {
  await prepareStateDirectory(directory);
  await makeFolder(path, 0o700, 'E_STATE');
  try {
    await sweepTemporaries(path);
  } catch (error) {
    throw fileError('E_STATE', 'clean up', path, error);
  }
}

/** What the files of a folder are about. */
async function names(directory: string): Promise<string[]> {
  const files = (await list(directory)).filter((file) => file.endsWith(JSON_FILE));
  return files
    .map((file) => fromFileName(file.slice(0, -JSON_FILE.length)))
    .filter((name) => name !== null)
    .sort();
}

async function list(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError('E_STATE', 'read', directory, error);
  }
}

function render(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
