/** Builds the ports for one command from the config. Everything heavy is loaded on first use. */
import { dirname } from 'node:path';
import type { AccountDesk } from '../acme/account-sight.ts';
import { settingsOf } from '../config/certificate-authorities-of.ts';
import type { AcmeConfig, Config } from '../config/config.ts';
import type { HostProcess } from '../io/host-process.ts';
import type { Redactor } from '../io/redaction.ts';
import {
  type AcmeClient,
  type Ctx,
  type DnsProvider,
  type HttpsLooker,
  type KeyMaker,
  type Log,
  type Notifier,
  type Ports,
} from '../ports.ts';
import { createCertificateStore } from '../io/certificate-store.ts';
import { createDnsClient } from '../io/dns-client.ts';
import { createOutputWriter } from '../io/output-writer.ts';
import { createReloader } from '../io/reloader.ts';
import { createStateStore } from '../io/state-store.ts';
import { createSystemClock } from '../io/clock.ts';
import { createSystemDice } from '../io/dice.ts';
import { createWebRoot } from '../io/web-root.ts';
import { createTlsProbe } from '../io/tls-probe.ts';
import { factsOf, parseChain } from '../certificate/x509.ts';
import { systemResolvers } from '../io/system-resolvers.ts';
import { createWorldDns } from '../world-dns.ts';
import { DelegatedError } from '../errors.ts';

export interface Context {
  readonly config: Config;
  readonly ports: Ports;
  readonly ctx: Ctx;
  /** Null where the config names nobody; loaded on first use. */
  readonly notifier: (() => Promise<Notifier>) | null;
  /** A client with an account directory of its own, for rehearsals. The caller closes it. */
  openAcme(acme: AcmeConfig, accountDirectory: string): Promise<AcmeClient>;
  /** The same for the account that renewals use. The caller closes it. */
  openAccount(acme: AcmeConfig): Promise<AcmeClient & AccountDesk>;
  /** Closes what was opened: provider sockets, listeners, the CA's connections. */
  close(): Promise<void>;
}

export interface ContextOptions {
  readonly log: Log;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly host: HostProcess;
  readonly progress: Ports['progress'];
  /** Nothing is made in the state directory before something is written there. */
  readonly onlyLooks?: boolean;
}

const CHANGE_ID_LENGTH = 8;

export function createContext(config: Config, options: ContextOptions): Context {
  const { log, signal } = options;
  const clock = createSystemClock();
  const dice = createSystemDice();
  const providers = new Map<string, Promise<DnsProvider>>();
  const clients = new Map<string, Promise<AcmeClient>>();
  let keys: Promise<KeyMaker> | undefined;
  let https: Promise<HttpsLooker> | undefined;

  const ports: Ports = {
    clock,
    dice,
    log,
    progress: options.progress,
    dns: createDnsClient({}),
    resolvers: config.resolvers.length > 0 ? config.resolvers : systemResolvers(),
    provider(name) {
      const known = providers.get(name);
      if (known !== undefined) return known;
      const loaded = loadConfigured(config, name, options, ports);
      providers.set(name, loaded);
      // One that could not start, since its program was missing, may start at the next run of the daemon.
      loaded.catch(() => providers.delete(name));
      return loaded;
    },
    acme(directoryUrl) {
      const opened = clients.get(directoryUrl) ?? openConfigured(config, directoryUrl, options);
      clients.set(directoryUrl, opened);
      return opened;
    },
    async account(directoryUrl) {
      const { accountDirectory } = await import('../io/acme/account-directory.ts');
      const { knownAccount } = await import('../io/acme/known-account.ts');
      return knownAccount(accountDirectory(config.state, directoryUrl), log);
    },
    keys() {
      keys ??= import('../io/key-maker.ts').then(({ createKeyMaker }) => createKeyMaker());
      return keys;
    },
    store: createCertificateStore({
      directory: `${config.state}/certificates`,
      facts: (fullchain) => factsOf(parseChain(fullchain)[0]),
      keep: (lineage) =>
        config.sites.find(({ serverName }) => serverName.text === lineage)?.certificate?.keepVersions,
      now: () => clock.now(),
    }),
    state: createStateStore(config.state, { dice, clock, onlyLooks: options.onlyLooks === true }),
    outputs: createOutputWriter(),
    webRoot: createWebRoot(),
    reloader: createReloader({ environment: options.env, kill: options.host.kill }),
    tls: createTlsProbe(),
    https() {
      https ??= openHttps(config, options);
      return https;
    },
  };

  return {
    config,
    ports,
    notifier: config.notify === undefined ? null : notifierOf(config.notify, options),
    openAcme: (settings, accountDirectory) => openAcme(settings, accountDirectory, options),
    openAccount: (settings) => openConfigured(config, settings.directoryUrl, options),
    ctx: { signal, log, changeId: dice.token(CHANGE_ID_LENGTH) },
    async close() {
      for (const client of await Promise.allSettled(clients.values()))
        if (client.status === 'fulfilled') client.value.close();
      const opened = await Promise.allSettled(providers.values());
      await Promise.allSettled(
        opened.map(async (each) => {
          if (each.status === 'fulfilled') await each.value.close?.();
        }),
      );
    },
  };
}

