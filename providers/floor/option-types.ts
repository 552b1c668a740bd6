/** Settings that more than one adapter has. */
import * as z from 'zod';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { DomainName } from '../../src/provider.ts';

export const Name = z.string().transform((text, ctx): DomainName => {
  try {
    return parseDomainName(text);
  } catch (error) {
    const message = error instanceof DelegatedError ? error.message : 'not a domain name';
    ctx.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
});

/** An http or https URL without query; comes out without a slash at its end. */
export const BaseUrl = z.string().transform((text, ctx): string => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.search === '' &&
    url.hash === '' &&
    url.username === ''
  )
    return url.href.replace(/\/+$/, '');
  ctx.addIssue({ code: 'custom', message: 'expected a URL such as https://api.example.org' });
  return z.NEVER;
});

/** A header cannot carry more than visible ASCII, and a pasted line break is the usual mistake. */
export const Token = z
  .string()
  .regex(/^[\x21-\x7e]+$/, { error: 'expected the token alone, without spaces or line breaks' });

export const Timeout = z
  .number()
  .positive()
  .max(300)
  .default(30)
  .describe('Seconds that one request may take');
