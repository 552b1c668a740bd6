import { WELL_KNOWN_MAX_AGE } from './well-known.ts';

/** Browsers are clients, too (client-server API § "Web Browser Clients"). */
export const WELL_KNOWN_HEADERS: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE, OPTIONS',
  'Access-Control-Allow-Headers': 'X-Requested-With, Content-Type, Authorization',
  'Cache-Control': `max-age=${WELL_KNOWN_MAX_AGE}`,
};
