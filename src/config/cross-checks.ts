import {
  type DomainName,
  isWildcard,
  isWithin,
  parentName,
  parseDomainName,
  relativeToRoot,
} from '../dns/domain-name.ts';
import { DelegatedError } from '../errors.ts';
import { parseDelegableServerName } from '../matrix/server-name.ts';
import { DEFAULT_CA } from './certificate-authorities.ts';
import { valueAt } from './issues.ts';
import { nearest } from './nearest.ts';
import { type ConfigProblem, type KeyPath, pathText } from './problem.ts';
import type { YamlDocument } from './yaml-document.ts';

/** What no schema of one key can see. Works on whatever is there, so that it speaks up beside the schema. */
export function crossChecks(document: YamlDocument): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const say: Say = (path, message, of = 'value') => {
    problems.push({ ...document.position(path, of), path: pathText(path), message });
  };
  const root = document.value;
  const sites = entries(valueAt(root, ['sites']));
  if (sites.length === 0 && isMapping(valueAt(root, ['sites']))) say(['sites'], 'expected at least one site');
  const providers = keys(valueAt(root, ['providers']));
  const owners = new Map<DomainName, string>();
  const directories = new Map<string, string>();
  refuseMustStaple(root, ['acme'], say);
  for (const [name, site] of sites) {
    const path = ['sites', name];
    refuseMustStaple(root, [...path, 'certificate'], say);
    checkProvider(site, [...path, 'provider'], ['provider'], providers, say);
    checkProvider(site, [...path, 'challenge', 'provider'], ['challenge', 'provider'], providers, say);
    checkChallenge(site, path, say);
    checkOwner(name, site, path, owners, say);
    checkTargets(site, path, say);
    checkNames(site, path, refusesRedundantNames(root), say);
    checkOutputs(name, site, path, directories, say);
    checkWellKnown(site, path, say);
  }
  return problems;
}

type Say = (path: KeyPath, message: string, of?: 'key' | 'value') => void;

/** Whoever comes from another client may look for it, so it is answered better than an unknown key. */
function refuseMustStaple(root: unknown, path: KeyPath, say: Say): void {
  const at = [...path, 'mustStaple'];
  if (valueAt(root, at) !== undefined)
    say(
      at,
      "there is no must-staple here: Let's Encrypt refuses such orders since May 2025 and ended OCSP in August 2025, and with no OCSP answer to staple a server would be refused by its peers — remove the key",
      'key',
    );
}

function checkWellKnown(site: unknown, path: KeyPath, say: Say): void {
  const wellKnown = valueAt(site, ['wellKnown']);
  if (!isMapping(wellKnown)) return;
  if (valueAt(wellKnown, ['write']) !== undefined && valueAt(wellKnown, ['serve']) === true)
    say(
      [...path, 'wellKnown', 'serve'],
      'this key cannot stand beside "write" — choose who serves the files',
      'key',
    );
  const delegated = valueAt(site, ['delegatedTo']);
  const server = valueAt(wellKnown, ['server']);
  if (typeof delegated === 'string' && typeof server === 'string' && server !== delegated)
    say(
      [...path, 'wellKnown', 'server'],
      `expected ${JSON.stringify(delegated)}, which is where \`delegatedTo\` has the SRV records and the certificate`,
    );
}

/** A wildcard must be meant: the account could have certificates for every name below, for as long as the value stands. */
function checkChallenge(site: unknown, path: KeyPath, say: Say): void {
  const challenge = valueAt(site, ['challenge']);
  if (!isMapping(challenge)) return;
  const persists = challenge['type'] === 'dns-persist-01';
  for (const key of ['wildcard', 'persistUntil'])
    if (!persists && challenge[key] !== undefined)
      say([...path, 'challenge', key], 'this key belongs to `type: dns-persist-01`', 'key');
  if (!persists || challenge['wildcard'] === true) return;
  for (const [index, name] of list(valueAt(site, ['certificate', 'names'])).entries())
    if (typeof name === 'string' && name.startsWith('*.'))
      say(
        [...path, 'certificate', 'names', index],
        `${name} needs \`challenge.wildcard: true\`, which lets the account at the CA have certificates for every name below ${name.slice(2)}`,
      );
}

function checkProvider(site: unknown, path: KeyPath, at: KeyPath, known: readonly string[], say: Say): void {
  const name = valueAt(site, at);
  if (typeof name === 'string' && name !== '' && !known.includes(name))
    say(path, unknownWord('provider', name, known, 'name one under `providers`'));
}

