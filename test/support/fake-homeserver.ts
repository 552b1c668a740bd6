import { DelegatedError } from '../../src/errors.ts';
import type { OutputWriter, Reloader, StoredVersion, TlsProbe } from '../../src/ports.ts';

/** A homeserver that reads the output directories when it is told to, and serves what it read. */
export interface FakeHomeserver {
  readonly outputs: OutputWriter;
  readonly reloader: Reloader;
  readonly tls: TlsProbe;
  /** By directory. */
  readonly written: Map<string, StoredVersion>;
  /** SHA-256 by the name in SNI. */
  readonly serves: Map<string, string>;
  reloads: number;
  /** Takes the reload for good and keeps what it has, as Synapse does when it cannot read the new files. */
  deaf: boolean;
}

export function createFakeHomeserver(): FakeHomeserver {
  const written = new Map<string, StoredVersion>();
  const serves = new Map<string, string>();
  const homeserver: FakeHomeserver = {
    written,
    serves,
    reloads: 0,
    deaf: false,
    outputs: {
      isCurrent: async ({ directory }, version) => written.get(directory)?.id === version.id,
      write: async ({ directory }, version) => void written.set(directory, version),
    },
    reloader: {
      async reload() {
        homeserver.reloads += 1;
        if (homeserver.deaf) return;
        for (const { facts } of written.values())
          for (const name of facts.names) serves.set(name, facts.sha256);
      },
    },
    tls: {
      async servedLeaf({ address }, name) {
        const served = serves.get(name);
        if (served !== undefined) return served;
        throw new DelegatedError('E_NOT_SERVED', `${address} answers no handshake`, {
          retry: { kind: 'backoff' },
        });
      },
    },
  };
  return homeserver;
}
