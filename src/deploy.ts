/**
 * Verb: a stored version becomes what federation peers are served: outputs → reload → proof. Its state is kept, so that
 * a failed step is tried again by the next run, and never by ordering another certificate.
 */
import type { CertificateConfig, SiteConfig } from './config/config.ts';
import { BACKOFF, DelegatedError, asDelegatedError } from './errors.ts';
import { groupBy } from './group-by.ts';
import { addressesOf } from './lookup.ts';
import { endpointText } from './name-servers.ts';
import { certName } from './matrix/delegation.ts';
import { mapConcurrent } from './pool.ts';
import type { Ctx, Endpoint, Ports, StoredVersion } from './ports.ts';
import type { DeployReport } from './report.ts';
import type { SiteState } from './schedule/state.ts';

export interface Deployment {
  readonly site: SiteConfig;
  readonly certificate: CertificateConfig;
  readonly version: StoredVersion;
}

export interface DeployOutcome {
  readonly report: DeployReport;
  readonly errors: readonly DelegatedError[];
}

interface Progressing {
  readonly deployment: Deployment;
  state: SiteState;
  /** The state as it is on disk. */
  saved: SiteState;
  wrote: boolean;
  reloaded: boolean;
  readonly errors: DelegatedError[];
}

const SITES_AT_ONCE = 8;
const FIRST_POLL_MS = 50;
const SLOWEST_POLL_MS = 2_000;
const GROWTH = 1.6;

/** By server name. One reload serves all the sites that share it. */
export async function deploy(
  deployments: readonly Deployment[],
  ports: Ports,
  ctx: Ctx,
): Promise<ReadonlyMap<string, DeployOutcome>> {
  const all = await mapConcurrent(deployments, SITES_AT_ONCE, (deployment) =>
    writeOutputs(deployment, ports),
  );
  await reloadAll(all, ports, ctx);
  await mapConcurrent(all, SITES_AT_ONCE, (each) => prove(each, ports, ctx));
  await mapConcurrent(all, SITES_AT_ONCE, (each) => save(each, ports));
  return new Map(all.map((each) => [each.deployment.site.serverName.text, outcome(each)]));
}

/** What deployment state is about; when the config changes it, everything is deployed again. */
export function deployTarget({ outputs, reload }: CertificateConfig): string {
  return JSON.stringify([outputs, reload]);
}

/** What `deploy` would find, changing nothing: `keep` when nothing is owed, `deploy` when something is. */
export async function deployState(
  { serverName }: SiteConfig,
  certificate: CertificateConfig,
  version: StoredVersion | null,
  ports: Ports,
): Promise<DeployReport> {
  const state = await ports.state.readSite(serverName.text);
  const current =
    version !== null &&
    state.deployedVersion === version.id &&
    state.deployTarget === deployTarget(certificate);
  const reloaded = certificate.reload === null || (current && state.reloadedVersion === version.id);
  const verified = current && state.verifiedVersion === version.id;
  const proven = verified || certificate.verify?.length === 0;
  return {
    action: isIdle(certificate) ? 'none' : current && reloaded && proven ? 'keep' : 'deploy',
    outputs: certificate.outputs.map(({ directory }) => directory),
    reloaded: false,
    verified,
  };
}

function isIdle({ outputs, reload, verify }: CertificateConfig): boolean {
  return outputs.length === 0 && reload === null && verify?.length === 0;
}

async function writeOutputs(deployment: Deployment, ports: Ports): Promise<Progressing> {
  const { site, certificate, version } = deployment;
  const unread: SiteState = { failures: 0 };
  const each: Progressing = {
    deployment,
    saved: unread,
    state: unread,
    wrote: false,
    reloaded: false,
    errors: [],
  };
  const target = deployTarget(certificate);
  try {
    const saved = await ports.state.readSite(site.serverName.text);
    const current = saved.deployTarget === target && saved.deployedVersion === version.id;
    each.saved = saved;
    each.state = current ? saved : forget(saved);
    for (const output of certificate.outputs) {
      if (await ports.outputs.isCurrent(output, version)) continue;
      await ports.outputs.write(output, version);
      each.wrote = true;
    }
    if (each.wrote) each.state = forget(each.state);
    each.state = { ...each.state, deployedVersion: version.id, deployTarget: target };
  } catch (thrown) {
    each.errors.push(asDelegatedError(thrown));
  }
  // Before the reload, so that a run which dies now knows that the reload is still owed.
  await save(each, ports);
  return each;
}

/** Without `deployedVersion`, `reloadedVersion` and `verifiedVersion`, none of which is true any more. */
function forget({
  deployedVersion: _d,
  reloadedVersion: _r,
  verifiedVersion: _v,
  ...rest
}: SiteState): SiteState {
  return rest;
}