export function unknownWord(what: string, word: string, known: readonly string[], otherwise: string): string {
  const guess = nearest(word, known);
  const list =
    known.length === 0 ? otherwise : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`;
  return `there is no ${what} ${JSON.stringify(word)} — ${guess === null ? list : `did you mean "${guess}"?`}`;
}

/** Two sites with the same owner name would take turns in overwriting each other's records. */
function checkOwner(
  name: string,
  site: unknown,
  path: KeyPath,
  owners: Map<DomainName, string>,
  say: Say,
): void {
  const own = attempt(() => parseDelegableServerName(name).host.name);
  if (typeof own !== 'string') say(path, own.message, 'key');
  const delegated = valueAt(site, ['delegatedTo']);
  const owner = typeof delegated === 'string' ? attempt(() => parseDomainName(delegated)) : own;
  if (typeof owner !== 'string') return;
  const first = owners.get(owner);
  if (first === undefined) owners.set(owner, name);
  else
    say(
      typeof delegated === 'string' ? [...path, 'delegatedTo'] : path,
      `its SRV records would be those of the site ${JSON.stringify(first)}: both are for ${relativeToRoot(owner)} — keep one of the two`,
      typeof delegated === 'string' ? 'value' : 'key',
    );
}

function checkTargets(site: unknown, path: KeyPath, say: Say): void {
  const targets = list(valueAt(site, ['srv']));
  if (targets.length > 0 && targets.every((each) => valueAt(each, ['until']) !== undefined))
    say(
      [...path, 'srv'],
      'every target has an `until`, so one day there would be none — leave it out for the one that stays',
    );
  const seen = new Set<string>();
  for (const [index, each] of targets.entries()) {
    const target = valueAt(each, ['target']);
    if (typeof target !== 'string') continue;
    const port = JSON.stringify(valueAt(each, ['port']) ?? 8448);
    const key = `${target.toLowerCase().replace(/\.$/, '')} ${port}`;
    if (seen.has(key)) say([...path, 'srv', index], `${target} with port ${port} stands here twice`);
    seen.add(key);
  }
}

/** Let's Encrypt refuses an order for a name beside a wildcard that covers it; other CAs do not mind. */
function refusesRedundantNames(root: unknown): boolean {
  const ca = valueAt(root, ['acme', 'ca']) ?? DEFAULT_CA;
  return typeof ca === 'string' && ca.startsWith('letsencrypt');
}

function checkNames(site: unknown, path: KeyPath, redundantRefused: boolean, say: Say): void {
  const at = [...path, 'certificate', 'names'];
  const written = list(valueAt(site, ['certificate', 'names']));
  const names = written.map((name) =>
    typeof name === 'string' ? attempt(() => parseDomainName(name)) : null,
  );
  const seen = new Set<DomainName>();
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string') continue;
    if (seen.has(name)) say([...at, index], `${relativeToRoot(name)} stands here twice`);
    seen.add(name);
  }
  if (!redundantRefused) return;
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string' || isWildcard(name)) continue;
    const parent = parentName(name);
    const wildcard = [...seen].find(
      (each) => isWildcard(each) && each.slice(2) === parent && isWithin(name, parent),
    );
    if (wildcard !== undefined)
      say(
        [...at, index],
        `${relativeToRoot(name)} is covered by ${relativeToRoot(wildcard)} already, and Let's Encrypt refuses an order for both — remove one of them`,
      );
  }
}

function checkOutputs(
  name: string,
  site: unknown,
  path: KeyPath,
  directories: Map<string, string>,
  say: Say,
): void {
  for (const [index, output] of list(valueAt(site, ['certificate', 'outputs'])).entries()) {
    const directory = valueAt(output, ['directory']);
    if (typeof directory !== 'string') continue;
    const folder = directory.replaceAll(/\/+/g, '/').replace(/(?<=.)\/$/, '');
    const first = directories.get(folder);
    const user = first === name ? 'another output of this site' : `the site ${JSON.stringify(first)}`;
    if (first === undefined) directories.set(folder, name);
    else
      say([...path, 'certificate', 'outputs', index, 'directory'], `${user} writes to ${directory} already`);
  }
}

function attempt(parse: () => DomainName): DomainName | { readonly message: string } {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof DelegatedError)) throw error;
    return { message: `${error.message}${error.hint === undefined ? '' : ` — ${error.hint}`}` };
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entries(value: unknown): [string, unknown][] {
  return isMapping(value) ? Object.entries(value) : [];
}

function keys(value: unknown): string[] {
  return isMapping(value) ? Object.keys(value) : [];
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
