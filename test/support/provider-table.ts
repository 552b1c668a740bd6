import type { Adapter } from '../../providers/registry.ts';

const SWAP = { full: 'full', 'create-only': 'when it creates', none: 'no' } as const;

/** The table of docs/providers.md: head, then one row for each type. */
export function providerTable(adapters: ReadonlyMap<string, Adapter>): string[][] {
  const rows = [...adapters].map(([type, { title, capabilities, environment }]) => [
    `[\`${type}\`](../providers/${type}/README.md)`,
    title,
    capabilities.types.join(', '),
    SWAP[capabilities.cas],
    Object.values(environment)
      .flat()
      .map((variable) => `\`${variable}\``)
      .join(', '),
  ]);
  return [['type', 'what', 'records', 'compare-and-swap', 'environment'], ...rows];
}
