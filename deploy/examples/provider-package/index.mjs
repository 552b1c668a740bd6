import { resolve } from 'node:path';
import { changedRecords, keyOf, rrsetAt } from './change-records.mjs';
import { failure } from './failure.mjs';
import { locked, readZones, writeZones } from './zone-file.mjs';

/**
 * @typedef {{ readonly file: string }} Settings
 * @typedef {import('matrix-delegated/provider').Capabilities} Capabilities
 * @typedef {import('matrix-delegated/provider').DomainName} DomainName
 * @typedef {import('./zone-file.mjs').Zones} Zones
 */

/** @type {Capabilities} */
const capabilities = {
  types: ['SRV', 'TXT'],
  reads: true,
  atomic: 'changes',
  cas: 'full',
  ttl: { min: 0, max: 0x7fffffff },
  changesPerApply: 1000,
  // How long it takes until the file is published depends on who does that.
  propagation: { typicalMs: 5_000, maxMs: 120_000 },
};

/** @type {import('matrix-delegated/provider').ThirdPartyAdapter<Settings>} */
export const adapter = {
  apiVersion: 1,
  title: 'zones in a JSON file',
  capabilities,
  // A schema of zod, valibot or arktype fits here too; for one setting none is needed (https://standardschema.dev).
  options: { '~standard': { version: 1, vendor: 'delegated-provider-zonefile', validate } },
  environment: { file: ['ZONEFILE_PATH'] },
  example: () => 'file: ./zones.json       # relative to the folder of this config\n',
  policy: () =>
    'The user that delegated runs as reads and writes the file and its folder. Nobody else has to.',
  create: (settings, deps) => createZoneFile(resolve(deps.configFolder, settings.file)),
};

/**
 * @param {unknown} settings
 * @returns {import('matrix-delegated/provider').StandardResult<Settings>}
 */
function validate(settings) {
  const { file, ...others } = /** @type {Record<string, unknown>} */ (settings);
  const issues = Object.keys(others).map((key) => ({
    message: 'unknown key; there is only file',
    path: [key],
  }));
  if (typeof file === 'string' && file !== '' && issues.length === 0) return { value: { file } };
  const missing = { message: 'expected the path of a JSON file', path: ['file'] };
  return { issues: [...issues, ...(typeof file === 'string' && file !== '' ? [] : [missing])] };
}

/**
 * @param {string} file absolute
 * @returns {import('matrix-delegated/provider').DnsProvider}
 */
export function createZoneFile(file) {
  return {
    capabilities,
    async check({ signal }) {
      const zones = await locked(file, signal, () => readZones(file));
      return [{ ok: true, message: `${file} has ${Object.keys(zones).length} zones` }];
    },
    async findZone(name, { signal }) {
      const zone = deepest(name, await locked(file, signal, () => readZones(file)));
      return zone === null ? null : { id: zone, name: zone };
    },
    async readRRsets(zone, keys, { signal }) {
      const zones = await locked(file, signal, () => readZones(file));
      return keys.map((key) => rrsetAt(recordsIn(zones, zone.name, key.name), key));
    },
    apply: (zone, changes, { signal }) =>
      locked(file, signal, async () => {
        const zones = await readZones(file);
        for (const change of changes) recordsIn(zones, zone.name, keyOf(change).name);
        const before = recordsIn(zones, zone.name, zone.name);
        const after = changedRecords(before, changes);
        if (after === before) return { changed: false };
        await writeZones(file, { ...zones, [zone.name]: after }, signal);
        return { changed: true };
      }),
  };
}

/**
 * @param {Zones} zones
 * @param {DomainName} zone
 * @param {DomainName} name
 */
function recordsIn(zones, zone, name) {
  const records = zones[zone];
  if (records === undefined || deepest(name, zones) !== zone)
    throw failure('E_ZONE_NOT_FOUND', `${name} does not lie in the zone ${zone} of the file`);
  return records;
}

/**
 * @param {DomainName} name absolute, lower case, with the last dot
 * @param {Zones} zones
 */
function deepest(name, zones) {
  const above = Object.keys(zones).filter((zone) => name === zone || name.endsWith(`.${zone}`));
  const [first] = above.sort((a, b) => b.length - a.length);
  return first === undefined ? null : /** @type {DomainName} */ (first);
}
