import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { exitCodeOf } from '../../src/commands/exit-code.ts';
import { DelegatedError } from '../../src/errors.ts';
import { UNITS, readUnit, unitNames, valuesOf } from './unit-file.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLES = `${ROOT}deploy/examples/`;
const README = readFileSync(`${ROOT}deploy/README.md`, 'utf8');
const DAEMON = readUnit('delegated.service');
const RENEW = readUnit('delegated-renew.service');
const RELOAD = readUnit('delegated-reload-synapse.service');
const [WATCHED = ''] = valuesOf(readUnit('delegated-reload-synapse.path'), 'PathExists');

const certificateSchema = z.union([
  z.literal('none'),
  z.object({
    outputs: z.array(z.object({ directory: z.string(), group: z.string().optional() })),
    reload: z.union([z.object({ exec: z.array(z.string()) }), z.object({ signal: z.string() })]),
  }),
]);
const exampleSchema = z.object({
  state: z.string(),
  sites: z.record(z.string(), z.object({ certificate: certificateSchema })),
});

function examples(): z.output<typeof exampleSchema>[] {
  const configs = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));
  return configs.map((name) => exampleSchema.parse(parse(readFileSync(`${EXAMPLES}${name}`, 'utf8'))));
}

interface ForSynapse {
  readonly outputs: readonly { readonly directory: string; readonly group?: string | undefined }[];
  readonly exec: readonly string[];
}

/** One of the examples is for a proxy, which is told by a signal. */
function exampleCertificates(): ForSynapse[] {
  const found = examples()
    .flatMap(({ sites }) => Object.values(sites))
    .flatMap(({ certificate }) => {
      if (certificate === 'none' || !('exec' in certificate.reload)) return [];
      return [{ outputs: certificate.outputs, exec: certificate.reload.exec }];
    });
  assert.ok(found.length >= 3);
  return found;
}

/** What `--help` prints for that command line. */
function help(args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(execPath, ['--import', 'tsx', 'src/main.ts', ...args, '--help'], {
    encoding: 'utf8',
    cwd: ROOT,
    env: { PATH: '/usr/bin:/bin' },
    timeout: 30_000,
  });
  return `${stdout}${stderr}`;
}

function exitStatus(...codes: readonly ConstructorParameters<typeof DelegatedError>[0][]): string[] {
  return [...new Set(codes.map((code) => String(exitCodeOf(new DelegatedError(code, 'x')))))];
}

function words(unit: typeof DAEMON, key: string): string[] {
  return valuesOf(unit, key).flatMap((value) => value.split(' '));
}

describe('the service units', () => {
  for (const name of unitNames('.service')) {
    const commands = valuesOf(readUnit(name), 'ExecStart').filter((command) =>
      command.startsWith('/usr/bin/delegated'),
    );
    for (const command of commands)
      it(`${name} starts \`${command}\`, which the program knows`, () => {
        const [, verb = '', ...rest] = command.split(' ');
        assert.match(help([verb, ...rest]), new RegExp(`^Usage: delegated ${verb}\\b`));
      });
  }

  it('do not start the daemon again over wrong usage, a wrong config or a secret that it cannot read', () => {
    assert.deepEqual(
      words(DAEMON, 'RestartPreventExitStatus'),
      exitStatus('E_USAGE', 'E_CONFIG', 'E_SECRET'),
    );
  });

  it('take it for well when another process holds the lock, and nothing else', () => {
    assert.deepEqual(words(RENEW, 'SuccessExitStatus'), exitStatus('E_LOCKED'));
  });

  it('let systemd-notify speak for the daemon', () => {
    assert.deepEqual(valuesOf(DAEMON, 'Type'), ['notify']);
    assert.deepEqual(valuesOf(DAEMON, 'NotifyAccess'), ['all']);
  });

  it('hold the timer way in the same sandbox as the daemon', () => {
    const sandbox = (unit: typeof DAEMON): unknown =>
      unit.slice(
        unit.findIndex(([key]) => key === 'User'),
        unit.findIndex(([key]) => key === 'RestrictAddressFamilies') + 1,
      );
    assert.deepEqual(sandbox(RENEW), sandbox(DAEMON));
  });

  it('keep no private key in a core dump, and no state that others can read', () => {
    assert.deepEqual(valuesOf(DAEMON, 'LimitCORE'), ['0']);
    assert.deepEqual(valuesOf(DAEMON, 'StateDirectoryMode'), ['0700']);
    assert.deepEqual(valuesOf(DAEMON, 'UMask'), ['0077']);
  });

  it('run as the user that the sysusers file makes', () => {
    const made = /^u (\S+) /m.exec(readFileSync(`${UNITS}delegated.sysusers.conf`, 'utf8'))?.[1];
    for (const unit of [DAEMON, RENEW, RELOAD]) assert.deepEqual(valuesOf(unit, 'User'), [made]);
  });

  it('own the state directory that the examples name', () => {
    for (const { state } of examples())
      assert.equal(state, `/var/lib/${words(DAEMON, 'StateDirectory').join()}`);
  });
});

