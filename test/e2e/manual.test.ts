import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { foreignUpdate } from '../support/zone-tools.ts';
import { type Lab, dig, finish, opensslVerify, orders, startLab } from './lab.ts';

const NAME = 'example.test';
const SRV = `_matrix-fed._tcp.${NAME}`;

/** Types into the DNS host's form whatever it is told to publish, line by line. */
function person(child: ChildProcess, lab: Lab): () => Promise<unknown> {
  const work: Promise<void>[] = [];
  const seen = new Set<string>();
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    const asked =
      text
        .split(/publish this/)
        .slice(1)
        .join('\n')
        .split(/may be removed/)[0] ?? '';
    for (const [, name = '', ttl = '', type = '', rdata = ''] of asked.matchAll(
      /^ {4}(\S+) (\d+) IN (SRV|TXT) (.+)\n/gm,
    )) {
      const line = `update add ${name} ${ttl} ${type} ${rdata}`;
      if (seen.has(line)) continue;
      seen.add(line);
      work.push(foreignUpdate(lab.dns, NAME, [line]));
    }
  });
  return () => Promise.all(work);
}

describe('a DNS host without an API, end to end', () => {
  let lab: Lab;
  beforeEach(async function () {
    this.timeout(30_000);
    lab = await startLab();
    await lab.configure(
      {
        [NAME]: {
          provider: 'main',
          srv: [{ target: `matrix.${NAME}` }],
          certificate: { outputs: [{ directory: join(lab.directory, 'tls') }], verify: 'none' },
        },
      },
      { providers: { main: { type: 'manual', wait: 20, nameServers: [`127.0.0.1:${lab.dns.port}`] } } },
    );
  });
  afterEach(() => lab.stop());

  it('prints what to publish, sees it, and goes on by itself; then there is nothing left to do', async () => {
    const child = lab.start(['renew']);
    const done = person(child, lab);
    const first = await finish(child);
    await done();
    assert.equal(first.code, 0, first.stdout + first.stderr);
    assert.deepEqual(await dig(lab, SRV, 'SRV'), [`10 0 8448 matrix.${NAME}.`]);
    assert.match(await opensslVerify(lab, join(lab.directory, 'tls'), NAME), /OK/);

    await lab.pebble.halt();
    const second = await lab.run(['renew']);
    assert.equal(second.code, 0, second.stdout + second.stderr);
    assert.doesNotMatch(second.stderr, /publish/);
    assert.equal(await orders(lab), 1);
  });

  it('shows drift in the status, and asks for no mark', async () => {
    await foreignUpdate(lab.dns, NAME, [`update add ${SRV}. 300 SRV 10 0 8448 matrix.${NAME}.`]);
    const good = await lab.run(['plan', '--json']);
    const { sites }: { sites: { records: { action: string }[] }[] } = JSON.parse(good.stdout);
    assert.deepEqual(
      sites[0]?.records.map(({ action }) => action),
      ['keep'],
    );

    await foreignUpdate(lab.dns, NAME, [
      `update delete ${SRV}. SRV`,
      `update add ${SRV}. 300 SRV 10 0 8448 other.${NAME}.`,
    ]);
    const drifted = await lab.run(['status']);
    assert.notEqual(drifted.code, 0);
    assert.match(drifted.stdout, /other\.example\.test/);
  });

  it('gives up after a while, says what is missing where, and resumes the same order later', async () => {
    await lab.configure(
      {
        [NAME]: {
          provider: 'main',
          srv: [{ target: `matrix.${NAME}` }],
          certificate: { outputs: [{ directory: join(lab.directory, 'tls') }], verify: 'none' },
        },
      },
      {
        providers: { main: { type: 'manual', wait: 1, nameServers: [`127.0.0.1:${lab.dns.port}`] } },
        propagation: { timeout: 1 },
      },
    );
    const waited = await lab.run(['renew']);
    assert.equal(waited.code, 3, waited.stdout + waited.stderr);
    assert.match(
      waited.stdout + waited.stderr,
      /_acme-challenge\.example\.test\. TXT "[\w-]{43}" is not served/,
    );
    const child = lab.start(['renew']);
    const done = person(child, lab);
    const { code, stdout, stderr } = await finish(child);
    await done();
    assert.equal(code, 0, stdout + stderr);
    assert.equal(await orders(lab), 1, 'the second run went on with the order of the first');
  });
});
