import assert from 'node:assert/strict';
import { appendFile, chmod, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { createSystemDice } from '../../src/io/dice.ts';
import { createStateStore } from '../../src/io/state-store.ts';
import type { StateStore } from '../../src/ports.ts';
import type { Journal, LedgerEntry, OpenSwitch, SiteState } from '../../src/schedule/state.ts';
import { refusingRename, writingInPieces } from '../support/refusing-disk.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NOW = new Date('2026-11-24T12:00:00.123Z');
const DAY = 24 * 3600 * 1000;
const NAME = parseDomainName('example.org');
const ENTRY: LedgerEntry = { at: NOW, ca: 'https://ca.example/directory', names: [NAME] };
const SITE: SiteState = {
  deployedVersion: '20261124T000000000Z-abcdef',
  issuedBy: { version: '20261124T000000000Z-abcdef', ca: 'https://ca.example/directory' },
  renewalInfo: {
    certId: 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE',
    ca: 'https://ca.example/directory',
    askAgainAt: NOW,
    window: { start: NOW, end: NOW, explanationUrl: 'https://ca.example/why' },
    failures: 1,
  },
  lastSuccess: NOW,
  lastError: { at: NOW, code: 'E_RELOAD', message: 'no', hint: 'do' },
  failures: 2,
  retryAt: new Date('2026-11-25T00:00:00Z'),
};
const JOURNAL: Journal = {
  serverName: 'example.org',
  ca: 'https://ca.example/directory',
  names: [NAME, parseDomainName('*.example.org')],
  keyType: 'ec256',
  startedAt: NOW,
  countedAt: new Date(NOW.getTime() - 5_000),
  orderUrl: 'https://ca.example/order/1',
  privateKey: 'SECRET-KEY',
  challenges: [{ provider: 'main', zoneId: '1', zoneName: NAME, name: NAME, value: 'v' }],
};

const RECORD = { name: NAME, type: 'SRV', ttl: 300 } as const;
const SWITCH: OpenSwitch = {
  serverName: 'Example.org',
  startedAt: NOW,
  records: [
    {
      name: NAME,
      before: { ...RECORD, values: [{ priority: 10, weight: 5, port: 443, target: NAME }] },
      after: { ...RECORD, ttl: 60, values: [{ priority: 0, weight: 0, port: 8448, target: NAME }] },
      marks: [{ op: 'add', ttl: 60, values: ['heritage=delegated,owner=us'] }],
    },
    { name: NAME, before: null, after: null, marks: [] },
  ],
};

describe('the state store', () => {
  const folder = temporaryFolder();
  const at = (...parts: string[]): string => join(folder(), 'state', ...parts);
  const file = (): string => at('ledger.jsonl');

  const store = (): StateStore =>
    createStateStore(at(), { dice: createSystemDice(), clock: { now: () => NOW } });

  it('makes its directory for itself alone, and only for a write', async () => {
    assert.deepEqual(await store().readSite('example.org'), { failures: 0 });
    assert.deepEqual(await store().readLedger(), []);
    assert.deepEqual(await store().openJournals(), []);
    await assert.rejects(stat(at()), { code: 'ENOENT' });
    await store().writeSite('example.org', SITE);
    assert.equal((await stat(at())).mode & 0o777, 0o700);
  });

  it('refuses a directory that others can write to, for reading and for writing', async () => {
    await mkdir(at());
    await chmod(at(), 0o770);
    const refusal = { code: 'E_STATE', message: /written to by others/, hint: /chmod go-w/ };
    await assert.rejects(store().readSite('example.org'), refusal);
    await assert.rejects(store().writeSite('example.org', SITE), refusal);
    await assert.rejects(store().secret(), refusal);
    await assert.rejects(store().appendLedger(ENTRY), refusal);
  });

  it('takes the directory once it was repaired', async () => {
    const same = store();
    await mkdir(at());
    await chmod(at(), 0o777);
    await assert.rejects(same.writeSite('example.org', SITE), { code: 'E_STATE' });
    await chmod(at(), 0o755);
    await same.writeSite('example.org', SITE);
  });

  it('makes one secret and one owner, whoever asks first', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const one = store();
        return `${await one.owner()} ${await one.secret()}`;
      }),
    );
    assert.equal(new Set(all).size, 1);
    assert.match(all[0] ?? '', /^[a-z0-9]{10} [a-z0-9]{40}$/);
    assert.deepEqual(await readdir(at()), ['installation.json']);
    assert.equal((await stat(at('installation.json'))).mode & 0o777, 0o600);
  });

  it('makes nothing for who only looks, and says the same to whoever asks again', async () => {
    const options = { dice: createSystemDice(), clock: { now: () => NOW }, onlyLooks: true };
    const looking = createStateStore(at(), options);
    const said = [await looking.owner(), await looking.secret()];
    assert.deepEqual([await looking.owner(), await looking.secret()], said);
    await assert.rejects(stat(at()), { code: 'ENOENT' });
    const owner = await store().owner();
    assert.equal(await createStateStore(at(), options).owner(), owner);
  });

  it('makes the folders above its directory too, and gives up where the kernel makes none', async () => {
    const deep = { dice: createSystemDice(), clock: { now: () => NOW } };
    await createStateStore(at('two', 'more'), deep).writeSite('example.org', SITE);
    assert.equal((await stat(at('two', 'more'))).mode & 0o777, 0o700);
    await assert.rejects(createStateStore('/proc/delegated/state', deep).owner(), {
      code: 'E_STATE',
      message: /cannot create \/proc\/delegated/,
    });
  });

  it('gives back what was written, to the millisecond', async () => {
    await store().writeSite('example.org', SITE);
    assert.deepEqual(await store().readSite('example.org'), SITE);
    await store().writeSite('example.org', { failures: 0 });
    assert.deepEqual(await store().readSite('example.org'), { failures: 0 });
  });

  it('keeps server names that differ in case apart, and no name leaves its folder', async () => {
    const names = ['example.org', 'Example.org', '..', '../../etc/passwd', '.', '[::1]:8448', 'ü'];
    for (const [failures, name] of names.entries()) await store().writeSite(name, { failures });
    for (const [failures, name] of names.entries())
      assert.deepEqual(await store().readSite(name), { failures }, name);
    assert.equal((await readdir(at('sites'))).length, names.length);
  });

  it('keeps a journal, with the key for nobody else, until it is cleared', async () => {
    await store().writeJournal('Example.org', JOURNAL);
    await store().writeJournal('*.example.org', { ...JOURNAL, challenges: [] });
    const [value] = JOURNAL.challenges;
    assert.ok(value !== undefined);
    const nameServers = [{ address: '2001:db8::53', port: 5353 }];
    const stale: Journal = { ...JOURNAL, retryAt: NOW, challenges: [{ ...value, nameServers }] };
    await store().writeJournal('stale example.org', stale);
    assert.deepEqual(await store().readJournal('stale example.org'), stale);
    await store().clearJournal('stale example.org');
    assert.deepEqual(await store().readJournal('Example.org'), JOURNAL);
    assert.deepEqual(await store().openJournals(), ['*.example.org', 'Example.org']);
    for (const file of await readdir(at('journal')))
      assert.equal((await stat(at('journal', file))).mode & 0o777, 0o600);
    await store().clearJournal('Example.org');
    await store().clearJournal('Example.org');
    assert.equal(await store().readJournal('Example.org'), null);
    assert.deepEqual(await store().openJournals(), ['*.example.org']);
  });

  it('keeps what records were before they were changed, until it is cleared', async () => {
    assert.deepEqual(await store().openSwitches(), []);
    await store().writeSwitch('Example.org', SWITCH);
    assert.deepEqual(await store().readSwitch('Example.org'), SWITCH);
    assert.equal(await store().readSwitch('example.org'), null);
    assert.deepEqual(await store().openSwitches(), ['Example.org']);
    await store().clearSwitch('Example.org');
    assert.deepEqual([await store().openSwitches(), await store().readSwitch('Example.org')], [[], null]);
  });

  it('removes half-written files of a killed process before it writes', async () => {
    await store().writeJournal('a', JOURNAL);
    await writeFile(at('journal', `.delegated-${'0'.repeat(24)}`), 'half');
    await store().writeJournal('b', JOURNAL);
    assert.deepEqual(await readdir(at('journal')), ['a.json', 'b.json']);
  });

  it('never takes a damaged file for an absent one, and does not quote it', async () => {
    await store().writeSite('example.org', SITE);
    await store().writeJournal('example.org', JOURNAL);
    await store().secret();
    await writeFile(
      at('sites', 'example.org.json'),
      '{"version":1,"serverName":"example.org","failures":"x"}',
    );
    await writeFile(at('journal', 'example.org.json'), '{"privateKey":"SECRET-KEY"');
    await writeFile(at('installation.json'), '');
    await assert.rejects(store().readSite('example.org'), {
      code: 'E_STATE',
      message: /sites\/example\.org\.json is damaged at "failures"/,
    });
    await assert.rejects(store().readJournal('example.org'), (error: Error) => {
      assert.match(error.message, /journal\/example\.org\.json is damaged: it is not JSON/);
      assert.ok(!`${error.message} ${String(error.cause)}`.includes('SECRET'));
      return true;
    });
    await assert.rejects(store().secret(), {
      code: 'E_STATE',
      message: /installation\.json is damaged: it is empty/,
    });
  });

  it('says what goes with a damaged file that nobody has a copy of', async () => {
    await store().writeSite('example.org', SITE);
    await store().writeJournal('example.org', JOURNAL);
    await store().secret();
    const cases = [
      [
        at('sites', 'example.org.json'),
        () => store().readSite('example.org'),
        /remove it: the next run compares/,
      ],
      [at('journal', 'example.org.json'), () => store().readJournal('example.org'), /_acme-challenge names/],
      [at('installation.json'), () => store().owner(), /without our mark, and `adopt` takes them over/],
    ] as const;
    for (const [path, read, hint] of cases) {
      await writeFile(path, '');
      await assert.rejects(read(), { code: 'E_STATE', hint });
      await rm(path);
      await read();
    }
  });

  describe('the ledger', () => {
    it('gives back every entry, also when they are appended at once', async () => {
      const one = store();
      const entries = Array.from({ length: 20 }, (_, index) => ({ ...ENTRY, at: new Date(index) }));
      await Promise.all(entries.map((entry) => one.appendLedger(entry)));
      assert.deepEqual(await store().readLedger(), entries);
      assert.equal((await stat(file())).mode & 0o777, 0o600);
    });

    it('asks for permission between what stands there and the entry, one after the other', async () => {
      const one = store();
      const answers = await Promise.allSettled(
        [1, 2, 3, 4].map((index) =>
          one.appendLedger({ ...ENTRY, at: new Date(index) }, (entries) => {
            if (entries.length >= 2) throw new Error('enough');
          }),
        ),
      );
      assert.deepEqual(
        answers.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
      );
      assert.equal((await store().readLedger()).length, 2);
    });

    it('knows what became of challenges, and reads files from before it did', async () => {
      const before = { at: NOW.toISOString(), ca: ENTRY.ca, names: [NAME] };
      await store().appendLedger(ENTRY);
      await writeFile(file(), `${JSON.stringify(before)}\n`);
      const failed: LedgerEntry = { ...ENTRY, challenges: 'failed', order: 'https://ca.example/order/1' };
      await store().appendLedger(failed);
      assert.deepEqual(await store().readLedger(), [ENTRY, failed]);
    });

    it('counts a torn last line for nothing and goes on behind it', async () => {
      await store().appendLedger(ENTRY);
      await appendFile(file(), '{"at":"2026-11-2');
      assert.deepEqual(await store().readLedger(), [ENTRY]);
      await store().appendLedger(ENTRY);
      assert.deepEqual(await store().readLedger(), [ENTRY, ENTRY]);
    });

    it('counts a last line that lacks nothing but its end', async () => {
      await store().appendLedger(ENTRY);
      await appendFile(file(), JSON.stringify(ENTRY));
      assert.equal((await store().readLedger()).length, 2);
      await store().appendLedger(ENTRY);
      assert.equal((await store().readLedger()).length, 3);
    });

    it('has the whole line although the disk takes it in pieces', async () => {
      await mkdir(at(), { mode: 0o700 });
      const file = await open(at('other'), 'w');
      await writingInPieces(file, () => store().appendLedger(ENTRY));
      await file.close();
      assert.deepEqual(await store().readLedger(), [ENTRY]);
    });

    it('names any other line that it cannot read', async () => {
      await store().appendLedger(ENTRY);
      await appendFile(file(), 'garbage\n');
      await store().appendLedger(ENTRY);
      await assert.rejects(store().readLedger(), {
        code: 'E_STATE',
        message: /ledger\.jsonl line 2 cannot be read/,
        hint: /repair or delete that line/,
      });
    });

    it('drops what is older than 30 days when it has more than 10 000 lines', async () => {
      await store().appendLedger(ENTRY);
      const old = `${JSON.stringify({ ...ENTRY, at: new Date(NOW.getTime() - 31 * DAY) })}\n`;
      await appendFile(file(), old.repeat(9_998));
      await store().appendLedger(ENTRY);
      assert.equal((await store().readLedger()).length, 10_000);
      await store().appendLedger(ENTRY);
      assert.deepEqual(await store().readLedger(), [ENTRY, ENTRY, ENTRY]);
      assert.deepEqual(await readdir(at()), ['ledger.jsonl']);
    });
  });

  it('tells what the disk refused first, and not that it refused to clean up as well', async () => {
    await store().writeSite('example.org', SITE);
    await refusingRename(1, { andRemoving: true }, () =>
      assert.rejects(store().writeSite('example.org', { failures: 0 }), {
        code: 'E_STATE',
        message: /cannot write .*sites\/example\.org\.json: input\/output error \(EIO\)/,
        hint: /dmesg/,
      }),
    );
    assert.deepEqual(await store().readSite('example.org'), SITE);
    await store().writeSite('example.org', SITE);
    assert.deepEqual(await readdir(at('sites')), ['example.org.json'], 'the next process sweeps');
  });

  it('keeps the old file on a full disk and leaves nothing behind', async function () {
    const disk = (await mountSmallDisk(at())) ?? this.skip();
    try {
      await store().writeJournal('example.org', JOURNAL);
      await store().appendLedger(ENTRY);
      await writeFile(at('filler'), Buffer.alloc(200_000)).catch(() => {});
      const full = { code: 'E_STATE', message: /ENOSPC/ };
      await assert.rejects(
        store().writeJournal('example.org', { ...JOURNAL, privateKey: 'x'.repeat(9000) }),
        full,
      );
      assert.deepEqual(await store().readJournal('example.org'), JOURNAL);
      assert.deepEqual(await readdir(at('journal')), ['example.org.json']);
      await disk.makeReadOnly();
      await assert.rejects(store().appendLedger(ENTRY), { code: 'E_STATE', message: /EROFS/ });
      assert.deepEqual(await store().readLedger(), [ENTRY]);
    } finally {
      await disk.unmount();
    }
  });
});
