import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../../src/commands/program.ts';
import { notFound, site } from '../support/check-world.ts';
import {
  NAME,
  ROOT_CA,
  TARGET,
  certificateFor,
  federation,
  homeserver,
  json,
  serverKeys,
} from '../support/federation.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createTestShell } from '../support/test-shell.ts';

describe('delegated check', () => {
  const folder = temporaryFolder();
  const lab = federation();

  /** The arguments of a lab where the homeserver has a certificate for that name. */
  async function labArguments(certName: string, credentials = certificateFor([certName])): Promise<string[]> {
    const port = await lab.serve(credentials, homeserver());
    const web = await lab.serve(certificateFor([NAME]), site(notFound));
    const dns = await lab.dns({
      rows: [
        [TARGET, 'A', '127.0.0.1'],
        [`_matrix-fed._tcp.${NAME}`, 'SRV', `10 5 ${port} ${TARGET}`],
      ],
    });
    const caFile = join(folder(), 'ca.pem');
    writeFileSync(caFile, ROOT_CA.pem);
    const { address, port: dnsPort } = dns.endpoint;
    return [
      'check',
      NAME,
      `--resolver=${address}:${dnsPort}`,
      `--resolve=${NAME}:443:127.0.0.1:${web}`,
      `--ca-file=${caFile}`,
    ];
  }

  /** A config, and what its state directory holds for the server. */
  function configure(cert: string): string {
    const live = join(folder(), 'state/certificates', NAME, 'current');
    mkdirSync(live, { recursive: true });
    writeFileSync(join(live, 'fullchain.pem'), cert);
    const file = join(folder(), 'config.yaml');
    const site = 'provider: main, srv: [{target: matrix.example.org}]';
    writeFileSync(
      file,
      `version: 1\nstate: ${folder()}/state\nproviders: {main: {type: desec, token: {file: /nowhere/token}}}\nsites: {${NAME}: {${site}}}\n`,
    );
    return file;
  }

  it('says in one line that all is well, and ends with 0', async () => {
    const { code, out } = await run(await labArguments(NAME));
    assert.equal(code, 0);
    assert.match(out, /^GOOD {2}example\.org federates: peers find it, trust it and get its keys\.\n/);
    assert.match(out, /1\. https:\/\/example\.org\/\.well-known\/matrix\/server delegates nothing/);
    assert.match(out, /ok {4}127\.0\.0\.1 port \d+ \(matrix\.example\.org\): TLS 1\.3; .*; Lab 1\.2/);
  });

  it('says what is broken and how to repair it, and ends with 4', async () => {
    const { code, out } = await run(await labArguments(TARGET));
    assert.equal(code, 4);
    assert.match(
      out,
      /^BAD {3}example\.org cannot be reached by all peers: The certificate is for the SRV target/,
    );
    assert.match(
      out,
      /error {4}The certificate .* \[CERT_FOR_SRV_TARGET\]\n.*\n {11}→ get a certificate for example\.org/,
    );
  });

  it('keeps within the columns of a terminal', async () => {
    const args = await labArguments(TARGET);
    const shell = { ...createTestShell({ DELEGATED_CONFIG: '/nowhere' }), columns: 60 };
    assert.equal(await runProgram(args, shell), 4);
    const lines = shell.printed().split('\n');
    assert.ok(lines.length > 15);
    // A URL or a date with its words joined may be longer, and nothing else.
    assert.deepEqual(
      lines.filter((line) => line.length > 60 && line.trim().includes(' ')),
      [],
    );
  });

  it('shows what a stranger says without obeying it', async () => {
    const hostile = homeserver(json(200, serverKeys({ server_name: '\u001b[2Jgone\u009b' })));
    const port = await lab.serve(certificateFor([NAME]), hostile);
    const dns = await lab.dns({ rows: [[NAME, 'A', '127.0.0.1']] });
    const resolver = `--resolver=${dns.endpoint.address}:${dns.endpoint.port}`;
    const { out } = await run(['check', NAME, resolver, `--resolve=${NAME}:8448:127.0.0.1:${port}`]);
    assert.match(out, /calls itself \\u\{1b\}\[2Jgone\\u\{9b\}/);
    assert.ok(!out.includes('\u001b') && !out.includes('\u009b'));
  });

  it('prints one document with --json, a list for several servers', async () => {
    const args = await labArguments(NAME);
    const one = await run([...args, '--json']);
    const report: unknown = JSON.parse(one.out);
    assert.ok(typeof report === 'object' && report !== null);
    const { version, serverName, ok, certName, step, targets, findings } = { ...report } as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      { version, serverName, ok, certName, step, findings },
      { version: 1, serverName: NAME, ok: true, certName: NAME, step: '4', findings: [] },
    );
    assert.ok(Array.isArray(targets) && targets.length === 1);

    const two = await run([...args, 'other.example.org', '--json']);
    assert.equal(two.code, 4);
    const { servers }: { servers: { serverName: string; ok: boolean }[] } = JSON.parse(two.out);
    assert.deepEqual(
      servers.map((each) => [each.serverName, each.ok]),
      [
        [NAME, true],
        ['other.example.org', false],
      ],
    );
  });

  it('says nothing with --quiet unless something is broken', async () => {
    assert.deepEqual(await run([...(await labArguments(NAME)), '--quiet']), { code: 0, out: '', err: '' });
    assert.match((await run([...(await labArguments(TARGET)), '--quiet'])).out, /^BAD/);
  });

  describe('compares what is served with what is on disk', () => {
    const renewed = String(certificateFor([NAME]).cert);

    it('of the config that it is given, and of the one that is simply there', async () => {
      const [args, config] = [await labArguments(NAME), configure(renewed)];
      assert.match((await run([...args, '-c', config])).out, /\[CERT_NOT_INSTALLED\]/);
      assert.match((await run(args, { DELEGATED_CONFIG: config })).out, /\[CERT_NOT_INSTALLED\]/);
    });

    it('of a file that is named', async () => {
      const file = join(folder(), 'renewed.pem');
      writeFileSync(file, renewed);
      const { code, out } = await run([...(await labArguments(NAME)), '--certificate', file]);
      assert.match(out, /\[CERT_NOT_INSTALLED\]/);
      assert.equal(code, 0);
    });

    it('and says nothing where they are the same, or nothing is known', async () => {
      const good = certificateFor([NAME]);
      const args = await labArguments(NAME, good);
      const same = configure(String(good.cert));
      const other = await labArguments(NAME);
      const broken = join(folder(), 'broken.yaml');
      writeFileSync(broken, 'sites: 5');
      for (const [given, env] of [
        [[...args, '-c', same], {}],
        [args, { DELEGATED_CONFIG: same }],
        [other, { DELEGATED_CONFIG: broken }],
        [other, { DELEGATED_CONFIG: '/nowhere/config.yaml' }],
      ] as const) {
        const { code, out, err } = await run(given, env);
        assert.equal(code, 0);
        assert.doesNotMatch(out, /CERT_NOT_INSTALLED/);
        assert.equal(err, '');
      }
    });

    it('but does not pass over a config that it was told to read', async () => {
      const broken = join(folder(), 'broken.yaml');
      writeFileSync(broken, 'sites: 5');
      await assert.rejects(run([...(await labArguments(NAME)), '-c', broken]), { code: 'E_CONFIG' });
    });
  });

  it('names the argument that it cannot use', async () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['exa mple'], /not a Matrix server name/],
      [[NAME, '--resolver', 'somewhere'], /--resolver somewhere/],
      [[NAME, '--resolve', 'example.org:127.0.0.1'], /not HOST:PORT:ADDRESS/],
      [[NAME, '--certificate', '/nowhere/c.pem'], /--certificate \/nowhere\/c\.pem: ENOENT/],
      [[NAME, '--ca-file', '/nowhere/ca.pem'], /\/nowhere\/ca\.pem: ENOENT/],
      [[], /missing required argument/],
    ];
    for (const [args, message] of wrong)
      await assert.rejects(run(['check', ...args]), { code: 'E_USAGE', message });
  });
});

async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = { DELEGATED_CONFIG: '/nowhere' },
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const shell = createTestShell(env);
  const code = await runProgram(args, shell);
  return { code, out: shell.printed(), err: shell.complained() };
}
