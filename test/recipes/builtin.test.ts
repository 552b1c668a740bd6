/**
 * DNS hosts without an API, with the name server inside of delegated: deploy/examples/manual-dns-with-builtin.yaml and
 * the config of the README, and the records that a person types as those two have them.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../support/process.ts';
import { federation } from '../support/federation.ts';
import { freePort } from '../support/free-port.ts';
import { type RecipeLab, startRecipeLab, startWeb } from '../support/recipe-lab.ts';
import { assertSucceeded } from '../support/recipe-page.ts';
import { finish } from '../e2e/lab.ts';

const NAME = 'example.org';
const SRV = `_matrix-fed._tcp.${NAME}`;
const ADDRESS = '203.0.113.5';
const DEADLINE_MS = 10_000;
const POLL_MS = 50;

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const EXAMPLE = read('deploy/examples/manual-dns-with-builtin.yaml');
const [, SECTION = ''] = read('README.md').split('### When the DNS host has no API\n');
const fence = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(SECTION)?.[1] ?? '';

interface Case {
  readonly title: string;
  readonly config: string;
  /** Where the records stand that are typed, as lines of a zone file. */
  readonly typed: string;
  readonly zones: readonly string[];
  /** The name in the NS records. */
  readonly server: string;
  /** The SRV record is there as long as the program runs. */
  readonly daemon: boolean;
}

const CASES: readonly Case[] = [
  {
    title: 'the example, which gives the SRV record away as well',
    config: EXAMPLE,
    typed: EXAMPLE.replaceAll(/^# {2,}/gm, ''),
    zones: [SRV, `acme.${NAME}`],
    server: `matrix.${NAME}`,
    daemon: true,
  },
  {
    title: 'the README, where the SRV record is typed',
    config: fence('yaml'),
    typed: `${fence('')}matrix.${NAME}. A ${ADDRESS}\n`,
    zones: [`acme.${NAME}`],
    server: `ns.acme.${NAME}`,
    daemon: false,
  },
];

describe('a DNS host without an API and the name server inside:', function () {
  this.timeout(30_000);
  const peers = federation();
  let lab: RecipeLab;
  let daemon: ChildProcess | null = null;
  afterEach(async () => {
    if (daemon !== null) {
      const ended = finish(daemon);
      daemon.kill();
      await ended;
    }
    daemon = null;
    await lab.stop();
  });

  for (const { title, config, typed, zones, server, daemon: runs } of CASES)
    it(title, async () => {
      const port = await freePort();
      const records = [...typed.matchAll(/^(\S+\.) +(A|NS|CNAME|SRV) +(\S.*)$/gm)].map(
        ([, name = '', type = '', rdata = '']) => `${name} IN ${type} ${rdata.replace(ADDRESS, '127.0.0.1')}`,
      );
      assert.ok(records.length >= 4, typed);
      // The SRV record comes by hand too, and its port is known only when the homeserver is there.
      const [later, first] = [records.filter(isSrv), records.filter((line) => !isSrv(line))];
      lab = await startRecipeLab(
        peers,
        { [NAME]: NAME },
        [{ name: NAME, records: first }],
        Object.fromEntries(zones.map((zone) => [zone, port])),
      );
      for (const line of later)
        await runProgram(
          'nsupdate',
          ['-v', '-k', lab.dns.keyFile],
          `server 127.0.0.1 ${lab.dns.port}\nzone ${NAME}\nupdate add ${lab.local(line).replace(' IN', ' 300')}\nsend\n`,
        );
      const before = await answer(lab.dns.port, NAME, 'SOA');
      await lab.useText(config, {
        ...(runs ? {} : { providers: { 'by-hand': { wait: 1 } } }),
        local: (text) =>
          lab
            .local(text)
            .replaceAll(`${ADDRESS}:53`, `127.0.0.1:${port}`)
            .replaceAll(ADDRESS, '127.0.0.1')
            // The README leaves out the usual port.
            .replace(/(?<!priority: 10, )weight: 5 \}/, `weight: 5, port: ${lab.port} }`),
      });
      assertSucceeded(await lab.run(['renew']));
      assertSucceeded(await lab.run(['renew', '--force']));
      assert.equal(lab.versions().length, 2);
      // Nobody has written into the zone of the host but the person.
      assert.equal(await answer(lab.dns.port, NAME, 'SOA'), before);

      if (runs) {
        daemon = lab.start(['run']);
        await untilAnswered(port, SRV, 'SRV');
      }
      assert.equal(await answer(lab.dns.port, SRV, 'SRV'), `10 5 ${lab.port} matrix.${NAME}.`);
      const web = await startWeb(peers, [NAME]);
      const checked = await lab.check(NAME, web.port, undefined, { [server]: port });
      assertSucceeded(checked);
      assert.match(checked.stdout, /^GOOD {2}example\.org federates/);
      assert.doesNotMatch(checked.stdout, /^  (?:error|warning) /m);
    });
});

function isSrv(line: string): boolean {
  return line.includes(' IN SRV ');
}

async function answer(port: number, name: string, type: string): Promise<string> {
  const args = ['@127.0.0.1', '-p', `${port}`, '+short', '+time=2', '+tries=1', name, type];
  return (await runProgram('dig', args)).trim();
}

/** Asks until it is so. */
async function untilAnswered(port: number, name: string, type: string): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while ((await answer(port, name, type).catch(() => '')) === '') {
    if (Date.now() > end) throw new Error(`nobody answers for ${name} ${type}`);
    await delay(POLL_MS);
  }
}
