import { type Link, openLink } from './link.ts';
import type { ServerAddress } from './options.ts';

export interface Connection {
  /**
   * One message over TCP and its reply. Messages in flight share one connection (RFC 7766 §6.2.1.1).
   * @param build makes the message for an id
   * @throws DelegatedError E_PROVIDER_UNAVAILABLE, E_PROVIDER_TIMEOUT, E_ABORTED
   */
  exchange(build: (id: number) => Buffer, write: boolean, signal: AbortSignal): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Milliseconds of idleness after which no write is entrusted to an open connection. Servers hang up on idle clients
 * (PowerDNS 4.7 after 5 s, Knot 3.2 after 10 s, BIND 9.18 after 30 s; verified 2026-11), and a write that crosses
 * the hang-up has an unknown outcome. A read is simply asked again.
 */
const WRITE_IDLE_MS = 2000;

export function createConnection(server: ServerAddress, timeoutMs: number): Connection {
  let current: Link | null = null;

  function link(write: boolean): Link {
    if (current !== null && current.usable(write ? WRITE_IDLE_MS : Infinity)) return current;
    current?.release();
    current = openLink(server, timeoutMs);
    return current;
  }

  return {
    async exchange(build, write, signal) {
      const first = link(write);
      const reused = first.answered();
      try {
        return await first.ask({ build, write }, signal);
      } catch (error) {
        if (write || !reused || !first.hungUp() || signal.aborted) throw error;
        return link(write).ask({ build, write }, signal);
      }
    },
    async close() {
      const last = current;
      current = null;
      await last?.close();
    },
  };
}
