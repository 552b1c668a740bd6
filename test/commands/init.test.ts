import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { allAdapters } from '../../providers/registry.ts';
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

/** A person who takes what is usual, and has an answer of their own for some questions and for those without one. */
function talkative(answers: Readonly<Record<string, string>>): TestShell {
  const shell = createTestShell();
  return {
    ...shell,
    inIsTerminal: true,
    errIsTerminal: true,
    readLine({ hidden = false, ready }: LineOptions = {}) {
      const before = shell.complained().length;
      ready?.();
      const question = shell.complained().slice(before);
      const own = Object.entries(answers).find(([words]) => question.includes(words))?.[1];
      if (own !== undefined) return Promise.resolve(own);
      if (hidden) return Promise.resolve('c2VjcmV0');
      const [, setting = ''] = /^ {2}(\w+)/.exec(question) ?? [];
      return Promise.resolve(question.includes(' [') ? '' : (MADE_UP[setting] ?? '-'));
    },
  };
}

/** Where an example has no usual answer. */
const MADE_UP: Readonly<Record<string, string>> = {
  server: 'https://auth.example.com',
  endpoint: 'https://dns.example.com',
  project: 'p-1',
};

interface BuiltinConfig {
  readonly providers: { readonly challenges: unknown };
  readonly sites: {
    readonly [NAME]: { readonly challenge: unknown; readonly certificate: { readonly names: unknown } };
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
    ['More names', ''],
  ] as const;
  const FROM_CA = [
    ['CA (letsencrypt', NO_CA],
    ['E-mail', ''],
    ['terms of service', ''],
    ['Number or name', 'nothing'],
  ] as const;

  describe('on a terminal', () => {
    it('asks for everything, and writes what was answered', async () => {
      const shell = person([...UNTIL_PROVIDER, ['Number or name [rfc2136]', 'manual'], ...FROM_CA]);
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
        ['More names', 'a b!'],
        ['More names', ''],
        ['Number or name', '99'],
        ['Number or name', 'memory'],
        ['zones', ''],
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
        ['More names', ''],
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
        ['More names', ''],
        ['Number or name', 'memory'],
        ['zones', ''],
        ...FROM_CA,
      ]);
      assert.equal(await init(shell, [...ZONE, record]), 0, shell.complained());
      assert.match(
        await readFile(file(), 'utf8'),
        /\{ target: old\.example\.org, port: 444, priority: 3, weight: 4 \}/,
      );
      assert.match(shell.complained(), /`delegated -c \S+ adopt example\.org`/);
    });

    it('refuses a setting that the config would refuse, a secret too, and shows no secret for it', async () => {
      const shell = person([
        ...UNTIL_PROVIDER,
        ['Number or name', 'rfc2136'],
        ['server', 'a b'],
        ['server', '-'],
        ['server', '192.0.2.53'],
        ['key.name', '-'],
        ['key.name', 'no name'],
        ['key.name', ''],
        ['key.algorithm', 'md5'],
        ['key.algorithm', '-'],
        ['key.secret', 'secret "c2VjcmV0";'],
        ['key.secret', '-'],
        ['key.secret', 'c2VjcmV0'],
        ...FROM_CA,
      ]);
      assert.equal(await init(shell, ZONE), 0, shell.complained());
      assert.deepEqual(shell.unanswered, []);
      assert.equal(shell.hidden.length, 3);
      assert.doesNotMatch(shell.complained(), /c2VjcmV0/);
      assert.match(shell.complained(), /expected the base64 text/);
      assert.equal(await runProgram(['config', 'check', '-c', file()], createTestShell()), 0);
      assert.doesNotMatch(await readFile(file(), 'utf8'), /algorithm/);
    });

    it('leaves out a secret that the machine may have by itself', async () => {
      const shell = person([
        ...UNTIL_PROVIDER,
        ['Number or name', 'route53'],
        ['accessKeyId', '-'],
        ['secretAccessKey', '-'],
        ...FROM_CA,
      ]);
      assert.equal(await init(shell, ZONE), 0, shell.complained());
      assert.deepEqual(await readdir(folder()), ['config.yaml']);
      assert.equal(await runProgram(['config', 'check', '-c', file()], createTestShell()), 0);
    });

    it('writes for every provider type what the program accepts', async () => {
      for (const [type, { example }] of await allAdapters()) {
        const path = join(folder(), type, 'config.yaml');
        const shell = talkative({
          'Server name': NAME,
          'Go on': 'y',
          'Number or name': 'nothing',
          'CA (': NO_CA,
        });
        const options = ['--provider', type, '-c', path];
        assert.equal(await init(shell, ZONE, ...options), 0, shell.complained());
        const checked = createTestShell();
        assert.equal(await runProgram(['config', 'check', '-c', path], checked), 0, checked.complained());
        const text = await readFile(path, 'utf8');
        assert.ok(text.includes(`type: ${type}\n`), text);
        // Whoever cannot write an SRV record gets none to write.
        const lacks = ['acme-dns', 'exec', 'httpreq'].includes(type);
        assert.equal(/main:\n {4}type: manual\n/.test(text), lacks || type === 'manual', type);
        const files = [...example(NAME).matchAll(/\{ file: \S*\/(\S+) \}/g)].map(([, each = '']) => each);
        assert.deepEqual(await readdir(join(folder(), type)), [...files, 'config.yaml'].sort());
      }
    });

