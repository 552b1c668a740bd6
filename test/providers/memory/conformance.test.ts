import { type MemoryOptions, createMemory } from '../../../providers/memory/index.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { DelegatedError } from '../../../src/errors.ts';
import { describeProviderConformance } from '../../conformance/laws.ts';
import type { ConformanceTarget } from '../../conformance/target.ts';

const SECRET = 'canary-of-the-memory-provider';

async function setup(promises: NonNullable<MemoryOptions['promises']>): Promise<ConformanceTarget> {
  const zone = parseDomainName('example.test');
  const deeper = parseDomainName('sub.example.test');
  const provider = createMemory({ zones: [zone, deeper], promises });
  return {
    provider,
    zone,
    deeper,
    secrets: [SECRET],
    snapshot: async () => provider.snapshot(),
    write: async (rrset) => provider.write(rrset),
    erase: async (key) => provider.erase(key),
    alias: async (name, target) => provider.alias(name, target),
    mute: async () => createMemory({ zones: [zone], before: () => new Promise(() => undefined) }),
    broken: async () => [
      createMemory({
        zones: [zone],
        before: () => {
          throw new DelegatedError('E_PROVIDER_UNAVAILABLE', 'out of order');
        },
      }),
    ],
    stop: async () => undefined,
  };
}

describeProviderConformance('memory', () => setup({}));
describeProviderConformance('memory without compare-and-swap', () => setup({ cas: 'none', atomic: 'rrset' }));
describeProviderConformance('memory for challenges only', () =>
  setup({ types: ['TXT'], reads: false, cas: 'none', atomic: 'record' }),
);
describeProviderConformance('memory that swaps on creation only', () =>
  setup({ cas: 'create-only', atomic: 'record' }),
);
