import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createNotify } from '../../src/io/notify.ts';
import { THIS_PROCESS } from '../support/this-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// Node has no datagram sockets of AF_UNIX, Perl is on every Debian. Prints what it receives, one line a message.
const LISTENER = `
  use IO::Socket::UNIX; use Socket; $| = 1;
  my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die;
  print "listening\\n";
  while (defined $socket->recv(my $message, 4096)) { $message =~ s/\\n/ /g; print "$message\\n"; }
`;

describe('notify', () => {
  const folder = temporaryFolder();
  const logged: string[] = [];
  const log = { debug: (message: string) => void logged.push(message) };
  beforeEach(() => logged.splice(0));

  it('tells systemd everything, in the order in which it happened', async function () {
    const socket = join(folder(), 'socket');
    const listener = spawn('perl', ['-e', LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(listener.stdout, 'data');
      let received = '';
      listener.stdout.on('data', (chunk: Buffer) => (received += chunk.toString()));
      const notify = createNotify(socket, log, THIS_PROCESS);
      const done = [
        notify.ready('3 sites'),
        notify.status('renewing\nexample.org'),
        notify.reloading(),
        notify.watchdog(),
        notify.stopping(),
      ];
      await Promise.all(done);
      while (!received.includes('STOPPING')) await once(listener.stdout, 'data');
      const messages = received.split('\n').filter((line) => line !== '' && !line.startsWith('BARRIER'));
      const expected = [
        /^READY=1 STATUS=3 sites *$/,
        /^STATUS=renewing example\.org *$/,
        /^RELOADING=1 MONOTONIC_USEC=\d+ *$/,
        /^WATCHDOG=1 *$/,
        /^STOPPING=1 *$/,
      ];
      for (const [index, pattern] of expected.entries()) assert.match(messages[index] ?? '', pattern);
      assert.deepEqual(logged, []);
    } finally {
      listener.kill();
    }
  });

  it('does nothing without a socket', async () => {
    await createNotify(undefined, log, THIS_PROCESS, { command: '/nonexistent' }).ready('x');
    assert.deepEqual(logged, []);
  });

  it('logs a failure and goes on', async () => {
    await createNotify('/nonexistent', log, THIS_PROCESS).ready('x');
    await createNotify('/nonexistent', log, THIS_PROCESS, { command: '/nonexistent' }).watchdog();
    assert.equal(logged.length, 2);
  });

  it('is never held up', async () => {
    const command = join(folder(), 'hangs');
    await writeFile(command, '#!/bin/sh\nexec sleep 1000\n');
    await chmod(command, 0o755);
    await createNotify('/x', log, THIS_PROCESS, { command, timeoutMs: 50 }).ready('x');
    assert.equal(logged.length, 1);
  });
});
