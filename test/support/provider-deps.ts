import type { ProviderDeps } from '../../providers/adapter.ts';
import { SILENT } from './builtin.ts';
import { THIS_PROCESS } from './this-process.ts';

/** What the program gives to an adapter. */
export function testDeps(stateDirectory: string, more: Partial<ProviderDeps> = {}): ProviderDeps {
  return {
    name: 'main',
    configFolder: stateDirectory,
    stateDirectory,
    log: SILENT,
    now: () => new Date(),
    env: {},
    dns: { zoneApex: async () => null, rrset: async () => null },
    tell: () => undefined,
    hide: () => undefined,
    kill: THIS_PROCESS.kill,
    ...more,
  };
}
