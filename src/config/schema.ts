import * as z from 'zod';
import { DEFAULT_CA } from './certificate-authorities.ts';
import { notifySchema } from './notify-schema.ts';
import { absolutePath, ca, emailAddress, endpoint, flag, seconds, text } from './scalars.ts';
import { SECRET_FORMS } from './secrets.ts';
import { siteSchema } from './site-schema.ts';

/** The shape of the config file. Every description ends up in the JSON Schema, where editors show it. */

const DNS_PORT = 53;
const HTTP_PORT = 8089;
const DAY = 86_400;

/** The schema sees secrets resolved. */
const eab = z.strictObject({
  kid: text('the key id that the CA gave you').meta({ description: 'The key id that the CA gave you.' }),
  hmacKey: text(SECRET_FORMS).meta({ description: 'The HMAC key, base64url, as the CA gave it.' }),
});

const eabOfCa = eab.exactOptional().meta({
  description: 'External account binding (RFC 8555 §7.3.4); ZeroSSL, Google, SSL.com and Actalis want it.',
});

const CA_DESCRIPTION =
  'letsencrypt, letsencrypt-staging, zerossl, google, google-staging, sslcom, sslcom-ecc, sslcom-rsa, actalis, or the https URL of an ACME directory.';

const fallback = z.strictObject({ ca: ca.meta({ description: CA_DESCRIPTION }), eab: eabOfCa });

const acme = z.strictObject({
  ca: ca.prefault(DEFAULT_CA).meta({ description: CA_DESCRIPTION }),
  staging: ca.exactOptional().meta({
    description:
      'The CA where `renew --dry-run` rehearses. Default: the staging of the CA, where it has one.',
  }),
  email: emailAddress.exactOptional().meta({ description: 'Contact for the CA.' }),
  termsOfServiceAgreed: flag()
    .default(false)
    .meta({ description: 'true: you agree to the terms of service of every CA that is named here.' }),
  caCertificates: absolutePath
    .exactOptional()
    .meta({ description: "PEM file of roots for the CA's API, besides the usual ones; for a private CA." }),
  profile: text('the name of a profile')
    .exactOptional()
    .meta({ description: 'A certificate profile that the CA offers, such as tlsserver.' }),
  preferredChain: text('the common name of the issuer at the top of a chain, such as ISRG Root X1')
    .exactOptional()
    .meta({
      description:
        'Where the CA offers several chains: the one whose topmost certificate was issued by this common name.',
    }),
  eab: eabOfCa,
  stagingEab: eab.exactOptional().meta({
    description:
      'External account binding for the staging, where `renew --dry-run` rehearses; that of the CA is never sent there.',
  }),
  timeout: seconds(DAY)
    .default(1_800)
    .meta({ description: 'Seconds that one issuance may take in all. The next run goes on with its order.' }),
  fallback: z
    .array(fallback, { error: 'expected a list of CAs, such as [{ ca: zerossl }]' })
    .exactOptional()
    .meta({
      description:
        'Other CAs, in order, for when the first one is out of reach, out of order or asks to wait.',
    }),
});

const providerSchema = z.looseObject({
  type: text('a provider type').meta({
    description: 'What kind of DNS provider it is; or an adapter of your own, pkg:@scope/name or ./file.mjs.',
  }),
  nameServers: z
    .array(endpoint(DNS_PORT), { error: 'expected a list of addresses, such as ["192.0.2.1:53"]' })
    .default([])
    .meta({
      description:
        "Ask these whether a record is served, instead of the zone's NS: for a hidden primary, a split horizon, a lab.",
    }),
});

export const configSchema = z.strictObject({
  version: z
    .literal(1, { error: 'expected 1, the version of this format' })
    .meta({ description: 'The version of this format.' }),
  state: absolutePath
    .default('/var/lib/delegated')
    .meta({ description: 'Directory of journal, ledger, accounts and certificates. Created 0700.' }),
  resolvers: z
    .array(endpoint(DNS_PORT), { error: 'expected a list of addresses, such as ["192.0.2.1:53"]' })
    .default([])
    .meta({ description: "Recursive resolvers. Default: the system's." }),
  propagation: z
    .strictObject({
      timeout: seconds(DAY).exactOptional().meta({
        description:
          'Seconds until every authoritative server must have a record. Default: 120, or more where the provider is slow.',
      }),
    })
    .prefault({})
    .meta({ description: 'About the wait after a write.' }),
  acme: acme.prefault({}).meta({ description: 'The CA.' }),
  notify: notifySchema
    .exactOptional()
    .meta({ description: 'How people are told of what needs them. Default: nobody is.' }),
  wellKnown: z
    .strictObject({
      listen: z
        .array(endpoint(HTTP_PORT), { error: 'expected a list of addresses, such as ["127.0.0.1:8089"]' })
        .default([{ address: '127.0.0.1', port: HTTP_PORT }])
        .meta({ description: 'Where the daemon serves the well-known files, in plain HTTP, for a proxy.' }),
    })
    .prefault({})
    .meta({ description: 'About the well-known files of all sites.' }),
  providers: z
    .record(z.string(), providerSchema, { error: 'expected a mapping of names to DNS providers' })
    .meta({ description: 'The DNS providers. The names are yours.' }),
  sites: z
    .record(z.string(), siteSchema, { error: 'expected a mapping of server names to sites' })
    .meta({ description: "The sites. The key is the server_name as it stands in the homeserver's config." }),
});

export type RawConfig = z.output<typeof configSchema>;
