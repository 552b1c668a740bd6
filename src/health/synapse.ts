/** What we look at in a Synapse config. The rest, secrets among it, never leaves the document. */
export interface SynapseConfig {
  readonly serverName: string | null;
  readonly certificatePath: string | null;
  readonly keyPath: string | null;
  readonly listeners: readonly Listener[];
  readonly servesWellKnown: boolean;
  readonly publicBaseUrl: string | null;
}

export interface Listener {
  readonly port: number;
  readonly tls: boolean;
  readonly federation: boolean;
  /** Empty: all of them. */
  readonly addresses: readonly string[];
}

type Mapping = Readonly<Record<string, unknown>>;

/** A key of a later file replaces that of an earlier one as a whole (Synapse, config/_base.py, read_config_files). */
export function synapseConfig(documents: readonly Mapping[]): SynapseConfig {
  const merged: Mapping = Object.assign({}, ...documents);
  return {
    serverName: text(merged['server_name']),
    certificatePath: text(merged['tls_certificate_path']),
    keyPath: text(merged['tls_private_key_path']),
    listeners: list(merged['listeners']).flatMap(listener),
    servesWellKnown: isOn(merged['serve_server_wellknown']),
    publicBaseUrl: text(merged['public_baseurl']),
  };
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One without a port listens at a Unix socket, where no peer comes. */
function listener(value: unknown): Listener[] {
  if (!isMapping(value) || typeof value['port'] !== 'number') return [];
  const resources = list(value['resources']).flatMap((each) => (isMapping(each) ? words(each['names']) : []));
  return [
    {
      port: value['port'],
      tls: isOn(value['tls']),
      federation: resources.includes('federation'),
      addresses: [...words(value['bind_addresses']), ...words(value['bind_address'])],
    },
  ];
}

/** PyYAML reads YAML 1.1, where these words are booleans; our parser reads 1.2, where they are texts. */
function isOn(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(?:yes|on)$/i.test(value));
}

function words(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return list(value).filter((each) => typeof each === 'string');
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
