import { createMemory } from '../../providers/memory/index.ts';
import type { Directory } from '../../src/acme/directory.ts';
import type { CertificateConfig, Config, PersistConfig, SiteConfig } from '../../src/config/config.ts';
import { type DomainName, parseDomainName, under } from '../../src/dns/domain-name.ts';
import { type DoctorPorts, examine } from '../../src/doctor.ts';
import type { DoctorReport } from '../../src/health/doctor-report.ts';
import { createDnsClient } from '../../src/io/dns-client.ts';
import { createHomeserverFiles } from '../../src/io/homeserver-files.ts';
import { createRightsLooker } from '../../src/io/rights-looker.ts';
import type { Ctx, DnsClient, Endpoint } from '../../src/ports.ts';
import { certificate, config, createWorld, ctx, site, srv } from './fake-ports.ts';

export const DIRECTORY: Directory = {
  newNonce: 'https://ca.test/nonce',
  newAccount: 'https://ca.test/account',
  newOrder: 'https://ca.test/order',
  externalAccountRequired: false,
  caaIdentities: ['ca.test'],
};
export const ACCOUNT = 'https://ca.test/acct/1';
export const THUMBPRINT = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

export interface Patient extends Partial<DoctorPorts> {
  /** Where a zone's servers are to be found: an address of the zone's data, and who plays it. */
  readonly servers: ReadonlyMap<string, Endpoint>;
  /** A folder for the state and an output. */
  readonly folder: string;
  readonly directory?: Partial<Directory>;
  readonly account?: DoctorPorts['account'];
  /** Of the SRV record; default `matrix` in the zone. */
  readonly target?: DomainName;
  readonly certificate?: Partial<CertificateConfig>;
  readonly persist?: PersistConfig;
  readonly settings?: Partial<Config['acme']>;
  /** Of the provider. */
  readonly nameServers?: readonly Endpoint[];
  readonly ctx?: Ctx;
}

const QUICK_MS = 300;

/** Looks at one site whose DNS and folders are real, and whose CA and provider are not. */
export async function examineSite(serverName: string, patient: Patient): Promise<DoctorReport> {
  const {
    servers,
    folder,
    directory,
    certificate: over,
    target,
    persist,
    settings,
    nameServers = [],
    ctx: given = ctx(),
    ...ports
  } = patient;
  const name = parseDomainName(serverName);
  const provider = createMemory({ zones: [name] });
  const output = {
    directory: `${folder}/tls`,
    keyMode: 0o640,
    certificateMode: 0o644,
    layout: 'links',
  } as const;
  const examined: SiteConfig = site({
    name: serverName,
    srv: [srv(target ?? under('matrix', name))],
    certificate: certificate({ outputs: [output], ...over }),
    ...(persist === undefined ? {} : { persist }),
  });
  const resolver = servers.get('127.0.0.1');
  const world = createWorld().ports();
  const base = config(examined);
  const providers = [...base.providers].map(([key, each]) => [key, { ...each, nameServers }] as const);
  return examine(
    [examined],
    {
      ...base,
      state: `${folder}/state`,
      acme: { ...base.acme, ...settings },
      providers: new Map(providers),
    },
    {
      ...world,
      dns: atTheirPorts(servers),
      resolvers: resolver === undefined ? [] : [resolver],
      provider: async () => provider,
      acme: async (url) => ({
        ...(await world.acme(url)),
        directory: async () => ({ ...DIRECTORY, ...directory }),
      }),
      account: async () => ({ url: ACCOUNT, thumbprint: THUMBPRINT }),
      rights: createRightsLooker(),
      homeserver: createHomeserverFiles(),
      ...ports,
    },
    given,
  );
}

/** Tests may not listen on port 53. */
function atTheirPorts(servers: ReadonlyMap<string, Endpoint>): DnsClient {
  const real = createDnsClient({ timeoutMs: QUICK_MS });
  return {
    query: (server, question, asked) =>
      real.query(server.port === 53 ? (servers.get(server.address) ?? server) : server, question, asked),
  };
}
