import * as z from 'zod';
import { KEY_TYPES } from '../certificate/key-type.ts';
import {
  absolutePath,
  account,
  certificateMode,
  certificateName,
  command,
  delegatedTo,
  endpoint,
  flag,
  integer,
  keyMode,
  moment,
  seconds,
  signalName,
  srvTarget,
  text,
  unit,
} from './scalars.ts';
import { wellKnownSchema } from './well-known-schema.ts';

/** What stands under `sites`. Every description ends up in the JSON Schema, where editors show it. */

/** RFC 2181 §8 allows 2^31-1; a week is the most that a record which has to move can afford. */
const MAX_TTL = 7 * 86_400;
const MAX_UINT16 = 65_535;

const srv = z.strictObject({
  target: srvTarget.meta({
    description:
      'The host that runs the homeserver. It must have A or AAAA records of its own; a CNAME is refused.',
  }),
  port: integer(1, MAX_UINT16).default(8448).meta({ description: 'TCP port of federation.' }),
  priority: integer(0, MAX_UINT16).default(10).meta({ description: 'The lowest is tried first.' }),
  weight: integer(0, MAX_UINT16)
    .default(0)
    .meta({ description: 'The share among targets of equal priority.' }),
  until: moment.exactOptional().meta({
    description:
      'Published until this moment only, such as 2026-12-01T00:00:00Z: for the old target beside the new one, while peers remember it. One target at least stays.',
  }),
});

const output = z.strictObject({
  directory: absolutePath.meta({ description: 'Gets fullchain.pem, privkey.pem, chain.pem and cert.pem.' }),
  owner: account
    .exactOptional()
    .meta({ description: 'User that owns the files. Default: who runs delegated.' }),
  group: account.exactOptional().meta({ description: 'Group of the files, usually that of the homeserver.' }),
  keyMode: keyMode.exactOptional().meta({
    description: 'Mode of privkey.pem, octal in quotes. Default: "0640" with a group, else "0600".',
  }),
  certificateMode: certificateMode.exactOptional().meta({
    description: 'Mode of the other files, octal in quotes. Default: "0644".',
  }),
  layout: z.enum(['links', 'copies']).default('links').meta({
    description:
      'links: version folders behind one link, swapped as a whole. copies: plain files, each swapped by rename, for readers that cannot follow links.',
  }),
  combined: flag().default(false).meta({
    description:
      'Also combined.pem: chain and key in one file with the mode of the key, as HAProxy wants it.',
  }),
});

const reload = z.union(
  [
    z.literal('none').meta({ description: 'Nobody is told.' }),
    z.strictObject({
      systemd: unit.meta({ description: 'Unit that `systemctl reload` is called for.' }),
    }),
    z.strictObject({
      signal: signalName.meta({
        description: 'Signal that makes the homeserver read its files, such as HUP.',
      }),
      pidFile: absolutePath.meta({ description: 'File with the process id of the homeserver.' }),
    }),
    z.strictObject({
      exec: command.meta({ description: 'A command with its arguments, run without a shell.' }),
    }),
  ],
  { error: 'expected { systemd: UNIT }, { signal: HUP, pidFile: PATH }, { exec: [/path, arg] } or none' },
);

const verify = z.union(
  [
    z.literal('none'),
    z
      .array(endpoint(null))
      .min(1, { error: 'expected at least one address — write none to switch the proof off' }),
  ],
  { error: 'expected a list of addresses, such as ["192.0.2.1:8448"], or none' },
);

