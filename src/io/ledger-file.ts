import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DelegatedError } from '../errors.ts';
import { LEDGER_HORIZON } from '../schedule/ledger.ts';
import type { LedgerEntry } from '../schedule/state.ts';
import { readText, syncDirectory, writeFileAtomic } from './atomic-file.ts';
import { fileError } from './file-error.ts';
import { ledgerEntrySchema, parseState } from './state-schema.ts';

/** Lines; above it those that decide nothing any more are dropped. */
const COMPACT_ABOVE = 10_000;

/**
 * One JSON object a line, appended, then fsync, so a crash and a full disk can only tear the last one, and it has no
 * line end then. Its `append` never came back, so the CA was not asked for it: a torn line counts for nothing. Any other line that cannot be read is an error, since what it said is unknown and not nothing.
 */
export async function readLedgerFile(path: string): Promise<readonly LedgerEntry[]> {
  const { lines, torn } = split((await readText(path, 'E_STATE')) ?? '');
  const whole = torn !== null && isEntry(torn) ? [...lines, torn] : lines;
  return whole.map((line, index) => parseLine(line, `${path} line ${index + 1}`));
}

/** @throws DelegatedError E_STATE; the entry may or may not be there then */
export async function appendLedgerFile(path: string, entry: LedgerEntry, now: Date): Promise<void> {
  const text = await readText(path, 'E_STATE');
  const { lines, torn } = split(text ?? '');
  const line = `${JSON.stringify(entry)}\n`;
  try {
    const file = await open(path, 'a', 0o600);
    try {
      if (torn !== null) await mend(file, text ?? '', torn);
      await writeWhole(file, line);
      await file.sync();
    } finally {
      await file.close();
    }
    if (text === null) await syncDirectory(dirname(path));
  } catch (error) {
    throw fileError('E_STATE', 'append to', path, error);
  }
  if (lines.length >= COMPACT_ABOVE) await compact(path, now);
}

async function compact(path: string, now: Date): Promise<void> {
  const entries = await readLedgerFile(path);
  const kept = entries.filter(({ at }) => at.getTime() > now.getTime() - LEDGER_HORIZON);
  if (kept.length === entries.length) return;
  const content = kept.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  await writeFileAtomic(path, { content }, 'E_STATE');
}

/** A whole entry only lacks its line end; anything else is cut off, or the next line would be glued to it. */
async function mend(file: FileHandle, text: string, torn: string): Promise<void> {
  if (isEntry(torn)) await writeWhole(file, '\n');
  else await file.truncate(Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1)));
}

function split(text: string): { readonly lines: readonly string[]; readonly torn: string | null } {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  return { lines, torn: rest === '' ? null : rest };
}

function parseLine(line: string, place: string): LedgerEntry {
  try {
    return parseState(ledgerEntrySchema, line, place, 'delete it');
  } catch (cause) {
    throw new DelegatedError(
      'E_STATE',
      `${place} cannot be read, so it is unknown how often the CA was asked`,
      {
        hint: 'repair or delete that line; a deleted line is an order that the limits no longer know of',
        cause,
      },
    );
  }
}

function isEntry(line: string): boolean {
  try {
    return ledgerEntrySchema.safeParse(JSON.parse(line)).success;
  } catch {
    return false;
  }
}

/** write(2) may stop in the middle, on a disk that is about to be full. The next one says what is the matter. */
async function writeWhole(file: FileHandle, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}
