import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../src/commands/program.ts';
import type { LineOptions } from '../../src/io/read-line.ts';
import { ROOT_CA, type Row, type Zone, certificateFor, federation, json } from '../support/federation.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type TestShell, createTestShell } from '../support/test-shell.ts';

const NAME = 'example.org';
const ZONE: readonly Row[] = [
  [NAME, 'SOA', 'ns1.example.org'],
  [NAME, 'NS', 'ns1.example.org'],
];
const CLOUDFLARE: readonly Row[] = [
  [NAME, 'SOA', 'ada.ns.cloudflare.com'],
  [NAME, 'NS', 'ada.ns.cloudflare.com'],
  [NAME, 'NS', 'bob.ns.cloudflare.com'],
];
/** Nobody answers there, and that is soon clear. */
const NO_CA = 'https://127.0.0.1:1/directory';

/** A person with answers for questions, each asked once; `^C` and `^D` are the keys. */
interface Person extends TestShell {
  /** What was asked without an answer being ready. */
  readonly unanswered: string[];
  readonly hidden: string[];
}

function person(answers: readonly (readonly [question: string, answer: string])[]): Person {
  const shell = createTestShell();
  const left = [...answers];
  const [unanswered, hidden]: [string[], string[]] = [[], []];
  return {
    ...shell,
    inIsTerminal: true,
    errIsTerminal: true,
    unanswered,
    hidden,
    readLine({ hidden: isHidden = false, ready }: LineOptions = {}) {
      const before = shell.complained().length;
      ready?.();
      const question = shell.complained().slice(before).replaceAll('\n', ' ');
      const [expected = ['', '']] = left;
      if (!question.includes(expected[0]) || left.length === 0) {
        unanswered.push(question);
        return Promise.resolve(null);
      }
      left.shift();
      if (isHidden) hidden.push(question);
      if (expected[1] === '^D') return Promise.resolve(null);
      return expected[1] === '^C' ? interrupted() : Promise.resolve(expected[1]);
    },
  };
}

/** What is loaded later is loaded anew under mocha, and its classes are others: so it is loaded later here too. */
async function interrupted(): Promise<never> {
  const { DelegatedError } = await import('../../src/errors.ts');
  throw new DelegatedError('E_ABORTED', 'stopped by Ctrl-C');
}

const CA = 'https://ca.example';
const USAGE = { code: 'E_USAGE' };

