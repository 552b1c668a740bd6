import * as z from 'zod';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { DomainName } from '../../src/provider.ts';

const Name = z.string().transform((text, ctx): DomainName => {
  try {
    return parseDomainName(text);
  } catch (error) {
    const message = error instanceof DelegatedError ? error.message : 'not a domain name';
    ctx.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
});

/** The settings of a provider of type `memory`, which serves nothing and forgets everything: for trials. */
export const memoryOptions = z.strictObject({
  zones: z.array(Name).min(1).describe('The zones that it pretends to hold'),
});
