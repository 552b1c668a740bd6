import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { createExec } from '../../../providers/exec/index.ts';
import { execOptions } from '../../../providers/exec/options.ts';
import { isWithin, parseDomainName } from '../../../src/dns/domain-name.ts';
import { presentation, txtText } from '../../../src/dns/rrset.ts';
import type { DnsProvider } from '../../../src/provider.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import type { ConformanceTarget } from '../../conformance/target.ts';
import { THIS_PROCESS } from '../../support/this-process.ts';
import { ZONE, jsonProgram, legoProgram } from './programs.ts';

const SECRET = 'canary-of-the-program';
const zone = parseDomainName(ZONE);

async function open(settings: object): Promise<DnsProvider> {
  const deps = { env: { PATH: process.env['PATH'] }, kill: THIS_PROCESS.kill };
  return createExec(execOptions.parse({ timeout: 20, ...settings }), deps);
}

/** Prints the secret on both ways and fails, but for the question that is asked first. */
const BROKEN =
  'read -r line; case "$line" in *capabilities*) echo \'{"ok":true,"result":{"types":["SRV","TXT"]}}\'; exit;; esac; ' +
  'echo "no: $TOKEN" >&2; exit 3';
const MUTE =
  'read -r line; case "$line" in *capabilities*) echo \'{"ok":true,"result":{"types":["SRV","TXT"]}}\'; exit;; esac; ' +
  'sleep 600 & wait';

/** A file is read, edited and written by one at a time. */
function inTurn<Edit>(change: (edit: Edit) => Promise<void>): (edit: Edit) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (edit) => (last = last.then(() => change(edit)));
}

const zoneFile = z.record(z.string(), z.object({ ttl: z.number(), values: z.array(z.string()) }));
type Stored = z.output<typeof zoneFile>;

async function setupJson(): Promise<ConformanceTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'delegated-exec-'));
  const program = await jsonProgram(folder);
  const file = join(folder, 'zone.json');
  const stored = async (): Promise<Stored> => zoneFile.parse(JSON.parse(await readFile(file, 'utf8')));
  const change = inTurn(async (edit: (zone: Stored) => void): Promise<void> => {
    const content = await stored();
    edit(content);
    await writeFile(file, JSON.stringify(content));
  });
  await writeFile(file, JSON.stringify({ [`${ZONE} TXT`]: { ttl: 60, values: ['"v=spf1 -all"'] } }));
  const environment = { ZONE_FILE: file, ZONE_NAME: ZONE, TOKEN: SECRET };
  const json = { protocol: 'json', environment };
  return {
    provider: await open({ ...json, command: [process.execPath, program] }),
    zone,
    secrets: [SECRET],
    snapshot: async () =>
      Object.entries(await stored())
        .flatMap(([key, { ttl, values }]) => {
          const [name = '', type = ''] = key.split(' ');
          return values.map((value) => `${name} ${ttl} IN ${type} ${value}`);
        })
        .sort(),
    write: (rrset) =>
      change((content) => {
        content[`${rrset.name} ${rrset.type}`] = { ttl: rrset.ttl, values: presentation(rrset) };
      }),
    erase: (key) =>
      change((content) => {
        delete content[`${key.name} ${key.type}`];
      }),
    alias: (name, target) =>
      change((content) => {
        content[`${name} CNAME`] = { ttl: 60, values: [target] };
      }),
    mute: () => open({ ...json, command: ['/bin/sh', '-c', MUTE] }),
    broken: async () => [await open({ ...json, command: ['/bin/sh', '-c', BROKEN] })],
    stop: () => rm(folder, { recursive: true }),
  };
}

async function setupLego(): Promise<ConformanceTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'delegated-exec-'));
  const program = await legoProgram(folder);
  const file = join(folder, 'values');
  const lines = async (): Promise<string[]> =>
    (await readFile(file, 'utf8')).split('\0').filter((line) => line !== '');
  const change = async (edit: (lines: string[]) => string[]): Promise<void> =>
    writeFile(
      file,
      edit(await lines())
        .map((line) => `${line}\0`)
        .join(''),
    );
  await writeFile(file, '');
  const settings = { zones: [ZONE], environment: { FILE: file, TOKEN: SECRET } };
  return {
    provider: await open({ ...settings, command: [program] }),
    zone,
    secrets: [SECRET],
    answeredAlone: ['check', 'findZone', 'readRRsets'],
    takes: (value) => /^(?:(?!\0)\p{ASCII})*$/u.test(value),
    async snapshot() {
      return (await lines())
        .map((line) => {
          const at = line.indexOf(' ');
          assert.ok(isWithin(parseDomainName(line.slice(0, at)), zone), line);
          return `${line.slice(0, at)} 60 IN TXT ${txtText(line.slice(at + 1))}`;
        })
        .sort();
    },
    async write(rrset) {
      assert.ok(rrset.type === 'TXT');
      await change((old) => [
        ...old.filter((line) => !line.startsWith(`${rrset.name} `)),
        ...rrset.values.map((value) => `${rrset.name} ${value}`),
      ]);
    },
    erase: ({ name }) => change((old) => old.filter((line) => !line.startsWith(`${name} `))),
    alias: async () => assert.fail('nobody would see it'),
    mute: () => open({ ...settings, command: ['/bin/sh', '-c', 'sleep 600 & wait'] }),
    broken: async () => [
      await open({ ...settings, command: ['/bin/sh', '-c', 'echo "no: $TOKEN" >&2; exit 3'] }),
      await open({ ...settings, command: [join(folder, 'absent')] }),
    ],
    stop: () => rm(folder, { recursive: true }),
  };
}

describeProviderConformance('exec with the protocol json', setupJson);
describeProviderConformance('exec with the protocol lego', setupLego);
