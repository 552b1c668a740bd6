import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBuiltin } from '../../../providers/builtin/index.ts';
import { builtinOptions } from '../../../providers/builtin/options.ts';
import { createZoneStore } from '../../../providers/builtin/zone-store.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { keyText, presentation } from '../../../src/dns/rrset.ts';
import type { DnsProvider } from '../../../src/provider.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import type { ConformanceTarget } from '../../conformance/target.ts';
import { SILENT, startBuiltin } from '../../support/builtin.ts';

const ZONE = 'example.test';
const NO_SIGNAL = new AbortController().signal;

async function setup(): Promise<ConformanceTarget> {
  const server = await startBuiltin({ zones: [ZONE, `sub.${ZONE}`] });
  // Another process that writes the same file.
  const other = createZoneStore(server.file);
  const hung = builtinOptions.parse({ listen: [`127.0.0.1:${server.port}`], zones: [ZONE] });
  const deps = { stateDirectory: server.stateDirectory, name: 'main', log: SILENT, now: () => new Date() };
  const open = (more: object): DnsProvider => createBuiltin(hung, { ...deps, ...more });
  const notADirectory = join(server.stateDirectory, 'file');
  await writeFile(notADirectory, '');
  return {
    provider: server.provider,
    zone: parseDomainName(ZONE),
    deeper: parseDomainName(`sub.${ZONE}`),
    secrets: [],
    async snapshot() {
      const { rrsets, aliases } = other.read();
      return [
        ...[...rrsets.values()].flatMap((rrset) =>
          presentation(rrset).map((rdata) => `${rrset.name} ${rrset.ttl} IN ${rrset.type} ${rdata}`),
        ),
        ...[...aliases.values()].map(({ name, ttl, target }) => `${name} ${ttl} IN CNAME ${target}`),
      ].sort();
    },
    async write(rrset) {
      await other.change((data) => {
        const rrsets = new Map(data.rrsets).set(keyText(rrset), rrset);
        return { ...data, rrsets, serial: data.serial + 1 };
      }, NO_SIGNAL);
    },
    async erase(key) {
      await other.change((data) => {
        const rrsets = new Map(data.rrsets);
        rrsets.delete(keyText(key));
        return { ...data, rrsets };
      }, NO_SIGNAL);
    },
    async alias(name, target) {
      await other.change((data) => {
        const aliases = new Map(data.aliases).set(name, { name, ttl: 60, target });
        return { ...data, aliases };
      }, NO_SIGNAL);
    },
    mute: async () =>
      open({ listener: { open: () => new Promise(() => undefined), close: () => Promise.resolve() } }),
    broken: async () => [open({ stateDirectory: notADirectory })],
    async stop() {
      other.close();
      await server.stop();
    },
  };
}

describeProviderConformance('builtin', setup);
