/** Could the other CAs of the config take over on the day when the first one fails? */
import { lacksBinding } from './doctor-ca.ts';
import { examineCaa } from './doctor-caa.ts';
import { certificateAuthoritiesOf } from './config/certificate-authorities-of.ts';
import type { AcmeConfig, Config, SiteConfig } from './config/config.ts';
import { asDelegatedError } from './errors.ts';
import { type Condition, condition } from './health/finding.ts';
import { wantedNames } from './issuance.ts';
import type { LookupPorts } from './lookup.ts';
import { mapConcurrent } from './pool.ts';
import type { Ctx, Ports } from './ports.ts';

const NAMES_AT_ONCE = 8;
/** Of what a CAA record says about a CA, this many names are enough to see what is the matter. */
const MOST_EVIDENCE = 10;

type FallbackPorts = LookupPorts & Pick<Ports, 'acme' | 'account'>;

/** One warning for each CA that could not, with every reason. */
export async function examineFallbacks(
  sites: readonly SiteConfig[],
  { acme }: Config,
  ports: FallbackPorts,
  ctx: Ctx,
): Promise<Condition[]> {
  // A standing value has the account of the first CA, so no other is asked for those sites.
  const movable = sites.filter(({ certificate, persist }) => certificate !== null && persist === undefined);
  const names = [...new Set(movable.flatMap(wantedNames))];
  const [, ...others] = certificateAuthoritiesOf(acme);
  if (names.length === 0) return [];
  const found = await Promise.all(
    others.map(async (other) => {
      const reasons = await reasonsAgainst(other, names, ports, ctx);
      if (reasons.length === 0) return [];
      return [
        condition(
          'FALLBACK_UNFIT',
          `${new URL(other.directoryUrl).host} could not take over: ${reasons.length === 1 ? reasons[0] : `${reasons.length} reasons`}`,
          'put it right while the first CA works, or take it out of `acme.fallback`',
          reasons.slice(0, MOST_EVIDENCE),
        ),
      ];
    }),
  );
  return found.flat();
}

async function reasonsAgainst(
  other: AcmeConfig,
  names: ReturnType<typeof wantedNames>,
  ports: FallbackPorts,
  ctx: Ctx,
): Promise<string[]> {
  const { directoryUrl } = other;
  try {
    const directory = await (await ports.acme(directoryUrl)).directory(ctx);
    const account = (await ports.account(directoryUrl))?.url ?? null;
    const applicant = { directoryUrl, directory, account };
    const caa = await mapConcurrent(names, NAMES_AT_ONCE, (name) =>
      examineCaa(name, applicant, 'dns-01', ports, ctx),
    );
    const refusals = caa.flat().filter(({ severity }) => severity === 'error');
    return [
      ...(lacksBinding(other, directory, account)
        ? ['it wants an external account, and `acme.fallback[].eab` is not set']
        : []),
      ...new Set(refusals.map(({ message }) => message)),
    ];
  } catch (thrown) {
    const { code, message } = asDelegatedError(thrown);
    if (code === 'E_ABORTED' || code === 'E_BUG') throw thrown;
    return [`${code}: ${message}`];
  }
}
