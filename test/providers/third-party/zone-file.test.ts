/** What the example promises besides the contract: nothing that a crash leaves behind stops the next one. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAdapter } from '../../../providers/third-party/load-adapter.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { Change, DnsProvider } from '../../../src/provider.ts';
import { testCtx } from '../../conformance/target.ts';
import { testDeps } from '../../support/provider-deps.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PACKAGE = new URL('../../../deploy/examples/provider-package/', import.meta.url);
const ZONE = { id: 'example.test.', name: parseDomainName('example.test') };
const ADD: Change = {
  op: 'add',
  name: parseDomainName('_acme-challenge.example.test'),
  type: 'TXT',
  ttl: 60,
  values: ['ours'],
};

describe('the zone file of the example', () => {
  const folder = temporaryFolder();

  async function open(): Promise<DnsProvider> {
    const adapter = await loadAdapter(new URL('index.mjs', PACKAGE).pathname, folder());
    return adapter.create({ file: 'zones.json' }, testDeps(folder()));
  }

  it('is free again when a process dies that held its lock', async () => {
    const file = join(folder(), 'zones.json');
    await writeFile(file, '{ "example.test.": [] }');
    const script = `import { locked } from ${JSON.stringify(new URL('zone-file.mjs', PACKAGE).href)};
      await locked(${JSON.stringify(file)}, new AbortController().signal, () => {
        console.log('held');
        return new Promise(() => undefined);
      });`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(holder, 'exit');
    await once(holder.stdout, 'data');
    const provider = await open();
    let done = false;
    const written = provider.apply(ZONE, [ADD], testCtx()).then((receipt) => {
      done = true;
      return receipt;
    });
    const stop = new AbortController();
    const read = provider.readRRsets(ZONE, [], testCtx(stop.signal));
    stop.abort();
    await assert.rejects(read, { code: 'E_ABORTED' });
    assert.equal(done, false, 'the lock is held');
    holder.kill('SIGKILL');
    await ended;
    assert.deepEqual(await written, { changed: true });
    assert.match(await readFile(file, 'utf8'), /"ours"/);
  });

  it('is written anew beside what a crash left half written', async () => {
    await writeFile(join(folder(), 'zones.json'), '{ "example.test.": [] }', { mode: 0o640 });
    await writeFile(join(folder(), 'zones.json.new'), '{ "example.te');
    const provider = await open();
    assert.deepEqual(await provider.apply(ZONE, [ADD], testCtx()), { changed: true });
    assert.deepEqual(await readdir(folder()), ['zones.json']);
  });

  it('keeps what it does not know', async () => {
    const file = join(folder(), 'zones.json');
    const others = [
      { name: 'example.test.', type: 'MX', ttl: 60, exchange: { host: 'mx.example.test.', preference: 10 } },
      { name: 'a.example.test.', type: 'TXT', ttl: 60, value: 'x', note: 'by hand' },
    ];
    await writeFile(file, JSON.stringify({ 'example.test.': others, 'other.test.': [] }));
    const provider = await open();
    await provider.apply(ZONE, [ADD], testCtx());
    await provider.apply(ZONE, [{ ...ADD, op: 'remove' }], testCtx());
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), {
      'example.test.': others,
      'other.test.': [],
    });
  });
});
