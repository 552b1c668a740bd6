import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { lockFile } from '../../../providers/builtin/lock-file.ts';
import {
  formatZoneData,
  NO_DATA,
  parseZoneData,
  type ZoneData,
} from '../../../providers/builtin/zone-data.ts';
import { createZoneStore } from '../../../providers/builtin/zone-store.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { keyText } from '../../../src/dns/rrset.ts';
import type { RRset } from '../../../src/provider.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { assertRefused } from '../../conformance/expectations.ts';

const NAME = parseDomainName('_acme-challenge.example.test');
const { signal } = new AbortController();

function withValues(...values: readonly string[]): ZoneData {
  const rrset: RRset = { name: NAME, type: 'TXT', ttl: 60, values };
  return { ...NO_DATA, rrsets: new Map([[keyText(rrset), rrset]]) };
}

function valuesOf({ rrsets }: ZoneData): readonly unknown[] {
  return rrsets.get(`${NAME} TXT`)?.values ?? [];
}

async function outcome(child: ChildProcess): Promise<{ said: string[]; signal: unknown }> {
  assert.ok(child.stdout !== null);
  const exited = once(child, 'exit');
  const said = (await text(child.stdout)).split('\n').filter((line) => line !== '');
  const [, killedBy]: unknown[] = await exited;
  return { said, signal: killedBy };
}

describe('the file of the built-in name server', () => {
  const folder = temporaryFolder();
  const file = (): string => join(folder(), 'builtin', 'main.json');

  it('is empty where there is none, and appears for its owner alone', async () => {
    const store = createZoneStore(file());
    assert.deepEqual(store.read(), NO_DATA);
    assert.equal(await store.change(() => withValues('one'), signal), true);
    assert.equal((await stat(file())).mode & 0o777, 0o600);
    assert.equal((await stat(dirname(file()))).mode & 0o777, 0o700);
    assert.deepEqual(valuesOf(createZoneStore(file()).read()), ['one']);
    store.close();
  });

  it('is not touched by a change that changes nothing, nor by a rehearsal', async () => {
    const store = createZoneStore(file());
    await store.change(() => withValues('one'), signal);
    const before = await stat(file());
    assert.equal(await store.change((data) => data, signal), false);
    await store.rehearse(signal);
    assert.equal((await stat(file())).ino, before.ino);
    store.close();
  });

  it('is read once for each version, whoever wrote it', async () => {
    const [mine, other] = [createZoneStore(file()), createZoneStore(file())];
    await mine.change(() => withValues('one'), signal);
    const seen = mine.read();
    assert.equal(mine.read(), seen);
    // The same length and, it may be, the same tick of the clock.
    for (const value of ['two', 'six', 'ten', 'one']) {
      await other.change(() => withValues(value), signal);
      assert.deepEqual(valuesOf(mine.read()), [value]);
    }
    mine.close();
    other.close();
  });

  it('loses no value of many writers at once', async () => {
    const stores = Array.from({ length: 4 }, () => createZoneStore(file()));
    const writes = stores.flatMap((store, index) =>
      [0, 1, 2].map((round) =>
        store.change((data) => withValues(...valuesOf(data).map(String), `${index} ${round}`), signal),
      ),
    );
    await Promise.all(writes);
    assert.equal(valuesOf(createZoneStore(file()).read()).length, 12);
    for (const store of stores) store.close();
  });

  it('keeps every record, whatever it holds', () => {
    const values = fc.uniqueArray(fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(values, (list) => {
        assert.deepEqual(parseZoneData(formatZoneData(withValues(...list))), withValues(...list));
      }),
    );
  });

  it('that is damaged is an error and is left as it is', async () => {
    await mkdir(dirname(file()));
    const store = createZoneStore(file());
    for (const damage of ['', '{"version":1,"serial":1,"rrs', '{"version":2}', 'null']) {
      await writeFile(file(), damage);
      assert.throws(() => store.read(), { code: 'E_STATE', message: /is damaged/ });
      await assertRefused(
        store.change(() => NO_DATA, signal),
        'E_STATE',
      );
      assert.equal(await readFile(file(), 'utf8'), damage);
    }
    await writeFile(file(), formatZoneData(withValues('whole again')));
    assert.deepEqual(valuesOf(store.read()), ['whole again']);
    store.close();
  });

  it('waits for the lock no longer than it may', async () => {
    const store = createZoneStore(file());
    await store.change(() => withValues('one'), signal);
    const lock = await lockFile(`${file()}.lock`, signal);
    const stop = new AbortController();
    const waiting = assertRefused(
      store.change(() => withValues('two'), stop.signal),
      'E_ABORTED',
    );
    const later = store.change(() => withValues('three'), signal);
    stop.abort();
    await waiting;
    await lock.close();
    await later;
    assert.deepEqual(valuesOf(store.read()), ['three']);
    store.close();
  });

  it('that cannot be written is an error that says why', async () => {
    const store = createZoneStore(file());
    await store.change(() => withValues('one'), signal);
    // Root may write everywhere, but not to what is no folder.
    await rename(dirname(file()), join(folder(), 'elsewhere'));
    await writeFile(dirname(file()), '');
    const error = await assertRefused(
      store.change(() => withValues('two'), signal),
      'E_STATE',
    );
    assert.ok(error.message.includes(file()));
    store.close();
  });
});

describe('the file of the built-in name server, written by several processes', () => {
  const folder = temporaryFolder();
  const file = (): string => join(folder(), 'main.json');

  function start(prefix: string, count: number, env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = join(import.meta.dirname, 'add-values.ts');
    return spawn(process.execPath, ['--import', 'tsx', child, file(), prefix, `${count}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...env },
    });
  }

  it('holds what each of them wrote', async function () {
    this.timeout(60_000);
    const results = await Promise.all(['a', 'b'].map((prefix) => outcome(start(prefix, 15))));
    assert.ok(results.every(({ said }) => said.length === 15));
    const values = valuesOf(createZoneStore(file()).read());
    assert.equal(new Set(values).size, 30);
  });

  it('is whole, and has what was acknowledged, at whatever point a writer is killed', async function () {
    this.timeout(120_000);
    const killer = join(import.meta.dirname, '../../support/kill-at.mjs');
    let finished = 0;
    for (let at = 1; finished < 2; at += 1)
      for (const when of ['before', 'after']) {
        const child = start(`${at}${when}`, 1, {
          NODE_OPTIONS: `--import=${killer}`,
          KILL_AT: `${at}`,
          KILL_WHEN: when,
        });
        const { said, signal: killedBy } = await outcome(child);
        if (killedBy === null) finished += 1;
        else assert.equal(killedBy, 'SIGKILL');
        const values = valuesOf(parseZoneData(readIfThere()));
        for (const value of said) assert.ok(values.includes(value), `${value} after ${at} ${when}`);
        assert.ok(at < 60);
      }
    // The dead hold no lock and left nothing in the way.
    const { said } = await outcome(start('last', 1));
    assert.deepEqual(said, ['last0']);
  });

  function readIfThere(): string {
    try {
      return readFileSync(file(), 'utf8');
    } catch {
      return formatZoneData(NO_DATA);
    }
  }
});