describe('config init', () => {
  const lab = federation();
  const folder = temporaryFolder();
  const file = (): string => join(folder(), 'config.yaml');

  async function init(
    shell: TestShell,
    world: readonly Row[] | Zone,
    ...more: readonly string[]
  ): Promise<number> {
    const { endpoint } = await lab.dns('rows' in world ? world : { rows: world });
    const resolver = `${endpoint.address}:${endpoint.port}`;
    return runProgram(['config', 'init', '-c', file(), '--resolver', resolver, ...more], shell);
  }

  const UNTIL_PROVIDER = [
    ['Server name', NAME],
    ['Go on with SRV records', 'y'],
    ['Host that runs', 'hs.example.org'],
    ['Port of federation', '443'],
  ] as const;
  const FROM_CA = [
    ['CA (letsencrypt', NO_CA],
    ['E-mail', ''],
    ['terms of service', ''],
    ['Number or name', 'nothing'],
  ] as const;

  describe('on a terminal', () => {
    it('asks for everything, and writes what was answered', async () => {
      const shell = person([...UNTIL_PROVIDER, ['Number or name [rfc2136]', '4'], ...FROM_CA]);
      assert.equal(await init(shell, ZONE), 0, shell.complained());
      assert.deepEqual(shell.unanswered, []);
      const text = await readFile(file(), 'utf8');
      assert.match(text, /type: manual\n/);
      assert.match(text, /\{ target: hs\.example\.org, port: 443, /);
      // A "no", and a CA that cannot be asked, are no agreement.
      assert.match(text, /termsOfServiceAgreed: false\n/);
      assert.match(shell.complained(), /The CA cannot be asked for its terms/);
      assert.match(shell.complained(), /set termsOfServiceAgreed: true/);
      assert.equal(await runProgram(['config', 'check', '-c', file()], createTestShell()), 0);
      assert.equal((await stat(file())).mode & 0o777, 0o640);
    });

    it('knows the host by the NS records, hides the secret, and writes it into a file of its own', async () => {
      const shell = person([
        ...UNTIL_PROVIDER,
        ['Cloudflare has an API', ''],
        ['apiToken', 's3cret-token'],
        ...FROM_CA,
      ]);
      assert.equal(await init(shell, CLOUDFLARE), 0, shell.complained());
      assert.equal(shell.hidden.length, 1);
      const [config, secret] = [await readFile(file(), 'utf8'), join(folder(), 'cloudflare.token')];
      assert.equal(await readFile(secret, 'utf8'), 's3cret-token\n');
      assert.equal((await stat(secret)).mode & 0o777, 0o600);
      assert.ok(config.includes(`apiToken: { file: ${secret} }`));
      assert.ok(!`${config}${shell.complained()}${shell.printed()}`.includes('s3cret'));
      assert.equal(await runProgram(['config', 'check', '-c', file()], createTestShell()), 0);
    });

    it('leaves a secret that is there alone, and says where one is still missing', async () => {
      const secret = join(folder(), 'cloudflare.token');
      await writeFile(secret, 'old\n', { mode: 0o600 });
      const kept = person([...UNTIL_PROVIDER, ['Cloudflare has an API', 'y'], ...FROM_CA]);
      assert.equal(await init(kept, CLOUDFLARE), 0, kept.complained());
      assert.match(kept.complained().replaceAll(/\s+/g, ' '), /cloudflare\.token is there already/);
      assert.equal(await readFile(secret, 'utf8'), 'old\n');
    });

    it('asks again for what is no answer, and says why', async () => {
      const shell = person([
        ['Server name', 'not a name'],
        ['Server name', '192.0.2.1'],
        ['Server name', NAME],
        ['Go on with', 'perhaps'],
        ['Go on with', 'yes'],
        ['Host that runs', '192.0.2.1'],
        ['Host that runs', ''],
        ['Port', '70000'],
        ['Port', ''],
        ['Number or name', '99'],
        ['Number or name', 'memory'],
        ['CA (', 'letsencript'],
        ['CA (', NO_CA],
        ['E-mail', 'nobody'],
        ['E-mail', 'a@example.org'],
        ['terms of service', 'n'],
        ['Number or name', 'x'],
        ['Number or name', 'other'],
        ['Folder', 'tls'],
        ['Folder', '/srv/tls'],
        ['Group', 'none'],
        ['systemd unit', 'not a unit!'],
        ['systemd unit', 'x.service'],
      ]);
      assert.equal(await init(shell, ZONE), 0, shell.complained());
      assert.deepEqual(shell.unanswered, []);
      assert.match(shell.complained(), /neither yes nor no/);
      assert.match(shell.complained(), /did you mean "letsencrypt"/);
      assert.match(await readFile(file(), 'utf8'), /target: matrix\.example\.org, port: 8448/);
    });

    it('asks nothing that an option says', async () => {
      const shell = person([
        ['Go on with', 'y'],
        ['Port of federation', ''],
        ['terms of service', ''],
        ['Number or name', 'nothing'],
      ]);
      const options = [
        '--target',
        'a.example.org',
        '--provider',
        'manual',
        '--ca',
        NO_CA,
        '--email',
        'a@b.example',
      ];
      assert.equal(await init(shell, ZONE, NAME, ...options), 0, shell.complained());
      assert.deepEqual(shell.unanswered, []);
    });

    it('asks for the account binding of a CA that wants one, and hides its key', async () => {
      const shell = person([
        ...UNTIL_PROVIDER,
        ['Number or name', 'manual'],
        ['Key id', 'kid-1'],
        ['HMAC key', 'aG1hYw'],
        ['terms of service', ''],
        ['Number or name', 'nothing'],
      ]);
      const port = await lab.serve(
        certificateFor(['127.0.0.1']),
        json(200, {
          newNonce: `${CA}/nonce`,
          newAccount: `${CA}/account`,
          newOrder: `${CA}/order`,
          meta: { externalAccountRequired: true, termsOfService: `${CA}/terms\u001b[2J` },
        }),
      );
      const roots = join(folder(), 'roots.pem');
      await writeFile(roots, ROOT_CA.pem);
      const ca = `https://127.0.0.1:${port}/directory`;
      const options = ['--ca', ca, '--email', 'a@b.example', '--ca-file', roots];
      assert.equal(await init(shell, ZONE, ...options), 0, shell.complained());
      assert.match(shell.complained(), /terms of service are at https:\/\/ca\.example\/terms%1B\[2J/);
      const key = join(folder(), 'eab.secret');
      assert.equal(await readFile(key, 'utf8'), 'aG1hYw\n');
      assert.ok(
        (await readFile(file(), 'utf8')).includes(`eab: { kid: "kid-1", hmacKey: { file: ${key} } }`),
      );
      assert.equal(shell.hidden.length, 1);
      assert.equal(await runProgram(['config', 'check', '-c', file()], createTestShell()), 0);
    });

    it('takes over the record that stands, with its numbers', async () => {
      const record: Row = [`_matrix-fed._tcp.${NAME}`, 'SRV', '3 4 444 old.example.org'];
      const shell = person([
        ['Server name', NAME],
        ['Go on with', ''],
        ['Keep that?', ''],
        ['Number or name', 'manual'],
        ...FROM_CA,
      ]);
      assert.equal(await init(shell, [...ZONE, record]), 0, shell.complained());
      assert.match(
        await readFile(file(), 'utf8'),
        /\{ target: old\.example\.org, port: 444, priority: 3, weight: 4 \}/,
      );
      assert.match(shell.complained(), /`delegated -c \S+ adopt example\.org`/);
    });

    it('writes nothing for a "no", for Ctrl-C and for Ctrl-D, wherever they come', async () => {
      const whole = [
        ...UNTIL_PROVIDER,
        ['Cloudflare has an API', 'y'],
        ['apiToken', 'secret'],
        ...FROM_CA,
      ] as const;
      for (const at of whole.keys()) {
        const [question] = whole[at] ?? [''];
        const stopped = person([...whole.slice(0, at), [question, '^C']]);
        assert.equal(await init(stopped, CLOUDFLARE), 130, question);
        assert.match(stopped.complained(), /nothing was written/);
        const ended = person([...whole.slice(0, at), [question, '^D']]);
        await assert.rejects(init(ended, CLOUDFLARE), USAGE);
        assert.deepEqual(await readdir(folder()), [], question);
      }
      const no = person([
        ['Server name', NAME],
        ['Go on with', 'n'],
      ]);
      assert.equal(await init(no, CLOUDFLARE), 0);
      assert.deepEqual(await readdir(folder()), []);
    });

    it('never starts over a config that is there', async () => {
      await writeFile(file(), 'version: 1\n');
      const shell = person([]);
      await assert.rejects(init(shell, ZONE), USAGE);
      assert.deepEqual(shell.unanswered, []);
    });

    it('shows what a CA says without obeying it', async () => {
      const said = { type: 'urn:ietf:params:acme:error:unauthorized', detail: 'not \u202eyou\u001b[2J' };
      const port = await lab.serve(certificateFor(['127.0.0.1']), json(403, said));
      const roots = join(folder(), 'roots.pem');
      await writeFile(roots, ROOT_CA.pem);
      const shell = person([
        ...UNTIL_PROVIDER,
        ['Number or name', 'manual'],
        ['terms of service', ''],
        ['Number or name', 'nothing'],
      ]);
      const options = ['--ca', `https://127.0.0.1:${port}/`, '--email', 'a@b.example', '--ca-file', roots];
      assert.equal(await init(shell, ZONE, ...options), 0, shell.complained());
      const words = shell.complained().replaceAll(/\s+/g, ' ');
      assert.match(words, /cannot be asked for its terms: .*not \\u\{202e\}you/);
      assert.doesNotMatch(shell.complained(), /(?!\n)[\p{Cc}\p{Cf}]/u);
    });

    it('says so where a domain is not registered, and where its servers cannot be seen', async () => {
      const answers = [
        ['Server name', NAME],
        ['Go on with', 'y'],
        ['Host', ''],
        ['Port', ''],
        ['Number or name', 'manual'],
        ...FROM_CA,
      ] as const;
      const worlds = [
        [{ rows: [['org', 'SOA', 'a.nic.org']] }, /the nearest zone, so the domain is not registered/],
        [{ rows: ZONE, says: { [NAME]: 'SERVFAIL' } }, /Who hosts the zone cannot be seen: .*SERVFAIL/],
      ] as const;
      for (const [world, words] of worlds) {
        const shell = person(answers);
        assert.equal(await init(shell, world, '-c', join(folder(), `${words.source.length}.yaml`)), 0);
        assert.match(shell.complained().replaceAll(/\s+/g, ' '), words);
      }
    });
  });

  describe('without anybody to ask', () => {
    it('wants the server name, and reaches nobody', async () => {
      await assert.rejects(runProgram(['config', 'init', '-c', file()], createTestShell()), {
        ...USAGE,
        message: /server name is missing/,
      });
    });

    it('asks nothing with --yes, --quiet or --json either, and writes the same', async () => {
      const texts = [];
      for (const option of [[], ['--yes'], ['--quiet'], ['--json']]) {
        const shell = option.length === 0 ? createTestShell() : person([]);
        await mkdir(folder(), { recursive: true });
        const path = join(folder(), `${option.join('')}.yaml`);
        assert.equal(await runProgram(['config', 'init', NAME, '-c', path, ...option], shell), 0);
        texts.push(await readFile(path, 'utf8'));
      }
      assert.equal(new Set(texts).size, 1);
    });

    it('prints one document with --json, whether or not a file is written', async () => {
      for (const path of [file(), '-']) {
        const shell = createTestShell();
        assert.equal(await runProgram(['config', 'init', NAME, '-c', path, '--json'], shell), 0);
        const printed: unknown = JSON.parse(shell.printed());
        const text = await readFile(file(), 'utf8');
        assert.deepEqual(printed, {
          version: 1,
          ok: true,
          file: path === '-' ? null : path,
          config: text,
        });
      }
    });

    it('takes a wrong name on the command line for wrong usage', async () => {
      for (const argv of [['münchen.example'], [NAME, '--target', 'a..b']])
        await assert.rejects(
          runProgram(['config', 'init', '-c', file(), ...argv], createTestShell()),
          USAGE,
          argv.join(' '),
        );
    });

    it('writes what the options say of addresses and folders', async () => {
      const options = [
        '--resolver',
        '192.0.2.53',
        '--name-server',
        '192.0.2.1:5300',
        '--state',
        '/srv/state',
      ];
      assert.equal(
        await runProgram(['config', 'init', NAME, '-c', file(), ...options], createTestShell()),
        0,
      );
      const text = await readFile(file(), 'utf8');
      assert.match(text, /^state: \/srv\/state\nresolvers: \["192\.0\.2\.53"\]$/m);
      assert.match(text, /^ {4}nameServers: \["192\.0\.2\.1:5300"\]$/m);
      await assert.rejects(
        runProgram(
          ['config', 'init', NAME, '-c', `${file()}2`, '--resolver', 'dns.example'],
          createTestShell(),
        ),
        USAGE,
      );
    });
  });
});
