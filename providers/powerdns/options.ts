import * as z from 'zod';
import { BaseUrl, Timeout, Token } from '../floor/option-types.ts';

/** The settings of a provider of type `powerdns`; the secret is resolved already. */
export const powerdnsOptions = z.strictObject({
  url: BaseUrl.describe('Where the API listens: http://127.0.0.1:8081'),
  apiKey: Token.describe('The api-key of pdns.conf. It may do everything'),
  server: z
    .string()
    .regex(/^[\w.-]+$/, { error: 'expected the id of a server, such as localhost' })
    .default('localhost')
    .describe('The id of the server in the API'),
  timeout: Timeout,
});

export type PowerDnsOptions = z.output<typeof powerdnsOptions>;
