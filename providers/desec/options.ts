import * as z from 'zod';
import { BaseUrl, Timeout, Token } from '../floor/option-types.ts';

/** The settings of a provider of type `desec`; the secret is resolved already. */
export const desecOptions = z.strictObject({
  token: Token.describe('A token of the account, limited by policies to the RRsets that are needed'),
  baseUrl: BaseUrl.default('https://desec.io/api/v1').describe('Where the API is'),
  timeout: Timeout,
});

export type DesecOptions = z.output<typeof desecOptions>;
