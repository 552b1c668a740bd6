import * as z from 'zod';
import { BaseUrl, Timeout, Token } from '../floor/option-types.ts';

/** The `basePath` of https://eu.api.ovh.com/1.0/domain.json and of its siblings (2026-11). */
const ENDPOINTS = {
  'ovh-eu': 'https://eu.api.ovh.com/1.0',
  'ovh-ca': 'https://ca.api.ovh.com/1.0',
  'ovh-us': 'https://api.us.ovhcloud.com/1.0',
} as const;

/** The settings of a provider of type `ovh`; secrets are resolved already. */
export const ovhOptions = z.strictObject({
  endpoint: z
    .union([z.enum(['ovh-eu', 'ovh-ca', 'ovh-us']).transform((name) => ENDPOINTS[name]), BaseUrl], {
      error: 'expected ovh-eu, ovh-ca, ovh-us or a URL such as https://eu.api.ovh.com/1.0',
    })
    .default(ENDPOINTS['ovh-eu'])
    .describe('Which OVH the account is with: ovh-eu, ovh-ca, ovh-us, or a URL'),
  applicationKey: Token.describe('Names the application'),
  applicationSecret: Token.describe('Signs its requests'),
  consumerKey: Token.describe('Names the account and its rights'),
  timeout: Timeout,
});

export type OvhOptions = z.output<typeof ovhOptions>;
