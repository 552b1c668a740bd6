import * as z from 'zod';
import { Name } from '../floor/option-types.ts';

/** The settings of a provider of type `memory`, which serves nothing and forgets everything: for trials. */
export const memoryOptions = z.strictObject({
  zones: z.array(Name).min(1).describe('The zones that it pretends to hold'),
});
