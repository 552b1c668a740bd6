import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createBuiltin } from '../../../providers/builtin/index.ts';
import { builtinOptions } from '../../../providers/builtin/options.ts';
import { parseDomainName, under } from '../../../src/dns/domain-name.ts';
import { createDnsClient } from '../../../src/io/dns-client.ts';
import type { Change, DnsProvider } from '../../../src/provider.ts';
import type { DnsResponse } from '../../../src/ports.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';
import { startBind } from '../../support/bind.ts';
import { type BuiltinServer, SILENT, startBuiltin } from '../../support/builtin.ts';

const ZONE = parseDomainName('example.test');
const NAME = under('_acme-challenge', ZONE);

function add(provider: DnsProvider, value: string): Promise<unknown> {
  const change: Change = { op: 'add', name: NAME, type: 'TXT', ttl: 60, values: [value] };
  return provider.apply({ id: ZONE, name: ZONE }, [change], testCtx());
}

async function ask(port: number): Promise<DnsResponse> {
  const question = { name: NAME, type: 'TXT', recurse: false } as const;
  return createDnsClient().query({ address: '127.0.0.1', port }, question, testCtx());
}

async function served(port: number): Promise<string[]> {
  return (await ask(port)).answers.flatMap((record) => (record.type === 'TXT' ? record.data : [])).sort();
}

/** What the check finds wrong. */
async function failures(port: number, zone: string, stateDirectory: string): Promise<string> {
  const options = builtinOptions.parse({ listen: [`127.0.0.1:${port}`], zones: [zone] });
  const deps = { stateDirectory, name: 'x', log: SILENT, now: () => new Date() };
  const provider = createBuiltin(options, deps);
  const items = await provider.check(testCtx());
  await provider.close();
  return items.flatMap(({ ok, message }) => (ok ? [] : message)).join();
}

describe('the built-in name server as a process among others', () => {
  let server: BuiltinServer;
  beforeEach(async () => {
    server = await startBuiltin({ zones: ['example.test'] });
  });
  afterEach(() => server.stop());

  it('listens from the first call on, and not before', async () => {
    await assertRefused(ask(server.port), 'E_DNS_UNANSWERED');
    await server.provider.findZone(NAME, testCtx());
    assert.equal((await ask(server.port)).rcode, 'NXDOMAIN');
  });

  it('serves after a restart what it served before', async () => {
    await add(server.provider, 'kept');
    await server.provider.close();
    await assertRefused(ask(server.port), 'E_DNS_UNANSWERED');
    await server.again().listen(testCtx());
    assert.deepEqual(await served(server.port), ['kept']);
  });

  it('serves at once what another process has written, and is served by it', async () => {
    await add(server.provider, 'by the daemon');
    const oneShot = server.again();
    await add(oneShot, 'by a one-shot command');
    assert.deepEqual(await served(server.port), ['by a one-shot command', 'by the daemon']);
    assert.ok((await oneShot.check(testCtx())).every(({ ok }) => ok));
    await oneShot.close();
    assert.equal((await served(server.port)).length, 2);
  });

  it('takes over when the process that serves has gone', async () => {
    await add(server.provider, 'kept');
    const next = server.again();
    await next.listen(testCtx());
    await server.provider.close();
    await next.listen(testCtx());
    assert.deepEqual(await served(server.port), ['kept']);
  });

  it('takes over by itself from one that was killed', async function () {
    this.timeout(60_000);
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'serve.ts'), `${server.port}`, server.stateDirectory],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    await add(server.provider, 'written beside it');
    assert.deepEqual(await served(server.port), ['written beside it']);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await assertRefused(ask(server.port), 'E_DNS_UNANSWERED');
    const deadline = performance.now() + 15_000;
    while (performance.now() < deadline && (await ask(server.port).catch(() => null)) === null)
      await delay(50);
    assert.deepEqual(await served(server.port), ['written beside it']);
  });

  it('says SERVFAIL while its file is damaged, and one line in the log', async () => {
    const lines: string[] = [];
    const log = { ...SILENT, error: (message: string) => void lines.push(message) };
    const loud = await startBuiltin({ zones: ['example.test'], log });
    try {
      await add(loud.provider, 'kept');
      await writeFile(loud.file, '{');
      for (let count = 0; count < 3; count += 1) assert.equal((await ask(loud.port)).rcode, 'SERVFAIL');
      assert.equal(lines.length, 1);
      assert.ok((await loud.provider.check(testCtx())).some(({ ok }) => !ok));
    } finally {
      await loud.stop();
    }
  });

  it('finds in its check that the port belongs to another name server, or to something else', async () => {
    const bind = await startBind({ zones: ['example.test'] });
    const mute = createSocket('udp4');
    mute.bind(0, '127.0.0.1');
    await once(mute, 'listening');
    try {
      assert.match(
        await failures(bind.port, 'example.org', server.stateDirectory),
        /does not serve example\.org/,
      );
      assert.match(
        await failures(bind.port, 'example.test', server.stateDirectory),
        /serves example\.test\. from elsewhere \(serial 1,/,
      );
      assert.match(
        await failures(mute.address().port, 'example.org', server.stateDirectory),
        /does not answer DNS queries/,
      );
    } finally {
      mute.close();
      await bind.stop();
    }
  });

  it('says which address it cannot have', async () => {
    const options = builtinOptions.parse({ listen: ['192.0.2.1:5300'], zones: ['example.test'] });
    const deps = { stateDirectory: server.stateDirectory, name: 'x', log: SILENT, now: () => new Date() };
    const provider = createBuiltin(options, deps);
    const error = await assertRefused(provider.listen(testCtx()), 'E_PROVIDER_UNAVAILABLE');
    assert.match(error.message, /cannot listen on 192\.0\.2\.1:5300: EADDRNOTAVAIL/);
    await provider.close();
  });

  it('explains a port that needs a right', async () => {
    const options = builtinOptions.parse({ listen: ['127.0.0.1:53'], zones: ['example.test'] });
    const provider = createBuiltin(options, {
      stateDirectory: server.stateDirectory,
      name: 'x',
      log: SILENT,
      now: () => new Date(),
      listener: {
        open: () => Promise.reject(Object.assign(new Error('bind EACCES 127.0.0.1:53'), { code: 'EACCES' })),
        close: () => Promise.resolve(),
      },
    });
    const error = await assertRefused(provider.listen(testCtx()), 'E_PROVIDER_UNAVAILABLE');
    assert.match(error.hint ?? '', /CAP_NET_BIND_SERVICE/);
    await provider.close();
  });

  it('lets a command without the right to the port write beside a daemon that has it', async () => {
    await add(server.provider, 'by the daemon');
    const listen = [`127.0.0.1:${server.port}`];
    const provider = createBuiltin(builtinOptions.parse({ listen, zones: ['example.test'] }), {
      stateDirectory: server.stateDirectory,
      name: 'main',
      log: SILENT,
      now: () => new Date(),
      listener: {
        open: () => Promise.reject(Object.assign(new Error('bind EACCES'), { code: 'EACCES' })),
        close: () => Promise.resolve(),
      },
    });
    await add(provider, 'by the command');
    assert.equal((await served(server.port)).length, 2);
    await provider.close();
  });
});
