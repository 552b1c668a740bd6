import * as z from 'zod';
import { BaseUrl, Name, Timeout } from '../floor/option-types.ts';

/** The settings of a provider of type `webhook`. */
export const webhookOptions = z.strictObject({
  url: BaseUrl.default('http://127.0.0.1:8888').describe('Where the webhook listens'),
  zones: z
    .array(Name)
    .min(1)
    .optional()
    .describe('The zones that it may change; needed where it announces none by itself'),
  timeout: Timeout,
});

export type WebhookOptions = z.output<typeof webhookOptions>;
