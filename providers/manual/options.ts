import * as z from 'zod';

const DAY_SECONDS = 86_400;

/** The settings of a provider of type `manual`. */
export const manualOptions = z.strictObject({
  wait: z
    .int()
    .min(1)
    .max(DAY_SECONDS)
    .default(900)
    .describe('Seconds to wait for a person before giving up; the next run goes on where this one stopped'),
});

export type ManualOptions = z.output<typeof manualOptions>;
