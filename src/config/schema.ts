import * as z from 'zod';
import { KEY_TYPES } from '../certificate/key-type.ts';
import { type DomainName, parseDomainName } from '../dns/domain-name.ts';
import { DelegatedError } from '../errors.ts';
import { parseDelegableServerName } from '../matrix/server-name.ts';
import type { Endpoint } from '../ports.ts';
import { isIpLiteral, parseEndpoint } from './endpoint.ts';

/** The shape of the config file. Every description ends up in the JSON Schema, where editors show it. */

const DNS_PORT = 53;
/** RFC 2181 §8 allows 2^31-1; a week is the most that a record which has to move can afford. */
const MAX_TTL = 7 * 86_400;

/** A text that a parser of ours understands; what it throws is the message. */
function parsed<T>(parse: (text: string) => T): z.ZodPipe<z.ZodString, z.ZodTransform<T, string>> {
  return z.string().transform((text, ctx) => {
    try {
      return parse(text);
    } catch (error) {
      const hint = error instanceof DelegatedError && error.hint !== undefined ? `; ${error.hint}` : '';
      ctx.addIssue({
        code: 'custom',
        message: `${error instanceof Error ? error.message : String(error)}${hint}`,
      });
      return z.NEVER;
    }
  });
}

const domainName = parsed(parseDomainName);

const hostName = parsed((text): DomainName => {
  if (isIpLiteral(text))
    throw new DelegatedError('E_DOMAIN_NAME', `${JSON.stringify(text)} is an IP address`, {
      hint: 'an SRV target is a host name; give that host A/AAAA records',
    });
  return parseDomainName(text);
});

function endpoint(defaultPort: number | null): z.ZodPipe<z.ZodString, z.ZodTransform<Endpoint, string>> {
  return parsed((text) => {
    const found = parseEndpoint(text, defaultPort);
    if (found !== null) return found;
    const form =
      defaultPort === null
        ? '192.0.2.1:8448 or [2001:db8::1]:8448'
        : '192.0.2.1:53, 192.0.2.1 or [2001:db8::1]:53';
    throw new DelegatedError('E_CONFIG', `${JSON.stringify(text)} is not an address: expected ${form}`);
  });
}

const mode = parsed((text) => {
  if (!/^0?[0-7]{3}$/.test(text))
    throw new DelegatedError(
      'E_CONFIG',
      `${JSON.stringify(text)} is not a file mode: expected four octal digits in quotes, such as "0640"`,
    );
  return Number.parseInt(text, 8);
});
const keyMode = mode.refine(
  (bits) => (bits & 0o007) === 0,
  'others could read the private key: expected a mode that ends in 0, such as "0640"',
);
const absolutePath = z.string().refine((text) => text.startsWith('/'), 'expected an absolute path');
const seconds = (max: number): z.ZodNumber => z.number().int().min(1).max(max);

const uint16 = z.number().int().min(0).max(65_535);

const srv = z.strictObject({
  target: hostName.meta({
    description:
      'The host that runs the homeserver. It must have A/AAAA records of its own; a CNAME is refused.',
  }),
  port: z.number().int().min(1).max(65_535).default(8448).meta({ description: 'TCP port of federation.' }),
  priority: uint16.default(10).meta({ description: 'The lowest is tried first.' }),
  weight: uint16.default(0).meta({ description: 'The share among targets of equal priority.' }),
});

const output = z.strictObject({
  directory: absolutePath.meta({ description: 'Gets fullchain.pem, privkey.pem, chain.pem and cert.pem.' }),
  owner: z.string().min(1).optional().meta({ description: 'User that owns the files.' }),
  group: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Group of the files, usually that of the homeserver.' }),
  keyMode: keyMode
    .optional()
    .meta({ description: 'Mode of privkey.pem. Default: "0640" with a group, else "0600".' }),
  certificateMode: mode.optional().meta({ description: 'Mode of the other files. Default: "0644".' }),
  layout: z.enum(['links', 'copies']).default('links').meta({
    description:
      'links: version folders behind one link, swapped as a whole. copies: plain files, each swapped by rename, for bind mounts.',
  }),
});

const reload = z
  .union([
    z.literal('none'),
    z.strictObject({ systemd: z.string().min(1) }),
    z.strictObject({ signal: z.string().min(1), pidFile: absolutePath }),
    z.strictObject({
      exec: z
        .array(z.string())
        .min(1)
        .refine(([program = '']) => program.startsWith('/'), 'expected an absolute path as the first item'),
    }),
  ])
  .meta({
    description:
      'How the homeserver is told to read the files again: {systemd: UNIT}, {signal, pidFile}, {exec: [/path, arg]} or none.',
  });

