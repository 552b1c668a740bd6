import type { SiteConfig } from '../../src/config/config.ts';
import { under } from '../../src/dns/domain-name.ts';
import { issue } from '../../src/issue.ts';
import type { StoredVersion } from '../../src/ports.ts';
import { type Around, EXAMPLE, type World, certificate, config, ctx, site } from './fake-ports.ts';

export const WILDCARD = under('*', EXAMPLE);
/** example.org with a certificate for it and everything below. */
export const BOTH: SiteConfig = site({ certificate: certificate({ names: [WILDCARD] }) });

export interface Issuing {
  readonly world: World;
  readonly site?: SiteConfig;
  readonly around?: Around;
  readonly signal?: AbortSignal;
  readonly force?: boolean;
  readonly profile?: string;
  /** Milliseconds. */
  readonly timeoutMs?: number;
}

/** One process that issues. */
export async function issueOnce(issuing: Issuing): Promise<StoredVersion> {
  const { world, site: of = BOTH, around, signal, force = false, timeoutMs = 600_000, profile } = issuing;
  const settings = config(of);
  const bounded = {
    ...settings,
    acme: { ...settings.acme, timeoutMs, ...(profile !== undefined && { profile }) },
  };
  const ports = world.ports(around);
  const inner = { ...ctx(signal), log: ports.log };
  return issue(of, of.certificate ?? certificate(), bounded, { force }, ports, inner);
}
