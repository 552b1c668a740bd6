import * as z from 'zod';
import { type DomainName, ROOT, isWildcard, parseDomainName } from '../dns/domain-name.ts';
import { DelegatedError } from '../errors.ts';
import type { Endpoint } from '../ports.ts';
import { CERTIFICATE_AUTHORITIES, retiredReason } from './certificate-authorities.ts';
import { isIpLiteral, parseEndpoint } from './endpoint.ts';
import { nearest } from './nearest.ts';

/**
 * The values that the config is made of. A message that begins with `expected` gets the value put behind it, in front
 * of its ` — `.
 */

// zod would write and compile a parser for each mapping; a file that is read once never earns that back.
z.config({ jitless: true });

type Parsed<T> = z.ZodPipe<z.ZodString, z.ZodTransform<T, string>>;

/** A text that a parser of ours understands; what it throws, with its hint, is the message. */
export function parsed<T>(parse: (text: string) => T, schema: z.ZodString = z.string()): Parsed<T> {
  return schema.transform((text, ctx) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof DelegatedError)) throw error;
      const hint = error.hint === undefined ? '' : ` — ${error.hint}`;
      ctx.addIssue({ code: 'custom', message: `${error.message}${hint}` });
      return z.NEVER;
    }
  });
}

export function text(what: string): z.ZodString {
  const error = `expected ${what}`;
  return z.string({ error }).min(1, { error });
}

function pattern(what: string, form: RegExp): z.ZodString {
  const error = `expected ${what}`;
  return z.string({ error }).regex(form, { error });
}

