import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createOutputWriter } from '../../src/io/output-writer.ts';
import type { OutputTarget } from '../../src/ports.ts';
import { version } from '../support/numbered-version.ts';
import { refusingRename } from '../support/refusing-disk.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FILES = ['cert.pem', 'chain.pem', 'fullchain.pem', 'privkey.pem'];
const isRoot = process.getuid?.() === 0;

describe('the output writer', () => {
  const folder = temporaryFolder();
  const writer = createOutputWriter();
  const output = (...parts: string[]): string => join(folder(), 'tls', ...parts);
  const target = (over: Partial<OutputTarget> = {}): OutputTarget => ({
    directory: output(),
    keyMode: 0o640,
    certificateMode: 0o644,
    layout: 'links',
    ...over,
  });
  const pairAt = async (): Promise<string[]> => [
    await readFile(output('privkey.pem'), 'utf8'),
    await readFile(output('fullchain.pem'), 'utf8'),
  ];

  for (const layout of ['links', 'copies'] as const) {
    describe(`with ${layout}`, () => {
      it('makes the directory and puts all files there, with their modes', async () => {
        await writer.write(target({ layout }), version(1));
        assert.deepEqual(await pairAt(), ['key 1 end', 'fullchain 1 end']);
        assert.equal(await readFile(output('cert.pem'), 'utf8'), 'cert 1 end');
        assert.equal(await readFile(output('chain.pem'), 'utf8'), 'chain 1 end');
        assert.equal((await stat(output('privkey.pem'))).mode & 0o7777, 0o640);
        assert.equal((await stat(output('fullchain.pem'))).mode & 0o7777, 0o644);
        assert.equal((await stat(output())).mode & 0o7777, 0o755);
      });

      it('has nothing to do after a write', async () => {
        assert.equal(await writer.isCurrent(target({ layout }), version(1)), false);
        await writer.write(target({ layout }), version(1));
        assert.equal(await writer.isCurrent(target({ layout }), version(1)), true);
        assert.equal(await writer.isCurrent(target({ layout }), version(2)), false);
      });

      it('puts chain and key into one file as well, on request, and in the mode of the key', async () => {
        const both = target({ layout, combined: true });
        await writer.write(target({ layout }), version(1));
        assert.equal(await writer.isCurrent(both, version(1)), false);
        for (const number of [1, 2]) {
          await writer.write(both, version(number));
          assert.equal(
            await readFile(output('combined.pem'), 'utf8'),
            `fullchain ${number} end\nkey ${number} end\n`,
          );
          assert.equal((await stat(output('combined.pem'))).mode & 0o7777, 0o640);
          assert.equal(await writer.isCurrent(both, version(number)), true);
        }
        await chmod(output('combined.pem'), 0o644);
        assert.equal(await writer.isCurrent(both, version(2)), false);
      });

      it('takes over a combined file of another tool', async () => {
        await mkdir(output());
        await writeFile(output('combined.pem'), 'old');
        await writer.write(target({ layout, combined: true }), version(1));
        assert.equal(await writer.isCurrent(target({ layout, combined: true }), version(1)), true);
      });

      it('sees a wrong mode, and repairs it with the same version', async () => {
        await writer.write(target({ layout }), version(1));
        await chmod(output('privkey.pem'), 0o644);
        assert.equal(await writer.isCurrent(target({ layout }), version(1)), false);
        await writer.write(target({ layout }), version(1));
        assert.equal(await writer.isCurrent(target({ layout }), version(1)), true);
      });

      it('takes over plain files of another tool', async () => {
        await mkdir(output());
        for (const file of FILES) await writeFile(output(file), `old ${file}`);
        await writer.write(target({ layout }), version(1));
        assert.equal(await writer.isCurrent(target({ layout }), version(1)), true);
        assert.deepEqual(await pairAt(), ['key 1 end', 'fullchain 1 end']);
      });

      it('takes over links of another tool and leaves what they point to alone', async () => {
        await mkdir(output());
        await writeFile(join(folder(), 'foreign.pem'), 'foreign');
        for (const file of FILES) await symlink('../foreign.pem', output(file));
        await writer.write(target({ layout }), version(1));
        assert.deepEqual(await pairAt(), ['key 1 end', 'fullchain 1 end']);
        assert.equal(await readFile(join(folder(), 'foreign.pem'), 'utf8'), 'foreign');
      });

      it('changes over from the other layout', async () => {
        await writer.write(target({ layout: layout === 'links' ? 'copies' : 'links' }), version(1));
        await writer.write(target({ layout }), version(2));
        assert.equal(await writer.isCurrent(target({ layout }), version(2)), true);
        const extra = layout === 'links' ? ['.versions', 'current'] : [];
        assert.deepEqual((await readdir(output())).sort(), [...extra, ...FILES].sort());
      });

      it('sets owner and group', async function () {
        if (!isRoot) this.skip();
        await writer.write(target({ layout, owner: 'nobody', group: 'mail' }), version(1));
        const { uid, gid } = await stat(output('privkey.pem'));
        const [nobody, mail] = await Promise.all([getent('passwd', 'nobody'), getent('group', 'mail')]);
        assert.deepEqual([uid, gid], [nobody, mail]);
        await chown(output('privkey.pem'), 0, 0);
        assert.equal(
          await writer.isCurrent(target({ layout, owner: 'nobody', group: 'mail' }), version(1)),
          false,
        );
      });

      it('keeps the old pair on a full disk and on a read-only one, and leaves nothing behind', async function () {
        const disk = (await mountSmallDisk(output())) ?? this.skip();
        try {
          await writer.write(target({ layout }), version(1));
          const before = await tree(output());
          await writeFile(output('filler'), Buffer.alloc(200_000)).catch(() => {});
          await assert.rejects(writer.write(target({ layout }), version(2)), {
            code: 'E_OUTPUT',
            message: /ENOSPC/,
            hint: /df -h/,
          });
          assert.deepEqual(await pairAt(), ['key 1 end', 'fullchain 1 end']);
          assert.deepEqual(await tree(output()), [...before, 'filler'].sort());
          await disk.makeReadOnly();
          await assert.rejects(writer.write(target({ layout }), version(2)), {
            code: 'E_OUTPUT',
            message: /EROFS/,
          });
          assert.deepEqual(await pairAt(), ['key 1 end', 'fullchain 1 end']);
        } finally {
          await disk.unmount();
        }
      });

      it('names a group or owner that does not exist', async () => {
        await assert.rejects(writer.write(target({ layout, group: 'no-such-group' }), version(1)), {
          code: 'E_OUTPUT_OWNER',
          message: /no group "no-such-group"/,
        });
        await assert.rejects(writer.write(target({ layout, owner: 'no-such-user' }), version(1)), {
          code: 'E_OUTPUT_OWNER',
          message: /no user "no-such-user"/,
        });
        await assert.rejects(stat(output()), { code: 'ENOENT' });
      });
    });
  }

  it('leaves no link to a combined file that is no longer asked for, and a file of others alone', async () => {
    for (const layout of ['links', 'copies'] as const) {
      await writer.write(target({ combined: true }), version(1));
      await writer.write(target({ layout }), version(2));
      assert.ok(!(await readdir(output())).includes('combined.pem'), layout);
    }
    await writeFile(output('combined.pem'), 'of another tool');
    await writer.write(target(), version(3));
    assert.equal(await readFile(output('combined.pem'), 'utf8'), 'of another tool');
  });

  it('keeps the version before, and no more', async () => {
    for (const number of [1, 2, 3, 4]) await writer.write(target(), version(number));
    assert.deepEqual((await readdir(output('.versions'))).sort(), [version(3).id, version(4).id]);
    assert.equal(await readlink(output('current')), `.versions/${version(4).id}`);
    assert.equal(await readlink(output('privkey.pem')), 'current/privkey.pem');
  });

  it('does not make a path of which more than the last part is missing', async () => {
    await assert.rejects(writer.write(target({ directory: output('a', 'b') }), version(1)), {
      code: 'E_OUTPUT',
      message: /ENOENT/,
      hint: /create the folder/,
    });
  });

  it('touches no file when a folder stands where a copy belongs', async () => {
    await writer.write(target({ layout: 'copies' }), version(1));
    await chmod(output(), 0o755);
    await mkdir(output('blocked'));
    const blocked = target({ layout: 'copies', directory: output('blocked') });
    await mkdir(output('blocked', 'chain.pem'));
    await assert.rejects(writer.write(blocked, version(2)), { code: 'E_OUTPUT', message: /is a folder/ });
    assert.deepEqual(await readdir(output('blocked')), ['chain.pem']);
  });

  it('says so when it may not give files away, and can give them to a group that it is in', async function () {
    if (!isRoot) this.skip();
    this.timeout(30_000);
    const nobody = await getent('passwd', 'nobody');
    await chown(folder(), nobody, nobody);
    assert.equal(await writeAs(nobody, [output(), 'root', '']), 'E_OUTPUT_OWNER');
    assert.equal(await writeAs(nobody, [output(), '', 'mail']), 'E_OUTPUT_OWNER');
    assert.equal(await writeAs(nobody, [output(), '', String(nobody)]), 'written');
    assert.equal((await lstat(output('privkey.pem'))).isSymbolicLink(), true);
  });

  it('never shows a reader a key beside the certificate of another version', async function () {
    this.timeout(60_000);
    await writer.write(target({ combined: true }), version(0));
    const reader = await startReader(output(), 'links');
    for (let number = 1; number <= 300; number += 1)
      await writer.write(target({ combined: true }), version(number));
    const seen = await reader.stop();
    assert.match(seen, /"mismatches":0,"missing":0/);
    assert.ok(Number(/"reads":(\d+)/.exec(seen)?.[1]) > 100, seen);
  });

  for (const failing of [1, 2, 3, 4])
    it(`takes back the copies that are swapped already when rename ${failing} fails`, async () => {
      await writer.write(target({ layout: 'copies' }), version(1));
      const before = await tree(output());
      await refusingRename(failing, {}, () =>
        assert.rejects(writer.write(target({ layout: 'copies' }), version(2)), {
          code: 'E_OUTPUT',
          message: /cannot write to .*: input\/output error \(EIO\)/,
        }),
      );
      assert.deepEqual(await pairAt(), ['key 1 end', 'fullchain 1 end']);
      assert.equal(await writer.isCurrent(target({ layout: 'copies' }), version(1)), true);
      assert.deepEqual(await tree(output()), before);
    });

  it('takes back what was not there before as well', async () => {
    await mkdir(output());
    await refusingRename(2, {}, () =>
      assert.rejects(writer.write(target({ layout: 'copies' }), version(1)), { code: 'E_OUTPUT' }),
    );
    assert.deepEqual(await readdir(output()), []);
  });

  it('never leaves a moment without a file where copies are swapped', async function () {
    this.timeout(60_000);
    const copies = target({ layout: 'copies', combined: true });
    await writer.write(copies, version(0));
    const reader = await startReader(output(), 'copies');
    for (let number = 1; number <= 200; number += 1) await writer.write(copies, version(number));
    assert.match(await reader.stop(), /"mismatches":0,"missing":0/);
  });
});

interface Reader {
  stop(): Promise<string>;
}

async function startReader(directory: string, layout: string): Promise<Reader> {
  const script = join(import.meta.dirname, 'pair-reader.mjs');
  const child: ChildProcess = spawn(process.execPath, [script, directory, layout], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child;
  assert.ok(stdin !== null && stdout !== null);
  let printed = '';
  stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await once(stdout, 'data');
  return {
    async stop() {
      stdin.end();
      await once(child, 'close');
      return printed;
    },
  };
}

async function writeAs(uid: number, args: readonly string[]): Promise<string> {
  const script = join(import.meta.dirname, 'write-output.ts');
  // setpriv(1), since a spawned child would keep our supplementary groups.
  const drop = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
  const command = [process.execPath, '--import', 'tsx', script, ...args];
  const child = spawn('setpriv', [...drop, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
  return text(child.stdout);
}

async function getent(database: string, name: string): Promise<number> {
  const { stdout } = await promisify(execFile)('getent', [database, name]);
  return Number(stdout.split(':')[2]);
}

async function tree(path: string): Promise<string[]> {
  return (await readdir(path, { recursive: true })).sort();
}
