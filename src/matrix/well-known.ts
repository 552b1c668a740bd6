/** The files below `/.well-known/matrix/` (Matrix spec, server-server API § "Resolving server names", client-server API § "Well-known URI"). */
import { type DomainName, relativeToRoot } from '../dns/domain-name.ts';
import type { ServerName } from './server-name.ts';

export type WellKnownName = 'server' | 'client' | 'support';

export interface WellKnownContent {
  readonly server?: ServerName;
  readonly client?: Readonly<Record<string, unknown>>;
  readonly support?: Readonly<Record<string, unknown>>;
}

/** What each file holds; a file that nobody asked for is not there. */
export type WellKnownFiles = ReadonlyMap<WellKnownName, Readonly<Record<string, unknown>>>;

export const WELL_KNOWN_FOLDER = '.well-known/matrix';
/** Seconds. Long enough for peers, short enough to move: they ask again within the hour. */
export const WELL_KNOWN_MAX_AGE = 3_600;

/** @param delegatedTo where the SRV records and the certificate are; `m.server` points there unless it is told otherwise */
export function wellKnownFiles(
  content: WellKnownContent,
  delegatedTo: DomainName | undefined,
): WellKnownFiles {
  const server =
    content.server?.text ?? (delegatedTo === undefined ? undefined : relativeToRoot(delegatedTo));
  const files = new Map<WellKnownName, Readonly<Record<string, unknown>>>();
  if (server !== undefined) files.set('server', { 'm.server': server });
  if (content.client !== undefined) files.set('client', content.client);
  if (content.support !== undefined) files.set('support', content.support);
  return files;
}

export function wellKnownText(content: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

/**
 * What stands in a file already and is not ours to say stays: mappings are merged key by key, everything else is
 * replaced.
 */
export function mergedContent(
  before: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged = Object.entries(wanted).map(([key, value]): [string, unknown] => {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    return [key, isMapping(old) && isMapping(value) ? mergedContent(old, value) : value];
  });
  return { ...before, ...Object.fromEntries(merged) };
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
