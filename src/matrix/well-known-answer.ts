import { parseServerName, type ServerName } from './server-name.ts';

/** What the body of `/.well-known/matrix/server` says. */
export type WellKnownBody =
  | { readonly kind: 'delegates'; readonly to: ServerName }
  | { readonly kind: 'not-json'; readonly why: string }
  | { readonly kind: 'no-server'; readonly why: string }
  /** There is an `m.server`, and it is no server name. Synapse takes it all the same and fails on it. */
  | { readonly kind: 'bad-server'; readonly value: string; readonly why: string };

/** Synapse and gomatrixserverlib read no more than this. Octets. */
export const WELL_KNOWN_MAX_OCTETS = 51_200;

/** Server-server API § "Resolving server names", step 3: JSON whatever the Content-Type says. */
export function parseWellKnownServer(body: string): WellKnownBody {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch (error) {
    return { kind: 'not-json', why: error instanceof Error ? error.message : 'it is no JSON' };
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return { kind: 'not-json', why: 'it is JSON, and no object' };
  const value: unknown = 'm.server' in document ? document['m.server'] : undefined;
  if (value === undefined || value === '') return { kind: 'no-server', why: 'it has no m.server' };
  if (typeof value !== 'string') return { kind: 'no-server', why: 'its m.server is no string' };
  try {
    return { kind: 'delegates', to: parseServerName(value) };
  } catch {
    return { kind: 'bad-server', value, why: whyNot(value) };
  }
}

function whyNot(value: string): string {
  if (/^[a-z]+:\/\//i.test(value)) return 'it is a URL, where HOST or HOST:PORT has to stand';
  if (value.includes('/')) return 'it has a path, where HOST or HOST:PORT has to stand';
  return 'it is neither HOST nor HOST:PORT';
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

export interface WellKnownCaching {
  readonly cacheSeconds: number;
  /** The header that says so, such as `cache-control: max-age=3600`; null where none does. */
  readonly cacheHeader: string | null;
}

/**
 * How long Synapse keeps a valid answer (`well_known_resolver.py`, read 2026-07): what the headers say, 24 hours
 * without them, never below 5 minutes nor above 48 hours. Seconds.
 * @param now epoch milliseconds, for `Expires`
 */
export function wellKnownCaching(headers: Readonly<Record<string, string>>, now: number): WellKnownCaching {
  const cacheControl = headers['cache-control'] ?? '';
  const maxAge = /(?:^|[\s,])max-age="?(\d+)"?/i.exec(cacheControl)?.[1];
  const expires = Date.parse(headers['expires'] ?? '');
  const kept = (seconds: number, header: string | null): WellKnownCaching => ({
    cacheSeconds: Math.round(Math.min(Math.max(seconds, 5 * MINUTE), 48 * HOUR)),
    cacheHeader: header,
  });
  if (/(?:^|[\s,])no-(?:store|cache)/i.test(cacheControl)) return kept(0, `cache-control: ${cacheControl}`);
  if (maxAge !== undefined) return kept(Number(maxAge), `cache-control: ${cacheControl}`);
  if (Number.isNaN(expires)) return kept(24 * HOUR, null);
  return kept((expires - now) / 1_000, `expires: ${headers['expires'] ?? ''}`);
}
