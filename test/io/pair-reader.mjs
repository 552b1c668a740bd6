// Child of output-writer.test.ts: reads key and certificate through the version link until stdin ends, then says how
// often they did not belong together, and how often a stable name was missing.
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const [directory, layout] = process.argv.slice(2);
const seen = { reads: 0, mismatches: 0, missing: 0 };
let going = true;
process.stdin.resume().on('end', () => (going = false));

function readPair() {
  try {
    const folder = layout === 'links' ? join(directory, readlinkSync(join(directory, 'current'))) : directory;
    const [key, certificate] = ['privkey.pem', 'fullchain.pem'].map((name) =>
      readFileSync(join(folder, name), 'utf8'),
    );
    seen.reads += 1;
    if (layout === 'links' && key.split(' ')[1] !== certificate.split(' ')[1]) seen.mismatches += 1;
  } catch (error) {
    // A reader that dawdles for two whole renewals between the link and the files looks at the link again.
    if (error.code !== 'ENOENT' || layout !== 'links') throw error;
  }
}

/** One file is always of one version, whatever the layout. */
function readCombined() {
  const numbers = readFileSync(join(directory, 'combined.pem'), 'utf8').match(/\d+/g) ?? [];
  if (numbers.length !== 2 || numbers[0] !== numbers[1]) seen.mismatches += 1;
}

function readStableNames() {
  try {
    for (const name of ['privkey.pem', 'fullchain.pem']) readFileSync(join(directory, name), 'utf8');
  } catch {
    seen.missing += 1;
  }
}

function turn() {
  readPair();
  readStableNames();
  readCombined();
  if (seen.reads === 1) process.stdout.write('reading\n');
  if (going) setImmediate(turn);
  else process.stdout.write(`${JSON.stringify(seen)}\n`);
}
turn();
