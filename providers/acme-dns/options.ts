import { isIP } from 'node:net';
import * as z from 'zod';
import { BaseUrl, Timeout } from '../floor/option-types.ts';

const Network = z
  .string()
  .refine(isNetwork, { error: 'expected a network such as 192.0.2.0/24 or 2001:db8::/48' });

/** The settings of a provider of type `acme-dns`. It makes its secrets by itself. */
export const acmeDnsOptions = z.strictObject({
  server: BaseUrl.describe('Where the HTTP API of acme-dns listens'),
  allowFrom: z
    .array(Network)
    .default([])
    .describe('The networks that may use a new account; all when there are none'),
  timeout: Timeout,
});

export type AcmeDnsOptions = z.output<typeof acmeDnsOptions>;

function isNetwork(text: string): boolean {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}