function notifierOf(
  settings: NonNullable<Config['notify']>,
  { env, host }: ContextOptions,
): () => Promise<Notifier> {
  return async () => {
    const { createNotifier } = await import('../io/notifier.ts');
    return createNotifier(settings, { environment: env, kill: host.kill });
  };
}

async function loadConfigured(
  config: Config,
  name: string,
  options: ContextOptions,
  ports: Ports,
): Promise<DnsProvider> {
  const provider = config.providers.get(name);
  if (provider === undefined)
    throw new DelegatedError('E_PROVIDER_UNKNOWN', `the config has no provider "${name}" any more`, {
      hint: 'an interrupted run left challenge values behind that only this provider can remove: put it back for one run, or remove the values by hand',
    });
  const { loadProvider } = await import('../../providers/registry.ts');
  return loadProvider({
    type: provider.type,
    options: provider.options,
    deps: {
      name,
      configFolder: dirname(config.file),
      stateDirectory: config.state,
      log: options.log,
      now: () => new Date(),
      env: options.env,
      dns: createWorldDns(provider.nameServers, ports),
      tell: (message) => {
        options.progress(name, message);
      },
      hide: (secret) => {
        options.redactor.register(secret);
      },
      kill: options.host.kill,
    },
  });
}

/** The roots of the CA's API are those of a lab, whose certificates may well be from the same CA. */
async function openHttps({ acme }: Config, { version }: ContextOptions): Promise<HttpsLooker> {
  const { createHttpsLooker } = await import('../io/https-looker.ts');
  const { caCertificates } = acme;
  return createHttpsLooker({
    userAgent: `matrix-delegated/${version}`,
    ...(caCertificates === undefined ? {} : { caCertificates }),
  });
}

async function openConfigured(
  { acme, state }: Config,
  directoryUrl: string,
  options: ContextOptions,
): Promise<AcmeClient & AccountDesk> {
  const { accountDirectory } = await import('../io/acme/account-directory.ts');
  return openAcme(settingsOf(acme, directoryUrl), accountDirectory(state, directoryUrl), options);
}

async function openAcme(
  acme: AcmeConfig,
  accountDirectory: string,
  options: ContextOptions,
): Promise<AcmeClient & AccountDesk> {
  const { createAcmeClient } = await import('../io/acme/acme-client.ts');
  return createAcmeClient({
    directoryUrl: acme.directoryUrl,
    accountDirectory,
    termsOfServiceAgreed: acme.termsOfServiceAgreed,
    userAgent: `matrix-delegated/${options.version}`,
    clock: createSystemClock(),
    log: options.log,
    ...(acme.email === undefined ? {} : { email: acme.email }),
    ...(acme.eab === undefined ? {} : { eab: acme.eab }),
    ...(acme.preferredChain === undefined ? {} : { preferredChain: acme.preferredChain }),
    ...(acme.caCertificates === undefined ? {} : { caCertificates: acme.caCertificates }),
  });
}
