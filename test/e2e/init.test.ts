/** `config init` on a terminal, as a person meets it; what it writes is judged by `doctor`. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTerminal, type Terminal } from '../support/terminal.ts';
import { foreignUpdate } from '../support/zone-tools.ts';
import { type Lab, PROGRAM, startLab, strayChallenges } from './lab.ts';

const NAME = 'example.test';

describe('config init on a terminal, end to end', function () {
  this.timeout(60_000);
  let lab: Lab;
  /** Of a folder where no secret lies yet. */
  let configFile: string;
  beforeEach(async () => {
    lab = await startLab({ zones: ['test', { name: NAME, records: ['matrix 60 IN A 127.0.0.1'] }] });
    configFile = join(lab.directory, 'etc', 'config.yaml');
  });
  afterEach(() => lab.stop());

  function init(): Terminal {
    const server = `127.0.0.1:${lab.dns.port}`;
    const program = [process.execPath, PROGRAM, '-c', configFile, 'config', 'init'];
    const places = ['--resolver', server, '--name-server', server, '--state', lab.state];
    const ca = ['--ca-file', lab.pebble.caFile, '--ca', lab.pebble.directoryUrl];
    return startTerminal([...program, ...places, ...ca]);
  }

  it('asks, looks, explains, and writes a config that doctor likes', async () => {
    const terminal = init();
    await terminal.answer('Server name', 'not a name');
    await terminal.answer('Server name', NAME);
    await terminal.answer('Go on with SRV records and a certificate for example.test? [yes]:', '');
    await terminal.answer('Host that runs the homeserver [matrix.example.test]:', '');
    await terminal.answer('Port of federation there [8448]:', '');
    await terminal.answer('or "none" [none]:', '');
    await terminal.answer('Number or name [rfc2136]:', '1');
    await terminal.answer(
      'server (the primary name server of the zone) [127.0.0.1:53]:',
      `127.0.0.1:${lab.dns.port}`,
    );
    await terminal.answer('key.name [delegated]:', lab.dns.key.name);
    await terminal.answer('key.algorithm [hmac-sha256]:', lab.dns.key.algorithm);
    await terminal.answer('key.secret: paste it', lab.dns.key.secret);
    await terminal.answer('E-mail address', 'admin@example.test');
    await terminal.answer('do you agree? [no]:', 'y');
    await terminal.answer('Number or name [', 'other');
    await terminal.answer('Folder for fullchain.pem and privkey.pem', join(lab.directory, 'tls'));
    await terminal.answer('Group', '');
    await terminal.answer('systemd unit', '');
    assert.equal(await terminal.end(), 0, terminal.shown());
    assert.ok(!terminal.shown().includes(lab.dns.key.secret));
    assert.doesNotMatch(terminal.shown(), /Warning/);
    const secretFile = join(lab.directory, 'etc', 'tsig.secret');
    assert.equal(await readFile(secretFile, 'utf8'), `${lab.dns.key.secret}\n`);
    assert.equal((await stat(secretFile)).mode & 0o777, 0o600);
    assert.ok(!(await readFile(configFile, 'utf8')).includes(lab.dns.key.secret));
    const doctor = await lab.run(['-c', configFile, 'doctor']);
    assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr);
  });

  it('needs nobody for renewals where a program writes the challenges, and the record is typed once', async () => {
    const hook = join(lab.directory, 'update-dns');
    const update = `server 127.0.0.1 ${lab.dns.port}\nzone ${NAME}\nupdate $op $2 $ttl TXT "$3"\nsend`;
    await writeFile(
      hook,
      `#!/bin/sh\nop=add ttl=60\n[ "$1" = present ] || op=delete ttl=\n/usr/bin/nsupdate -v -k ${lab.dns.keyFile} <<END\n${update}\nEND\n`,
      { mode: 0o755 },
    );
    const terminal = init();
    await terminal.answer('Server name', NAME);
    for (const each of ['Go on', 'Host', 'Port', 'More names']) await terminal.answer(each, '');
    await terminal.answer('Number or name', 'manual+exec');
    await terminal.answer('command (', hook);
    await terminal.answer('zones (the zones that it serves) [example.test]:', '');
    await terminal.answer('E-mail address', '');
    await terminal.answer('do you agree? [no]:', 'y');
    await terminal.answer('Number or name [', 'nothing');
    assert.equal(await terminal.end(), 0, terminal.shown());
    const told = await lab.run(['-c', configFile, 'records', NAME, '--format', 'zone']);
    const [line = ''] = told.stdout.split('\n').filter((each) => each.includes(' SRV '));
    await foreignUpdate(lab.dns, NAME, [`update add ${line.replace(' IN', '')}`]);
    const doctor = await lab.run(['-c', configFile, 'doctor']);
    assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr);
    const written = await readFile(configFile, 'utf8');
    await writeFile(configFile, written.replace('reload: none', 'reload: none\n      verifyTimeout: 1'));
    const renewed = await lab.run(['-c', configFile, 'renew', '--json']);
    // Nobody serves it yet, as on a machine that has no homeserver; the certificate is there.
    assert.match(renewed.stdout, /"notAfter":/);
    assert.doesNotMatch(renewed.stdout, /E_ACME|E_PROVIDER|E_NOT_PROPAGATED/);
    assert.deepEqual(await strayChallenges(lab, NAME), []);
  });

  it('ends with 130 on Ctrl-C, while a secret is typed too, and writes nothing', async () => {
    for (const question of ['Server name', 'key.secret: paste it']) {
      const terminal = init();
      if (question !== 'Server name') {
        await terminal.answer('Server name', NAME);
        for (const each of [
          'Go on',
          'Host',
          'Port',
          'More names',
          'Number or name',
          'server (',
          'key.name',
          'key.algorithm',
        ])
          await terminal.answer(each, '');
      }
      await terminal.press(question, '\u0003');
      assert.equal(await terminal.end(), 130, terminal.shown());
      assert.match(terminal.shown(), /nothing was written/);
      assert.equal(await stat(configFile).catch(() => null), null);
    }
  });

  it('ends with 2 on Ctrl-D, and writes nothing', async () => {
    const terminal = init();
    await terminal.press('Server name', '\u0004');
    assert.equal(await terminal.end(), 2, terminal.shown());
    assert.match(terminal.shown(), /nothing was written/);
    assert.equal(await stat(configFile).catch(() => null), null);
  });
});
