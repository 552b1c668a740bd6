/** Everything that would make `renew` fail, before it does. Changes nothing, orders nothing. */
import { checkProvider, sitesOf } from './check-provider.ts';
import type { KnownAccount } from './acme/account-uri.ts';
import type { Config, ProviderConfig, SiteConfig } from './config/config.ts';
import { type DomainName, relativeToRoot } from './dns/domain-name.ts';
import { examineCa, examineLedger } from './doctor-ca.ts';
import { type Applicant, examineCaa } from './doctor-caa.ts';
import { examineDnssec } from './doctor-dnssec.ts';
import { examineFallbacks } from './doctor-fallback.ts';
import { examineHomeserver } from './doctor-homeserver.ts';
import { examineLeftovers, examineSetAside } from './doctor-leftovers.ts';
import { examineOutputs, examineState } from './doctor-rights.ts';
import { examineStanding } from './doctor-standing.ts';
import { examineTargets } from './doctor-targets.ts';
import { examineZone } from './doctor-zones.ts';
import { DelegatedError } from './errors.ts';
import { merged } from './federation/finding.ts';
import { type DoctorReport, doctorReport } from './health/doctor-report.ts';
import { type Condition, condition } from './health/finding.ts';
import type { HomeserverFiles } from './health/homeserver-files.ts';
import { wantedNames } from './issuance.ts';
import { followChallenge, zoneApex } from './lookup.ts';
import { certName, publishedNames } from './matrix/delegation.ts';
import { mapConcurrent } from './pool.ts';
import type { Ctx, Endpoint, Ports, RightsLooker } from './ports.ts';
import type { Journal, LedgerEntry } from './schedule/state.ts';
import { type StandingAccount, challengeNames } from './standing-names.ts';

export interface DoctorPorts extends Pick<
  Ports,
  'clock' | 'dice' | 'dns' | 'resolvers' | 'provider' | 'acme' | 'account' | 'state' | 'store'
> {
  readonly rights: RightsLooker;
  readonly homeserver: HomeserverFiles;
}

const SITES_AT_ONCE = 16;
const NAMES_AT_ONCE = 8;

type ZoneLook = (zone: DomainName, configured: readonly Endpoint[]) => Promise<Condition[]>;

export async function examine(
  sites: readonly SiteConfig[],
  config: Config,
  ports: DoctorPorts,
  ctx: Ctx,
): Promise<DoctorReport> {
  const { directoryUrl } = config.acme;
  const ordering = sites.some(({ certificate }) => certificate !== null);
  const { ledger, account, known, troubles } = await readState(directoryUrl, ports);
  const ca = ordering
    ? await examineCa(config.acme, account?.url ?? null, ports, ctx)
    : { applicant: null, findings: [] };
  const used = [...config.providers.values()].filter(({ name }) => sitesOf(name, sites).length > 0);
  const [state, fallbacks, providers] = await Promise.all([
    examineState(config.state, ports.rights),
    examineFallbacks(sites, config, ports, ctx),
    Promise.all(used.map((provider) => examineProvider(provider, sites, ports, ctx))),
  ]);
  const lookAtZone = rememberingZones(ports, ctx);
  const standing = standingSight(ca.applicant, account);
  const nowAtCa = new Date(ports.clock.now().getTime() - (ca.applicant?.directory.clockAheadMs ?? 0));
  const looks = await mapConcurrent(sites, SITES_AT_ONCE, async (site) => {
    const found = await Promise.all([
      examineOutputs(site, ports.rights),
      examineHomeserver(site, ports.homeserver),
      examineDnssec(certName(site), ports, ctx),
      examineTargets(site, ports, ctx),
      examineNames(site, { config, lookAtZone, known, standing }, ports, ctx),
      examineAuthority(site, ca.applicant, ports, ctx),
    ]);
    const orders =
      site.certificate === null ? [] : examineLedger(ledger, wantedNames(site), directoryUrl, nowAtCa);
    return [site.serverName.text, merged([...found.flat(), ...orders])] as const;
  });
  return doctorReport(
    merged([...state, ...troubles, ...ca.findings, ...fallbacks, ...providers.flat()]),
    new Map(looks),
  );
}

async function examineProvider(
  provider: ProviderConfig,
  sites: readonly SiteConfig[],
  ports: DoctorPorts,
  ctx: Ctx,
): Promise<Condition[]> {
  const { items } = await checkProvider(provider, sites, ports, ctx);
  return items
    .filter(({ ok }) => !ok)
    .map(({ message, hint }) =>
      condition(
        'PROVIDER_CHECK',
        `provider ${provider.name}: ${message}`,
        hint ?? '`delegated provider check` prints the rights that are enough',
      ),
    );
}

interface Surroundings {
  readonly config: Config;
  readonly standing: StandingSight;
  readonly lookAtZone: ZoneLook;
  /** Challenge values that a journal has. */
  readonly known: ReadonlySet<string>;
}

/** What standing values have to say; null while there is no account, `silent` where the CA did not show its directory. */
type StandingSight = StandingAccount | null | 'silent';

