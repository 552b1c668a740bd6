import type { StateStore } from '../../src/ports.ts';
import type { Journal, LedgerEntry, OpenSwitch, SiteState } from '../../src/schedule/state.ts';

/** The state directory without a disk. */
export interface FakeState extends StateStore {
  readonly sites: Map<string, SiteState>;
  readonly journals: Map<string, Journal>;
  readonly switches: Map<string, OpenSwitch>;
  /** All lines. */
  readonly entries: LedgerEntry[];
  /** The orders among them. */
  readonly ledger: readonly LedgerEntry[];
}

export function createFakeState(): FakeState {
  const sites = new Map<string, SiteState>();
  const journals = new Map<string, Journal>();
  const switches = new Map<string, OpenSwitch>();
  const entries: LedgerEntry[] = [];
  return {
    sites,
    journals,
    switches,
    entries,
    get ledger() {
      return entries.filter(({ challenges }) => challenges === undefined);
    },
    secret: async () => 'secret of this installation',
    owner: async () => 'us',
    readSite: async (name) => sites.get(name) ?? { failures: 0 },
    writeSite: async (name, state) => void sites.set(name, state),
    readJournal: async (lineage) => journals.get(lineage) ?? null,
    writeJournal: async (lineage, journal) => void journals.set(lineage, journal),
    clearJournal: async (lineage) => void journals.delete(lineage),
    openJournals: async () => [...journals.keys()],
    readSwitch: async (name) => switches.get(name) ?? null,
    writeSwitch: async (name, open) => void switches.set(name, open),
    clearSwitch: async (name) => void switches.delete(name),
    openSwitches: async () => [...switches.keys()],
    readLedger: async () => [...entries],
    async appendLedger(entry, permit) {
      permit?.([...entries]);
      entries.push(entry);
    },
  };
}
