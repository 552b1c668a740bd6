import * as z from 'zod';
import { BaseUrl, Timeout, Token } from '../floor/option-types.ts';

/** The settings of a provider of type `hetzner`; the secret is resolved already. */
export const hetznerOptions = z.strictObject({
  apiToken: Token.describe('An API token of the project that holds the zones, with read and write'),
  baseUrl: BaseUrl.default('https://api.hetzner.cloud/v1').describe('Where the API is'),
  timeout: Timeout,
});

export type HetznerOptions = z.output<typeof hetznerOptions>;