async function reloadAll(all: readonly Progressing[], ports: Ports, ctx: Ctx): Promise<void> {
  const owed = all.filter(({ deployment, state, errors }) => {
    const { certificate, version } = deployment;
    return errors.length === 0 && certificate.reload !== null && state.reloadedVersion !== version.id;
  });
  const groups = groupBy(owed, ({ deployment }) => JSON.stringify(deployment.certificate.reload));
  await mapConcurrent([...groups.values()], SITES_AT_ONCE, async (group) => {
    const action = group[0]?.deployment.certificate.reload ?? null;
    if (action === null) return;
    for (const { deployment } of group)
      ports.progress(deployment.site.serverName.text, 'reloading the homeserver');
    try {
      await ports.reloader.reload(action, ctx);
      for (const each of group) {
        each.reloaded = true;
        each.state = { ...each.state, reloadedVersion: each.deployment.version.id };
      }
    } catch (thrown) {
      for (const each of group) each.errors.push(asDelegatedError(thrown));
    }
  });
}

/** An exit status of a reload proves nothing: Synapse keeps the old certificate when it cannot read the new one. */
async function prove(each: Progressing, ports: Ports, ctx: Ctx): Promise<void> {
  const { site, certificate, version } = each.deployment;
  const nothingToProve = certificate.verify?.length === 0;
  if (each.errors.length > 0 || nothingToProve || each.state.verifiedVersion === version.id) return;
  try {
    const servers = certificate.verify ?? (await everyTargetAddress(site, ports, ctx));
    const deadline = ports.clock.monotonic() + certificate.verifyTimeoutMs;
    await Promise.all(servers.map((server) => awaitLeaf(server, each.deployment, deadline, ports, ctx)));
    each.state = { ...each.state, verifiedVersion: version.id };
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    each.errors.push(error);
    // A homeserver that could not read the new files keeps the old ones until it is told once more.
    if (error.code === 'E_NOT_SERVED') {
      const { reloadedVersion: _r, ...state } = each.state;
      each.state = state;
    }
  }
}

async function everyTargetAddress(site: SiteConfig, ports: Ports, ctx: Ctx): Promise<Endpoint[]> {
  // A target on its way out keeps the certificate that it has: it is nobody's business to serve a new one.
  const staying = site.srv.filter(({ until }) => until === undefined);
  const targets = await Promise.all(
    staying.map(async ({ target, port }) => {
      const addresses = await addressesOf(target, ports, ctx);
      if (addresses.length === 0)
        throw new DelegatedError(
          'E_NOT_SERVED',
          `the SRV target ${target} has no address, so nothing serves the certificate`,
          {
            hint: 'publish its A/AAAA records, or say in `certificate.verify` where the homeserver listens',
            retry: BACKOFF,
          },
        );
      return addresses.map((address) => ({ address, port }));
    }),
  );
  return targets.flat();
}

async function awaitLeaf(
  server: Endpoint,
  { site, version, certificate }: Deployment,
  deadline: number,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  const name = certName(site);
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * GROWTH, SLOWEST_POLL_MS)) {
    const found = await ports.tls
      .servedLeaf(server, name, ctx)
      .then((served) =>
        served === version.facts.sha256 ? null : { why: `it serves another certificate (SHA-256 ${served})` },
      )
      .catch((thrown: unknown) => {
        const error = asDelegatedError(thrown);
        if (error.code !== 'E_NOT_SERVED') throw error;
        return { why: error.message, isSilent: true };
      });
    if (found === null) return;
    const left = deadline - ports.clock.monotonic();
    if (left <= 0) throw notServed(server, version, found, certificate);
    ports.progress(site.serverName.text, `waiting for ${endpointText(server)} to serve the new certificate`);
    await ports.clock.sleep(Math.min(pause, left), ctx.signal);
  }
}

function notServed(
  server: Endpoint,
  version: StoredVersion,
  { why, isSilent = false }: { readonly why: string; readonly isSilent?: boolean },
  { reload }: CertificateConfig,
): DelegatedError {
  const hint = isSilent
    ? 'does the homeserver run, and is that where it listens with TLS? `certificate.verify` names other addresses, or none'
    : reload === null
      ? 'nothing reloads the homeserver: set `certificate.reload`, or see to it yourself'
      : 'look at the log of the homeserver: can its user read the key, does it read these files, is a proxy in front of it that holds its own copy?';
  return new DelegatedError(
    'E_NOT_SERVED',
    `${endpointText(server)} does not serve the certificate ${version.facts.serial}: ${why}`,
    {
      hint,
      retry: BACKOFF,
    },
  );
}

async function save(each: Progressing, ports: Ports): Promise<void> {
  if (JSON.stringify(each.state) === JSON.stringify(each.saved)) return;
  try {
    await ports.state.writeSite(each.deployment.site.serverName.text, each.state);
    each.saved = each.state;
  } catch (thrown) {
    each.errors.push(asDelegatedError(thrown));
  }
}

function outcome({ deployment, state, wrote, reloaded, errors }: Progressing): DeployOutcome {
  const { certificate, version } = deployment;
  const done = wrote || reloaded;
  return {
    errors,
    report: {
      action: errors.length > 0 ? 'fail' : isIdle(certificate) ? 'none' : done ? 'deploy' : 'keep',
      outputs: certificate.outputs.map(({ directory }) => directory),
      reloaded,
      verified: state.verifiedVersion === version.id,
    },
  };
}