function standingSight(applicant: Applicant | null, account: KnownAccount | null): StandingSight {
  if (account === null) return null;
  return applicant === null ? 'silent' : { directory: applicant.directory, account };
}

interface KnownState {
  readonly ledger: readonly LedgerEntry[];
  readonly account: KnownAccount | null;
  /** Challenge values that a journal has. */
  readonly known: ReadonlySet<string>;
  /** What could not be read. */
  readonly troubles: readonly Condition[];
}

async function readState(directoryUrl: string, ports: DoctorPorts): Promise<KnownState> {
  const troubles: Condition[] = [];
  const orElse = async <T>(read: Promise<T>, fallback: T): Promise<T> => {
    try {
      return await read;
    } catch (error) {
      if (!(error instanceof DelegatedError)) throw error;
      if (error.code !== 'E_STATE' && error.code !== 'E_SECRET') throw error;
      const fix = error.hint ?? 'give the directory to the user that renews';
      const code = error.code === 'E_SECRET' ? 'ACCOUNT_KEY_EXPOSED' : 'STATE_UNSAFE';
      troubles.push(condition(code, error.message, fix));
      return fallback;
    }
  };
  const ledger = await orElse(ports.state.readLedger(), []);
  const account = await orElse(ports.account(directoryUrl), null);
  const journals = await orElse(readJournals(ports), []);
  const known = new Set(journals.flatMap(({ challenges }) => challenges.map(({ value }) => value)));
  return { ledger, account, known, troubles: [...troubles, ...examineSetAside(journals)] };
}

async function readJournals({ state }: DoctorPorts): Promise<readonly Journal[]> {
  const journals = await Promise.all(
    (await state.openJournals()).map((lineage) => state.readJournal(lineage)),
  );
  return journals.filter((journal) => journal !== null);
}

async function examineAuthority(
  site: SiteConfig,
  applicant: Applicant | null,
  ports: DoctorPorts,
  ctx: Ctx,
): Promise<Condition[]> {
  if (applicant === null || site.certificate === null) return [];
  const caa = await mapConcurrent(wantedNames(site), NAMES_AT_ONCE, (name) =>
    examineCaa(name, applicant, site.persist === undefined ? 'dns-01' : 'dns-persist-01', ports, ctx),
  );
  return caa.flat();
}

/** Every name that a renewal writes, followed to the zone that it ends in, and that zone's servers. */
async function examineNames(
  site: SiteConfig,
  { config, lookAtZone, known, standing }: Surroundings,
  ports: DoctorPorts,
  ctx: Ctx,
): Promise<Condition[]> {
  const serversOf = (provider: string) => config.providers.get(provider)?.nameServers ?? [];
  const records = publishedNames(site);
  const challengeServers = serversOf(site.challengeProvider ?? site.provider);
  const looks = [
    ...records.map(
      (name) => async () => zoneFindings(name, serversOf(site.provider), lookAtZone, ports, ctx),
    ),
    ...challengeNames(site).map((name) => async () => {
      const end = await followChallenge(name, challengeServers, ports, ctx);
      const zone = await zoneApex(end, ports, ctx);
      const servers = { configured: challengeServers, known };
      return [
        ...(await lookAtZone(zone, challengeServers)),
        ...(site.persist === undefined ? await examineLeftovers(end, zone, servers, ports, ctx) : []),
      ];
    }),
    ...(site.certificate === null || standing === 'silent'
      ? []
      : [async () => examineStanding(site, config, standing, challengeServers, ports, ctx)]),
  ];
  return (await mapConcurrent(looks, NAMES_AT_ONCE, async (look) => look().catch(lookupFailure))).flat();
}

async function zoneFindings(
  name: DomainName,
  configured: readonly Endpoint[],
  lookAtZone: ZoneLook,
  ports: DoctorPorts,
  ctx: Ctx,
): Promise<Condition[]> {
  return lookAtZone(await zoneApex(name, ports, ctx), configured);
}

function lookupFailure(thrown: unknown): Condition[] {
  if (!(thrown instanceof DelegatedError)) throw thrown;
  const { code, message, hint = 'look at the servers and the delegation of that zone' } = thrown;
  // An alias where the values have to stand: a server of the config shows one that the public ones do not.
  if (code === 'E_CHALLENGE_CNAME' || code === 'E_RECORD_CNAME')
    return [condition('CHALLENGE_CNAME', message, hint)];
  if (code === 'E_DNS_UNANSWERED' || code === 'E_ZONE_NOT_FOUND')
    return [condition('ZONE_UNKNOWN', message, hint)];
  throw thrown;
}

/** Sites of one hoster share a zone: its servers are asked once. */
function rememberingZones(ports: DoctorPorts, ctx: Ctx): ZoneLook {
  const looks = new Map<string, Promise<Condition[]>>();
  return (zone, configured) => {
    const key = [relativeToRoot(zone), ...configured.map(({ address, port }) => `${address} ${port}`)].join();
    const look = looks.get(key) ?? examineZone(zone, configured, ports, ctx);
    looks.set(key, look);
    return look;
  };
}