    it('proposes the zone that was seen to a program that has to be told', async () => {
      const world: Row[] = [...ZONE, ['chat.example.org', 'A', '127.0.0.1']];
      const shell = person([
        ['Server name', 'chat.example.org'],
        ['Go on', 'y'],
        ['Host', ''],
        ['Port', ''],
        ['More names', ''],
        ['Number or name', 'manual+exec'],
        ['command (run as: update-dns present _acme-challenge.NAME. VALUE)', '/opt/hook --zone x'],
        ['zones (the zones that it serves) [example.org]', ''],
        ...FROM_CA,
      ]);
      assert.equal(await init(shell, world), 0, shell.complained());
      const text = await readFile(file(), 'utf8');
      assert.match(text, /command: \[\/opt\/hook, "--zone", x\]/);
      assert.match(text, /zones: \[example\.org\]/);
      assert.match(shell.complained(), /put your program at \/opt\/hook /);
      assert.equal(await runProgram(['config', 'check', '-c', file()], createTestShell()), 0);
    });

    it('offers the name server inside for a DNS host without an API, and says what to type there', async () => {
      const shell = person([
        ...UNTIL_PROVIDER.slice(0, -1),
        ['More names', 'hs.example.org'],
        ['Number or name', 'manual+builtin'],
        ['Public address', 'ns.example.org'],
        ['Public address', '203.0.113.5'],
        ['Where this program listens', '[::1'],
        ['Where this program listens', '203.0.113.5:53'],
        ...FROM_CA,
      ]);
      assert.equal(await init(shell, ZONE), 0, shell.complained());
      assert.deepEqual(shell.unanswered, []);
      for (const line of [
        'acme.example.org. NS ns.acme.example.org.',
        'ns.acme.example.org. A 203.0.113.5',
        '_acme-challenge.example.org. CNAME example-org.acme.example.org.',
        '_acme-challenge.hs.example.org. CNAME hs-example-org.acme.example.org.',
      ])
        assert.ok(shell.complained().includes(`\n      ${line}\n`), line);
      assert.equal(await runProgram(['config', 'check', '-c', file()], createTestShell()), 0);
      const { providers, sites }: BuiltinConfig = parse(await readFile(file(), 'utf8'));
      assert.deepEqual(providers.challenges, {
        type: 'builtin',
        listen: ['203.0.113.5:53'],
        zones: ['acme.example.org'],
        addresses: { 'ns.acme.example.org': ['203.0.113.5'] },
      });
      assert.deepEqual(sites[NAME].challenge, { provider: 'challenges' });
      assert.deepEqual(sites[NAME].certificate.names, ['hs.example.org']);
    });

    it('says what may be meant by a URL, a user or a name in letters of its own, and minds the case', async () => {
      const shell = person([
        ['Server name', 'https://example.org/'],
        ['Server name', '@alice:example.org'],
        ['Server name', 'münchen.example'],
        ['Server name', 'example.org.'],
        ['Server name', 'example.org:8448'],
        ['Server name', ''],
        ['Server name', ' Example.org '],
        ['Does the homeserver', ''],
        ['Server name', 'EXAMPLE.org'],
        ['Does the homeserver', 'y'],
        ['Go on', 'y'],
        ['Host that runs the homeserver [matrix.example.org]', 'https://hs.example.org:8448'],
        ['Host', 'hs.example.org:8448'],
        ['Host', '^C'],
      ]);
      assert.equal(await init(shell, ZONE), 130);
      assert.deepEqual(shell.unanswered, []);
      const words = shell.complained().replaceAll(/\s+/g, ' ');
      assert.equal(words.split('type example.org if that is the server_name').length, 4);
      assert.match(words, /type xn--mnchen-3ya\.example if that is/);
      assert.match(words, /"example\.org:8448" has a port, so SRV cannot delegate it/);
      assert.match(words, /There is no usual answer to this one/);
      assert.equal(words.split('type hs.example.org if that is meant').length, 3);
    });

    it('asks nothing where the config cannot be written anyway', async () => {
      const none = join(folder(), 'file');
      await writeFile(none, '');
      for (const path of [join(none, 'config.yaml'), join(none, 'etc', 'config.yaml')]) {
        const shell = person([]);
        await assert.rejects(init(shell, ZONE, '-c', path), { ...USAGE, message: /is no folder/ });
        assert.deepEqual(shell.unanswered, []);
      }
      await assert.rejects(
        runProgram(['config', 'init', NAME, '-c', join(none, 'config.yaml')], createTestShell()),
        { ...USAGE, message: /cannot write/ },
      );
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
        ['More names', ''],
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