export function integer(min: number, max: number, what = 'an integer'): z.ZodNumber {
  const error = `expected ${what} from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

export function seconds(max: number): z.ZodNumber {
  return integer(1, max, 'seconds, an integer');
}

export function flag(): z.ZodBoolean {
  return z.boolean({ error: 'expected true or false' });
}

/** RFC 3339, to the second, and with its offset from UTC: one without would mean another moment on another machine. */
export const moment = z.iso
  .datetime({ offset: true, precision: 0, error: 'expected a moment, such as 2026-12-31T00:00:00Z' })
  .transform((text) => new Date(text));

export const absolutePath = pattern('an absolute path', /^\//);
export const emailAddress = pattern('an e-mail address, such as admin@example.org', /^[^\s@:]+@[^\s@]+$/);
export const account = text('a name, or a number in quotes');
export const unit = pattern(
  'the name of a systemd unit, such as matrix-synapse.service',
  /^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$/,
);
export const signalName = pattern('the name of a signal, such as HUP', /^(?:SIG)?[A-Z][A-Z0-9]*$/);

/** Where records or a certificate point: a host, never an address. */
export const srvTarget = parsed((name): DomainName => {
  const target = host(name, 'an SRV record points to a host name; give that host A or AAAA records');
  if (target === ROOT) throw refused('"." says that there is no server', 'to delegate, name a host');
  return target;
});

export const delegatedTo = parsed((name): DomainName => {
  if (/^[^:]+:\d+$/.test(name))
    throw refused(
      `${JSON.stringify(name)} has a port`,
      'other servers look for SRV only where `m.server` of the well-known has no port; write the name alone, and the port under `srv`',
    );
  const target = host(name, 'other servers connect to an IP address directly and never look for SRV');
  if (target === ROOT) throw refused('"." is not a host name', 'write the host of `m.server`');
  return target;
});

export const certificateName = parsed((name): DomainName => {
  if (isIpLiteral(name))
    throw refused(`${JSON.stringify(name)} is an IP address`, 'DNS-01 proves names only; leave it out');
  const found = parseDomainName(name);
  if (found === ROOT || found === '*.')
    throw refused(`${JSON.stringify(name)} is not a name for a certificate`);
  return found;
});

function host(name: string, whyNoAddress: string): DomainName {
  if (isIpLiteral(name)) throw refused(`${JSON.stringify(name)} is an IP address`, whyNoAddress);
  const found = parseDomainName(name);
  if (isWildcard(found) || found === '*.')
    throw refused(`${JSON.stringify(name)} is a wildcard`, 'name one host');
  return found;
}

export function endpoint(defaultPort: number | null): Parsed<Endpoint> {
  const form =
    defaultPort === null
      ? 'an IP address with a port, such as 192.0.2.1:8448 or [2001:db8::1]:8448'
      : 'an IP address with or without a port, such as 192.0.2.1 or [2001:db8::1]:53';
  return parsed(
    (address) => {
      const found = parseEndpoint(address, defaultPort);
      if (found === null) throw refused(`expected ${form}`);
      return found;
    },
    z.string({ error: `expected ${form}` }),
  );
}

const OCTAL = 'a file mode in quotes, such as "0640"';

export const certificateMode = parsed((octal) => {
  const bits = fileMode(octal);
  if ((bits & 0o002) !== 0) throw refused('expected a mode that lets others at most read, such as "0644"');
  return bits;
}, modeText());

export const keyMode = parsed((octal) => {
  const bits = fileMode(octal);
  if ((bits & 0o007) !== 0)
    throw refused('expected a mode that ends in 0, such as "0640" — others could read the private key');
  return bits;
}, modeText());

function modeText(): z.ZodString {
  return z.string({
    error: ({ input }) =>
      typeof input === 'number'
        ? `expected ${OCTAL} — without quotes YAML reads 0640 as six hundred and forty`
        : `expected ${OCTAL}`,
  });
}

function fileMode(octal: string): number {
  const bits = /^0?[0-7]{3}$/.test(octal) ? Number.parseInt(octal, 8) : 0;
  // Certificates are no programs, and who owns a file has to be able to read it.
  if ((bits & 0o400) === 0 || (bits & 0o111) !== 0) throw refused(`expected ${OCTAL}`);
  return bits;
}

/** A CA by its short name, or the URL of its directory. */
export interface Ca {
  readonly directoryUrl: string;
  readonly stagingDirectoryUrl: string | null;
}

export const ca = parsed(
  (name): Ca => {
    const known = Object.hasOwn(CERTIFICATE_AUTHORITIES, name) ? CERTIFICATE_AUTHORITIES[name] : undefined;
    if (known !== undefined)
      return { directoryUrl: known.directoryUrl, stagingDirectoryUrl: known.stagingDirectoryUrl };
    const retired = retiredReason(name);
    if (retired !== null) throw refused(retired, 'choose another CA, such as letsencrypt');
    const url = URL.canParse(name) ? new URL(name) : null;
    if (url?.protocol === 'https:') return { directoryUrl: name, stagingDirectoryUrl: null };
    if (url?.protocol === 'http:')
      throw refused('expected an https URL — over plain http anybody on the way could answer for the CA');
    const names = Object.keys(CERTIFICATE_AUTHORITIES);
    const guess = nearest(name, names);
    throw refused(
      `there is no CA ${JSON.stringify(name)}`,
      guess === null ? `write an https URL, or one of ${names.join(', ')}` : `did you mean "${guess}"?`,
    );
  },
  z.string({ error: 'expected the name of a CA, or the https URL of its directory' }),
);

function refused(message: string, hint?: string): DelegatedError {
  return new DelegatedError('E_CONFIG', message, hint === undefined ? {} : { hint });
}

/** A program with its arguments. */
export const command = z
  .array(text('a text'), { error: 'expected a list: an absolute path, then its arguments' })
  .min(1, { error: 'expected an absolute path, then its arguments' })
  .refine(([program = '/']) => program.startsWith('/'), {
    error: 'expected an absolute path as the first item — no shell looks for the program',
  });

/** Secrets travel on it, so plain HTTP is for this machine only. */
export const webUrl = z
  .string({ error: 'expected an https URL' })
  .refine(isWebUrl, { error: 'expected an https URL, or an http URL on the loopback interface' })
  // Without its value: there is a password in it.
  .refine((value) => !hasPassword(value), {
    error: 'it has a user or a password in it, which would not be sent — leave it out',
  });

function hasPassword(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username !== '' || password !== '';
}

function isWebUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  if (protocol === 'https:') return true;
  return protocol === 'http:' && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
