import * as z from 'zod';
import { BaseUrl, Name, Timeout } from '../floor/option-types.ts';

/** The settings of a provider of type `httpreq`; the secret is resolved already. */
export const httpreqOptions = z
  .strictObject({
    endpoint: BaseUrl.describe('Where POST /present and POST /cleanup are answered'),
    zones: z.array(Name).min(1).describe('The zones that the server behind it serves'),
    // RFC 7617 §2: the colon ends the name.
    username: z
      .string()
      .regex(/^[^:\p{Cc}]+$/u, { error: 'expected a name without a colon' })
      .optional()
      .describe('For HTTP basic authentication'),
    password: z
      .string()
      .regex(/^[^\p{Cc}]+$/u, { error: 'expected the password alone, without line breaks' })
      .optional()
      .describe('For HTTP basic authentication'),
    timeout: Timeout,
  })
  .check((ctx) => {
    const { username, password } = ctx.value;
    if ((username === undefined) === (password === undefined)) return;
    const path = [username === undefined ? 'username' : 'password'];
    ctx.issues.push({
      code: 'custom',
      path,
      message: 'expected username and password, or neither',
      input: null,
    });
  });

export type HttpreqOptions = z.output<typeof httpreqOptions>;
