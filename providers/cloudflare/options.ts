import * as z from 'zod';
import { BaseUrl, Timeout, Token } from '../floor/option-types.ts';

/** The settings of a provider of type `cloudflare`; the secret is resolved already. */
export const cloudflareOptions = z.strictObject({
  apiToken: Token.refine((text) => !/^[0-9a-f]{37}$/.test(text), {
    error: 'expected an API token; this is the Global API Key, which may do everything in the account',
  }).describe('An API token that may read the zones and edit their DNS'),
  account: z
    .string()
    .regex(/^[0-9a-f]{32}$/, { error: 'expected the id of an account, 32 hexadecimal digits' })
    .optional()
    .describe('Only zones of this account; needed to check a token that belongs to an account'),
  baseUrl: BaseUrl.default('https://api.cloudflare.com/client/v4').describe('Where the API is'),
  timeout: Timeout,
});

export type CloudflareOptions = z.output<typeof cloudflareOptions>;
