import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { UNITS, readUnit, unitNames, valuesOf } from './unit-file.ts';

const SYSTEM_UNITS = '/usr/lib/systemd/system';
/** In tenths of systemd's ten points; lower is tighter. */
const THRESHOLD = 15;

function analyze(...args: readonly string[]): { readonly ok: boolean; readonly said: string } {
  const { status, stdout, stderr, error } = spawnSync('systemd-analyze', args, {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', SYSTEMD_COLORS: '0' },
    timeout: 30_000,
  });
  if (error !== undefined) throw error;
  return { ok: status === 0, said: `${stdout}${stderr}`.trim() };
}

/** A root of its own with every program that the units start, none of which needs to be on this machine. */
async function fakeRoot(root: string): Promise<string> {
  const units = join(root, 'etc/systemd/system');
  await mkdir(units, { recursive: true });
  await cp(SYSTEM_UNITS, join(root, SYSTEM_UNITS), { recursive: true, verbatimSymlinks: true });
  for (const name of allUnits()) await copyFile(`${UNITS}${name}`, join(units, name));
  for (const name of allUnits())
    for (const key of ['ExecStart', 'ExecStartPre', 'ExecReload'])
      for (const command of valuesOf(readUnit(name), key)) await fakeProgram(root, command);
  return units;
}

async function fakeProgram(root: string, command: string): Promise<void> {
  const path = join(root, /^[-@:+!]*(\/\S+)/.exec(command)?.[1] ?? assert.fail(command));
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, '#!/bin/sh\n');
  await chmod(path, 0o755);
}

function allUnits(): string[] {
  return [...unitNames('.service'), ...unitNames('.timer'), ...unitNames('.path')];
}

describe('the systemd units', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();

  it('pass systemd-analyze verify without a word', async () => {
    const units = await fakeRoot(folder());
    const paths = allUnits().map((name) => join(units, name));
    const { ok, said } = analyze('verify', `--root=${folder()}`, '--man=no', ...paths);
    assert.equal(said, '');
    assert.ok(ok);
  });

  it('pass it with every drop-in as well', async () => {
    const units = await fakeRoot(folder());
    for (const service of ['delegated.service', 'delegated-renew.service'])
      await cp(`${UNITS}drop-ins`, join(units, `${service}.d`), { recursive: true });
    const paths = unitNames('.service').map((name) => join(units, name));
    const { ok, said } = analyze('verify', `--root=${folder()}`, '--man=no', ...paths);
    assert.equal(said, '');
    assert.ok(ok);
  });

  it('are found wanting by verify when one is wrong, so its silence means something', async () => {
    const units = await fakeRoot(folder());
    const path = join(units, 'wrong.service');
    await writeFile(path, '[Service]\nExecStart=/usr/bin/delegated run\nProtectSytem=strict\n');
    assert.match(analyze('verify', `--root=${folder()}`, '--man=no', path).said, /ProtectSytem/);
  });

  it('hold drop-ins of one kind only: for services', async () => {
    const files = await readdir(`${UNITS}drop-ins`);
    assert.ok(files.length > 0 && files.every((name) => name.endsWith('.conf')), files.join());
  });

  for (const name of unitNames('.service'))
    it(`expose ${name} to at most ${THRESHOLD / 10} of 10`, () => {
      const { ok, said } = analyze(
        'security',
        '--offline=yes',
        `--threshold=${THRESHOLD}`,
        '--no-pager',
        `${UNITS}${name}`,
      );
      assert.ok(ok, said);
      assert.match(said, new RegExp(`Overall exposure level for ${name}: `));
    });
});