describe('the request to reload Synapse', () => {
  it('is the same file in the path unit, its service, every example and the instructions', () => {
    assert.deepEqual(valuesOf(RELOAD, 'ExecStartPre'), [`/bin/rm -f ${WATCHED}`]);
    for (const { exec } of exampleCertificates()) assert.deepEqual(exec, ['/usr/bin/touch', WATCHED]);
    assert.ok(README.includes(`reload: { exec: [/usr/bin/touch, ${WATCHED}] }`));
  });

  it('lies in a directory that the daemon may write to and that outlives a run of the timer', () => {
    for (const unit of [DAEMON, RENEW]) {
      assert.ok(WATCHED.startsWith(`/run/${words(unit, 'RuntimeDirectory').join()}/`), WATCHED);
      assert.deepEqual(valuesOf(unit, 'RuntimeDirectoryPreserve'), ['yes']);
    }
  });

  it('is watched by its existence, as changes are missed while the service runs', () => {
    const keys = readUnit('delegated-reload-synapse.path').map(([key]) => key);
    assert.deepEqual(
      keys.filter((key) => key.startsWith('Path')),
      ['PathExists'],
    );
  });

  it('is taken away before the reload, so that a later one counts', () => {
    const order = RELOAD.map(([key]) => key).filter((key) => key.startsWith('ExecStart'));
    assert.deepEqual(order, ['ExecStartPre', 'ExecStart']);
  });

  it('may come at any rate: more than five in ten seconds do not end the service', () => {
    assert.deepEqual(valuesOf(RELOAD, 'StartLimitIntervalSec'), ['0']);
  });

  it('reloads Synapse as root, without any capability', () => {
    assert.match(valuesOf(RELOAD, 'ExecStart').join(), /^!\/usr\/bin\/systemctl .* matrix-synapse\.service$/);
    assert.deepEqual(valuesOf(RELOAD, 'CapabilityBoundingSet'), ['']);
  });
});

describe('the drop-ins', () => {
  it('open the output directory, and join the group, that the examples and the instructions name', () => {
    const dropIn = readUnit('drop-ins/synapse-output.conf');
    const [directory = ''] = valuesOf(dropIn, 'ReadWritePaths');
    const [group = ''] = valuesOf(dropIn, 'SupplementaryGroups');
    for (const { outputs } of exampleCertificates())
      assert.deepEqual(
        outputs.map((output) => [output.directory, output.group]),
        [[directory, group]],
      );
    assert.ok(README.includes(`install -d -o delegated -g ${group} -m 0750 ${directory}\n`));
  });

  it('are all explained', () => {
    for (const name of readdirSync(`${UNITS}drop-ins`)) assert.ok(README.includes(`\`${name}\``), name);
  });

  it('give one capability for port 53, and that one alone', () => {
    const dropIn = readUnit('drop-ins/builtin-port-53.conf');
    assert.deepEqual(
      dropIn.map(([, value]) => value),
      ['CAP_NET_BIND_SERVICE', 'CAP_NET_BIND_SERVICE'],
    );
  });
});

describe('the timer', () => {
  const timer = readUnit('delegated-renew.timer');

  it('comes every twelve hours', () => {
    const [calendar = ''] = valuesOf(timer, 'OnCalendar');
    const { stdout } = spawnSync(
      'systemd-analyze',
      ['calendar', '--base-time=2026-01-01 00:00:00 UTC', '--iterations=3', calendar],
      { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C.UTF-8' }, timeout: 30_000 },
    );
    const times = [...stdout.matchAll(/(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g)].map(([, day, time]) =>
      Date.parse(`${day}T${time}Z`),
    );
    const gaps = new Set(times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 3_600_000));
    assert.deepEqual([...gaps], [12], stdout);
  });

  it('keeps the machine to one moment of the half day, and makes up for a missed run', () => {
    assert.deepEqual(valuesOf(timer, 'RandomizedDelaySec'), ['12h']);
    assert.deepEqual(valuesOf(timer, 'FixedRandomDelay'), ['yes']);
    assert.deepEqual(valuesOf(timer, 'Persistent'), ['yes']);
  });
});