const certificate = z.strictObject({
  names: z.array(domainName).default([]).meta({
    description:
      'Names besides the one that federation demands, which is always there. Wildcards are allowed.',
  }),
  keyType: z.enum(KEY_TYPES).default('ec256'),
  outputs: z.array(output).default([]),
  reload: reload.default('none'),
  verify: z
    .union([z.literal('none'), z.array(endpoint(null)).min(1)])
    .optional()
    .meta({
      description:
        'Addresses that must serve the new certificate. Default: every address of every SRV target; none switches the proof off.',
    }),
  verifyTimeout: seconds(3_600)
    .default(30)
    .meta({ description: 'Seconds that the homeserver may take to serve it.' }),
  keepVersions: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(5)
    .meta({ description: 'Versions that the state directory keeps.' }),
});

const wellKnown = z.strictObject({
  server: z.unknown().optional(),
  client: z.record(z.string(), z.unknown()).optional(),
  support: z.record(z.string(), z.unknown()).optional(),
  write: absolutePath.optional(),
  serve: z.boolean().optional(),
});

const site = z.strictObject({
  provider: z.string().meta({ description: 'Name of the provider, from `providers`, that hosts the zone.' }),
  zone: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Name of the zone, where discovery must not guess.' }),
  delegatedTo: domainName.optional().meta({
    description:
      'Where a port-less `m.server` of the well-known points. SRV records and certificate are then for this name.',
  }),
  srv: z.array(srv).min(1),
  ttl: seconds(MAX_TTL).default(3_600).meta({ description: 'TTL of the SRV records, in seconds.' }),
  legacySrv: z
    .boolean()
    .default(false)
    .meta({ description: 'Also publish the deprecated _matrix._tcp with the same data.' }),
  challenge: z.strictObject({ provider: z.string() }).optional().meta({
    description: "Provider of the zone that _acme-challenge is a CNAME into, where it is not the site's.",
  }),
  certificate: z
    .union([z.literal('none'), certificate])
    .prefault({})
    .meta({ description: 'none: records only.' }),
  wellKnown: wellKnown.optional(),
});

const eab = z.strictObject({ kid: z.string().min(1), hmacKey: z.string().min(1) });

const acme = z.strictObject({
  ca: z.string().default('letsencrypt').meta({
    description:
      'letsencrypt, letsencrypt-staging, zerossl, google, buypass, sslcom, or the https URL of an ACME directory.',
  }),
  staging: z.string().optional().meta({ description: 'Directory URL where `renew --dry-run` rehearses.' }),
  email: z.string().optional().meta({ description: 'Contact for the CA.' }),
  termsOfServiceAgreed: z
    .boolean()
    .default(false)
    .meta({ description: "true: you agree to the CA's terms of service." }),
  caCertificates: absolutePath.optional().meta({ description: "PEM file of extra roots for the CA's API." }),
  profile: z.string().min(1).optional(),
  eab: eab.optional().meta({ description: 'External account binding (RFC 8555 §7.3.4).' }),
  timeout: seconds(86_400).default(1_800).meta({ description: 'Seconds that one issuance may take in all.' }),
  fallback: z.array(z.strictObject({ ca: z.string(), eab: eab.optional() })).optional(),
});

const provider = z.looseObject({
  type: z.string().meta({ description: 'rfc2136, builtin, memory, or pkg:@scope/name, ./file.mjs.' }),
  nameServers: z
    .array(endpoint(DNS_PORT))
    .default([])
    .meta({ description: "Ask these for propagation instead of the zone's NS." }),
});

export const configSchema = z.strictObject({
  version: z.literal(1),
  state: absolutePath
    .default('/var/lib/delegated')
    .meta({ description: 'Journal, ledger, accounts, certificates. Created 0700.' }),
  resolvers: z
    .array(endpoint(DNS_PORT))
    .default([])
    .meta({ description: "Recursive resolvers. Default: the system's." }),
  propagation: z
    .strictObject({ timeout: seconds(86_400).default(120) })
    .prefault({})
    .meta({ description: 'How long a record may take until every authoritative server has it.' }),
  acme: acme.prefault({}),
  providers: z.record(z.string(), provider),
  sites: z.record(
    parsed((text) => parseDelegableServerName(text).text),
    site,
  ),
});

export type RawConfig = z.output<typeof configSchema>;
export type RawSite = RawConfig['sites'][string];
