import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { factsOf, parseChain } from '../../src/certificate/x509.ts';
import { listCommand, showCommand } from '../../src/commands/certificate-versions.ts';
import { type RollbackFlags, rollbackCommand } from '../../src/commands/rollback.ts';
import { createCertificateStore } from '../../src/io/certificate-store.ts';
import { createStateStore } from '../../src/io/state-store.ts';
import type { CertificateStore, StoredVersion } from '../../src/ports.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { createFakeDice } from '../support/fake-ports.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createTestShell } from '../support/test-shell.ts';
import { makeCertificate } from '../support/x509-maker.ts';

const CA = makeCertificate({ subject: 'Lab CA', isCa: true });
const DAY_MS = 86_400_000;

describe('certificates list and show', () => {
  const folder = temporaryFolder();
  const stateDirectory = (): string => join(folder(), 'state');
  const store = (): CertificateStore =>
    createCertificateStore({
      directory: join(stateDirectory(), 'certificates'),
      facts: (fullchain) => factsOf(parseChain(fullchain)[0]),
      keep: 5,
      now: () => new Date(),
    });

  async function commit(days = 60): Promise<StoredVersion> {
    const notAfter = new Date(Date.now() + days * DAY_MS + 60_000);
    const names = ['matrix.example.org', 'example.org'];
    const { pem, privateKey } = makeCertificate({ subject: 'x', names, notAfter, issuer: CA });
    const material = { privateKey, cert: pem, chain: CA.pem, fullchain: pem + CA.pem };
    return store().commit('example.org', material);
  }

  const served = (): Promise<string> => readFile(join(folder(), 'tls', 'fullchain.pem'), 'utf8');

  /** Without another word, one whose secret is not there: what only reads does not need it. */
  async function configure(
    key = '{ name: k, algorithm: hmac-sha256, secret: { file: /nonexistent/key } }',
  ): Promise<string> {
    const file = join(folder(), 'config.yaml');
    await writeFile(
      file,
      `version: 1
state: ${stateDirectory()}
acme: { ca: letsencrypt, termsOfServiceAgreed: true }
providers: { main: { type: rfc2136, server: 127.0.0.1, key: ${key} } }
sites:
  example.org:
    provider: main
    srv: [{ target: matrix.example.org }]
    certificate: { names: [matrix.example.org], outputs: [{ directory: ${join(folder(), 'tls')} }], verify: none }
  example.net: { provider: main, srv: [{ target: matrix.example.org }], certificate: {} }
`,
    );
    return file;
  }

  async function run(
    command: typeof listCommand | typeof showCommand,
    flags: Parameters<typeof listCommand>[1],
    code = 0,
  ): Promise<string> {
    const file = await configure();
    const shell = createTestShell();
    const given = { config: file, ...flags };
    assert.equal(
      await (command === listCommand
        ? listCommand([], given, shell)
        : showCommand('example.org', given, shell)),
      code,
    );
    return shell.printed();
  }

  const parsed = async (command: typeof listCommand | typeof showCommand, code = 0): Promise<unknown> =>
    JSON.parse(await run(command, { json: true }, code));

  it('have a row per site: what is live, and how many are kept', async () => {
    const old = await commit();
    const { id, facts } = await commit();
    const [, row = '', empty = ''] = (await run(listCommand, {})).split('\n');
    assert.match(row, /^example\.org +example\.org matrix\.example\.org /);
    for (const part of [facts.serial, 'Lab CA', '60 days', `${id}  2`]) assert.ok(row.includes(part), part);
    assert.ok(!row.includes(old.id));
    assert.match(empty, /^example\.net +- .*0$/);
  });

  it('have a block per version, the newest first, with the CA that is written down', async () => {
    const versions = [await commit(), await commit()];
    const [old, live] = versions;
    const state = createStateStore(stateDirectory(), {
      dice: createFakeDice(),
      clock: { now: () => new Date() },
    });
    const ca = 'https://ca.test/directory';
    await state.writeSite('example.org', {
      failures: 0,
      issuedBy: { version: live?.id ?? '', ca },
      revokedVersion: old?.id ?? '',
    });
    const text = await run(showCommand, {});
    assert.deepEqual(
      [...text.matchAll(/^(\d\S+ .*)$/gm)].map(([, title]) => title),
      [`${String(live?.id)}  live`, `${String(old?.id)}  revoked`],
    );
    for (const { facts } of versions) assert.ok(text.includes(facts.serial) && text.includes(facts.sha256));
    const document = await parsed(showCommand);
    assert.deepEqual(document, {
      version: 1,
      ok: true,
      sites: [
        {
          serverName: 'example.org',
          ok: true,
          versions: [live, old].map((version) => ({
            id: version?.id,
            live: version === live,
            revoked: version === old,
            expired: false,
            names: ['example.org', 'matrix.example.org'],
            serial: version?.facts.serial,
            sha256: version?.facts.sha256,
            issuer: 'Lab CA',
            notBefore: version?.facts.notBefore.toISOString(),
            notAfter: version?.facts.notAfter.toISOString(),
            keyType: 'ec256',
            ca: version === live ? ca : null,
            broken: null,
          })),
          errors: [],
        },
      ],
    });
  });

  it('print no key, in no form', async () => {
    const { material } = await commit();
    const secret = material.privateKey.split('\n')[1] ?? '';
    assert.ok(secret.length > 20);
    for (const command of [listCommand, showCommand])
      for (const json of [true, false]) {
        const text = await run(command, { json });
        assert.ok(!text.includes(secret) && !text.includes('BEGIN'));
      }
  });

  it('make nothing where there is nothing', async () => {
    assert.match(await run(showCommand, {}), /no certificate yet/);
    await run(listCommand, {});
    assert.equal(existsSync(stateDirectory()), false);
  });

  it('say that the live one has expired', async () => {
    await commit(-1);
    assert.match(await run(listCommand, {}, 4), /23 hours ago/);
    assert.match(await run(showCommand, {}, 4), / live, expired$/m);
  });

  it('tell the versions that are there when the live one is broken or lost', async () => {
    const old = await commit();
    const { id, directory } = await commit();
    await writeFile(join(directory, 'privkey.pem'), old.material.privateKey);
    assert.match(
      await run(showCommand, {}, 3),
      new RegExp(`^${id} {2}live, broken\n {2}the private key is not`, 'm'),
    );
    await rm(directory);
    assert.match(await run(listCommand, {}, 3), /E_CERTIFICATE_STORE: .* link .* is missing/);
    await symlink('/etc', directory);
    const text = await run(showCommand, {}, 3);
    assert.match(text, /leads to "\/etc"/);
    assert.ok(text.includes(old.facts.serial));
  });

  it('name what rollback goes to: it is live and in the outputs, and held until released', async () => {
    const old = await commit();
    const live = await commit();
    const config = await configure('{ name: k, algorithm: hmac-sha256, secret: c2VjcmV0MTIzNDU2Nzg5MA== }');
    const rollback = async (flags: RollbackFlags): Promise<string> => {
      const shell = createTestShell();
      assert.equal(await rollbackCommand('example.org', { config, ...flags }, shell), 0);
      return shell.printed();
    };

    assert.match(await rollback({}), /rolled back, until .* written/);
    assert.equal(await served(), old.material.fullchain);
    assert.equal(await store().live('example.org'), old.id);

    const forward: unknown = JSON.parse(await rollback({ to: live.id, json: true }));
    assertHas(forward, { action: 'rollback', held: true, sha256: live.facts.sha256 });
    assert.equal(await served(), live.material.fullchain);

    assertHas(JSON.parse(await rollback({ release: true, json: true })), { action: 'keep', held: undefined });
    assert.equal(await served(), live.material.fullchain);
    await assertRefused(
      rollbackCommand('example.org', { config, to: live.id, release: true }, createTestShell()),
      'E_USAGE',
    );
  });
});

const document = z.object({ sites: z.tuple([z.object({ certificate: z.record(z.string(), z.unknown()) })]) });

function assertHas(printed: unknown, expected: Readonly<Record<string, unknown>>): void {
  const { certificate } = document.parse(printed).sites[0];
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, certificate[key]])), expected);
}
