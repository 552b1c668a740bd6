/** The example of deploy/examples, loaded as a third party's provider is. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { loadAdapter } from '../../../providers/third-party/load-adapter.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { srvText, txtText } from '../../../src/dns/rrset.ts';
import type { DnsProvider, RRset, RRsetKey } from '../../../src/provider.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import type { ConformanceTarget } from '../../conformance/target.ts';
import { testDeps } from '../../support/provider-deps.ts';

const PACKAGE = fileURLToPath(
  new URL('../../../deploy/examples/provider-package/index.mjs', import.meta.url),
);
const ZONE = 'example.test.';
const CANARY = 'canary-in-the-zone-file';

const zonesInFile = z.record(
  z.string(),
  z.array(z.object({ name: z.string(), type: z.string(), ttl: z.int(), value: z.string() })),
);
type Zones = z.output<typeof zonesInFile>;
type FileRecord = Zones[string][number];

async function setup(): Promise<ConformanceTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'delegated-zonefile-'));
  const held: Server[] = [];
  const adapter = await loadAdapter(PACKAGE, folder);
  const open = async (file: string): Promise<DnsProvider> =>
    adapter.create(await adapter.options.parseAsync({ file }), testDeps(folder));
  const fresh = async (file: string, text: string): Promise<DnsProvider> => {
    await writeFile(join(folder, file), text);
    return open(file);
  };
  const file = join(folder, 'zones.json');
  const read = async (): Promise<Zones> => zonesInFile.parse(JSON.parse(await readFile(file, 'utf8')));
  /** Another writer, one change after the other. */
  let last: Promise<unknown> = Promise.resolve();
  const rewritten = (change: (records: FileRecord[]) => FileRecord[]): Promise<void> => {
    const mine = last.then(async () => {
      const zones = await read();
      await writeFile(file, JSON.stringify({ ...zones, [ZONE]: change(zones[ZONE] ?? []) }));
    });
    last = mine;
    return mine;
  };
  const provider = await fresh('zones.json', JSON.stringify({ [ZONE]: NEIGHBOURS, [`sub.${ZONE}`]: [] }));
  return {
    provider,
    zone: parseDomainName(ZONE),
    deeper: parseDomainName(`sub.${ZONE}`),
    secrets: [CANARY],
    snapshot: async () =>
      (await read())[ZONE]?.map(
        ({ name, ttl, type, value }) =>
          `${name} ${ttl} IN ${type} ${type === 'TXT' ? txtText(value) : value}`,
      ).sort() ?? [],
    write: (rrset) => rewritten((records) => [...without(records, rrset), ...recordsOf(rrset)]),
    erase: (key) => rewritten((records) => without(records, key)),
    alias: (name, target) =>
      rewritten((records) => [...records, { name, type: 'CNAME', ttl: 60, value: target }]),
    async mute() {
      const name = `mute-${held.length}.json`;
      const mute = await fresh(name, '{}');
      held.push(await holdLock(join(folder, name)));
      return mute;
    },
    broken: async () => [
      await fresh('broken.json', `{ "${ZONE}": [${CANARY}] }`),
      await fresh('odd.json', JSON.stringify({ [ZONE]: [{ value: CANARY }] })),
      await open('absent.json'),
    ],
    async stop() {
      for (const server of held) server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const NEIGHBOURS: FileRecord[] = [
  { name: ZONE, type: 'TXT', ttl: 300, value: 'v=spf1 -all' },
  { name: `www.${ZONE}`, type: 'CNAME', ttl: 300, value: 'elsewhere.example.net.' },
  { name: `_sip._tcp.${ZONE}`, type: 'SRV', ttl: 300, value: '1 2 5060 sip.example.net.' },
];

function without(records: readonly FileRecord[], { name, type }: RRsetKey): FileRecord[] {
  return records.filter((record) => record.name !== name || record.type !== type);
}

function recordsOf(rrset: RRset): FileRecord[] {
  const { name, type, ttl } = rrset;
  const texts = rrset.type === 'TXT' ? rrset.values : rrset.values.map(srvText);
  return texts.map((value) => ({ name, type, ttl, value }));
}

/** Somebody who has the lock and keeps it. */
async function holdLock(file: string): Promise<Server> {
  const hash = createHash('sha256')
    .update(await realpath(file))
    .digest('hex')
    .slice(0, 32);
  const server = createServer();
  await once(server.listen({ path: `\0delegated-zonefile-${hash}` }), 'listening');
  return server;
}

describeProviderConformance('the example of a third party', setup);
