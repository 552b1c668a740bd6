import { allAdapters } from '../../providers/registry.ts';
import type { GlobalOptions, Shell } from './shell.ts';
import { paintFor, table } from './table.ts';

const SWAP = { full: 'yes', 'create-only': 'create', none: '-' } as const;

/** What there is to choose from. Reads no config. */
export async function providerListCommand(flags: GlobalOptions, shell: Shell): Promise<number> {
  const adapters = [...(await allAdapters())];
  if (flags.json === true) {
    const providers = adapters.map(([type, { title, capabilities, environment, example }]) => ({
      type,
      title,
      capabilities,
      settings: settingsIn(example('example.org')),
      environment,
    }));
    shell.out(`${JSON.stringify({ version: 1, ok: true, providers }, null, 2)}\n`);
    return 0;
  }
  const rows = adapters.map(([type, { title, capabilities, example }]) => [
    type,
    capabilities.types.join(' '),
    SWAP[capabilities.cas],
    settingsIn(example('example.org')).join(' '),
    title,
  ]);
  const [head = '', ...lines] = table(['TYPE', 'RECORDS', 'SWAP', 'SETTINGS', 'WHAT IT IS'], rows);
  shell.out(`${[paintFor(flags, shell)('bold', head), ...lines].join('\n')}\n`);
  return 0;
}

/** The keys at the left of the example: what one needs to start with. */
function settingsIn(example: string): string[] {
  return [...example.matchAll(/^(\w+):/gm)].map(([, key = '']) => key);
}