const certificate = z.strictObject({
  names: z.array(certificateName, { error: 'expected a list of domain names' }).default([]).meta({
    description:
      'Names besides the one that federation demands, which is always there and comes first. Wildcards are allowed.',
  }),
  keyType: z
    .enum(KEY_TYPES)
    .default('ec256')
    .meta({ description: 'Kind of the private key; each version has a new one.' }),
  outputs: z
    .array(output, { error: 'expected a list of outputs, such as [{ directory: /etc/matrix-synapse/tls }]' })
    .default([])
    .meta({ description: 'Directories that get the files.' }),
  reload: reload
    .default('none')
    .meta({ description: 'How the homeserver is told to read the files again. Default: none.' }),
  verify: verify.exactOptional().meta({
    description:
      'Addresses that must serve the new certificate. Default: every address of every SRV target without `until`; none switches the proof off.',
  }),
  verifyTimeout: seconds(3_600)
    .default(30)
    .meta({ description: 'Seconds that the homeserver may take to serve the new certificate.' }),
  keepVersions: integer(1, 100).default(5).meta({ description: 'Versions that the state directory keeps.' }),
});

const challenge = z.strictObject({
  type: z.enum(['dns-01', 'dns-persist-01']).default('dns-01').meta({
    description:
      'How the CA validates the names. dns-persist-01: by a TXT record that stands for good, so that renewals write nothing.',
  }),
  provider: text('the name of a provider').exactOptional().meta({
    description:
      "Provider of the zone that _acme-challenge or _validation-persist is a CNAME into. Default: the site's.",
  }),
  wildcard: flag().default(false).meta({
    description:
      'For dns-persist-01: true lets the account have certificates for everything below a name with a wildcard.',
  }),
  persistUntil: moment.exactOptional().meta({
    description:
      'For dns-persist-01: the moment from which on the TXT record counts no more. Default: it counts for as long as it stands.',
  }),
});

/** A mapping by kind of homeserver, so that each can have its own form. */
const homeserver = z.strictObject({
  synapse: z
    .union([absolutePath.transform((path) => [path]), z.array(absolutePath).min(1)], {
      error: 'expected the absolute path of homeserver.yaml, or a list of such paths',
    })
    .meta({
      description:
        'Config of Synapse, as its --config-path: a file, a folder of them, or a list. `delegated doctor` compares it with this one.',
    }),
});

export const siteSchema = z.strictObject({
  provider: text('the name of a provider').meta({
    description: 'Name, under `providers`, of the one that hosts the zone of the SRV records.',
  }),
  zone: text('the name or the id of a zone')
    .exactOptional()
    .meta({ description: 'Name or id of the zone, where discovery must not guess.' }),
  delegatedTo: delegatedTo.exactOptional().meta({
    description:
      'Where a port-less `m.server` of the well-known points. SRV records and certificate are then for this name.',
  }),
  srv: z
    .array(srv, { error: 'expected a list of targets, such as [{ target: matrix.example.org }]' })
    .min(1, { error: 'expected at least one target — without one other servers find nobody' })
    .meta({ description: 'The SRV records.' }),
  ttl: seconds(MAX_TTL).default(3_600).meta({ description: 'TTL of the SRV records, in seconds.' }),
  legacySrv: flag()
    .default(false)
    .meta({ description: 'Also publish the deprecated _matrix._tcp with the same data, for old servers.' }),
  proveTargets: flag().default(true).meta({
    description:
      'See that a homeserver answers at new SRV targets before they are published, and take them back where federation fails through them. false: for a machine that cannot reach the public addresses.',
  }),
  challenge: challenge.exactOptional().meta({
    description: 'How the CA validates the names, and where the records for it go.',
  }),
  certificate: z
    .union([z.literal('none'), certificate], { error: 'expected a mapping, or none' })
    .prefault({})
    .meta({ description: 'The certificate. none: this site is about records only.' }),
  wellKnown: wellKnownSchema.exactOptional().meta({ description: 'The files below /.well-known/matrix/.' }),
  homeserver: homeserver.exactOptional().meta({
    description: "Where the homeserver's own config is, for `delegated doctor`.",
  }),
});

export type RawSite = z.output<typeof siteSchema>;
export type RawCertificate = Exclude<RawSite['certificate'], 'none'>;
