import { BaseRecords } from 'cloudflare/resources/dns/records';
import { BaseZones } from 'cloudflare/resources/zones/zones';
import { createClient } from 'cloudflare/tree-shakable';
import type { CloudflareApi } from './api.ts';

export interface ApiAccess {
  readonly apiToken: string;
  readonly baseUrl: string;
  readonly timeoutMs: number;
}

/** The SDK's own limit covers the way to the head of an answer only; ours, which covers the body too, comes first. */
const LATER_MS = 5_000;

/** The SDK, with everything that it would take from the environment given or switched off. */
export function openCloudflareApi({ apiToken, baseUrl, timeoutMs }: ApiAccess): CloudflareApi {
  return createClient({
    resources: [BaseRecords, BaseZones],
    apiToken,
    apiKey: null,
    apiEmail: null,
    userServiceKey: null,
    baseURL: baseUrl,
    // It would log to the console, say so with its own words, and sleep through Retry-After without listening.
    logLevel: 'off',
    maxRetries: 0,
    timeout: Math.ceil(timeoutMs) + LATER_MS,
    // Headers from here alone: those of CLOUDFLARE_CUSTOM_HEADERS, of which one may be another Authorization, cannot be
    // switched off, and the rest tells the vendor about our machine.
    fetch: (url, init) =>
      fetch(url, {
        ...init,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${apiToken}`,
          ...(init?.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        // The token would go along to wherever it points.
        redirect: 'manual',
      }),
  });
}
