import { createRfc2136 } from '../../providers/rfc2136/index.ts';
import { type Rfc2136Options, rfc2136Options } from '../../providers/rfc2136/options.ts';
import type { DnsProvider } from '../../src/provider.ts';
import type { TestKey } from './name-server.ts';

/** The adapter as a config file would set it up, for a name server on loopback. */
export function openRfc2136(
  port: number,
  key: TestKey,
  more: { readonly zones?: readonly string[]; readonly timeout?: number; readonly now?: () => Date } = {},
): DnsProvider {
  const { now = () => new Date(), ...rest } = more;
  const options: Rfc2136Options = rfc2136Options.parse({ server: `127.0.0.1:${port}`, key, ...rest });
  return createRfc2136(options, { now });
}
