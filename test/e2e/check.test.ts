import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import { join } from 'node:path';
import { notFound, site } from '../support/check-world.ts';
import { NAME, ROOT_CA, certificateFor, federation, homeserver } from '../support/federation.ts';
import { startBind } from '../support/bind.ts';
import type { NameServer } from '../support/name-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Outcome, PROGRAM, finish } from './lab.ts';

/** The built program, BIND, and TLS servers; no config anywhere. */
describe('check, end to end', () => {
  const folder = temporaryFolder();
  const lab = federation();
  const dns: NameServer[] = [];
  afterEach(() => Promise.all(dns.splice(0).map((server) => server.stop())));

  async function check(credentials: ServerOptions, records: (port: number) => string[]): Promise<Outcome> {
    const port = await lab.listen(createServer(credentials, homeserver()));
    const web = await lab.serve(certificateFor([NAME]), site(notFound));
    const bind = await startBind({ zones: [{ name: NAME, records: records(port) }], recursion: true });
    dns.push(bind);
    const caFile = join(folder(), 'ca.pem');
    writeFileSync(caFile, ROOT_CA.pem);
    return finish(
      start([
        NAME,
        '--json',
        `--ca-file=${caFile}`,
        `--resolver=127.0.0.1:${bind.port}`,
        `--resolve=ns.${NAME}:53:127.0.0.1:${bind.port}`,
        `--resolve=${NAME}:443:127.0.0.1:${web}`,
      ]),
    );
  }

  it('finds nothing wrong with a healthy server, in less than five seconds', async function () {
    this.timeout(20_000);
    const started = performance.now();
    const { code, stdout, stderr } = await check(certificateFor([NAME]), (port) => [
      `_matrix-fed._tcp IN SRV 10 5 ${port} matrix`,
      'matrix IN A 127.0.0.1',
    ]);
    assert.ok(performance.now() - started < 5_000);
    assert.equal(code, 0, stdout + stderr);
    const { ok, step, findings } = JSON.parse(stdout);
    assert.deepEqual({ ok, step, findings }, { ok: true, step: '4', findings: [] });
  });

  it('names each thing that is wrong with a broken one, and ends with 4', async function () {
    this.timeout(20_000);
    const { code, stdout } = await check(certificateFor([`matrix.${NAME}`]), (port) => [
      `_matrix._tcp IN SRV 10 5 ${port} matrix`,
      'matrix IN CNAME host',
      'host IN A 127.0.0.1',
    ]);
    assert.equal(code, 4);
    const { findings }: { findings: { code: string }[] } = JSON.parse(stdout);
    assert.deepEqual(
      findings.map((each) => each.code),
      ['SRV_TARGET_CNAME', 'CERT_FOR_SRV_TARGET', 'SRV_LEGACY_ONLY'],
    );
  });
});

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [PROGRAM, 'check', ...args], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DELEGATED_CONFIG: '/nowhere' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
