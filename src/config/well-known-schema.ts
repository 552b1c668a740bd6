/** `sites.*.wellKnown`: the keys of the files that the Matrix specification and widely used clients know; all others pass. */
import * as z from 'zod';
import { parseServerName } from '../matrix/server-name.ts';
import { absolutePath, flag, parsed } from './scalars.ts';

const httpsUrl = z.string().refine((text) => URL.canParse(text) && /^https?:\/\//.test(text), {
  error: 'expected a URL such as https://matrix.example.org',
});

const withBaseUrl = (what: string) =>
  z.looseObject(
    { base_url: httpsUrl.meta({ description: `The base URL of the ${what}.` }) },
    { error: 'expected a mapping with base_url' },
  );

const jitsi = z.looseObject({
  preferredDomain: z
    .string({ error: 'expected a host name' })
    .meta({ description: 'The host of the Jitsi server.' }),
});

const rtcFocus = z.looseObject({
  type: z.string({ error: 'expected a text such as livekit' }).meta({ description: 'Such as `livekit`.' }),
});

const client = z.looseObject(
  {
    'm.homeserver': withBaseUrl('client-server API').meta({
      description: 'Where clients find the homeserver.',
    }),
    'm.identity_server': withBaseUrl('identity server')
      .exactOptional()
      .meta({ description: 'The identity server that clients propose.' }),
    'org.matrix.msc4143.rtc_foci': z
      .array(rtcFocus, {
        error: 'expected a list such as [{ type: livekit, livekit_service_url: https://… }]',
      })
      .exactOptional()
      .meta({ description: 'What Element Call calls through.' }),
    'io.element.e2ee': z
      .looseObject({
        default: flag().exactOptional().meta({ description: 'Whether new private rooms are encrypted.' }),
        force_disable: flag().exactOptional().meta({ description: 'Nobody can switch encryption on.' }),
      })
      .exactOptional()
      .meta({ description: 'Encryption in Element.' }),
    'io.element.jitsi': jitsi.exactOptional().meta({ description: 'Jitsi in Element.' }),
    'im.vector.riot.jitsi': jitsi.exactOptional().meta({ description: 'The same for older Elements.' }),
  },
  { error: 'expected a mapping' },
);

const contact = z
  .looseObject({
    role: z
      .string()
      .regex(/^(?:m\.role\.(?:admin|security)|(?!m\.)[a-z0-9_-]+(?:\.[a-z0-9_-]+)+)$/i, {
        error: 'expected m.role.admin, m.role.security or a name of your own such as org.example.role',
      })
      .meta({ description: '`m.role.admin` or `m.role.security`.' }),
    matrix_id: z
      .string()
      .regex(/^@[^:]+:.+$/, { error: 'expected a user id such as @admin:example.org' })
      .exactOptional()
      .meta({ description: 'A Matrix user id.' }),
    email_address: z
      .string()
      .regex(/^[^@\s]+@[^@\s]+$/, { error: 'expected an e-mail address' })
      .exactOptional()
      .meta({ description: 'An e-mail address.' }),
  })
  .refine(({ matrix_id: id, email_address: email }) => id !== undefined || email !== undefined, {
    error: 'expected a matrix_id, an email_address, or both',
  });

const support = z
  .looseObject(
    {
      contacts: z
        .array(contact, { error: 'expected a list of contacts' })
        .min(1, { error: 'expected at least one contact' })
        .exactOptional()
        .meta({ description: 'Who answers for the server.' }),
      support_page: httpsUrl.exactOptional().meta({ description: 'A page with help.' }),
    },
    { error: 'expected a mapping' },
  )
  .refine(({ contacts, support_page: page }) => contacts !== undefined || page !== undefined, {
    error: 'expected contacts, a support_page, or both',
  });

export const wellKnownSchema = z.strictObject({
  server: parsed(parseServerName)
    .exactOptional()
    .meta({ description: 'The value of `m.server`. Default: `delegatedTo`, where the site has it.' }),
  client: client.exactOptional().meta({ description: 'The content of /.well-known/matrix/client.' }),
  support: support.exactOptional().meta({ description: 'The content of /.well-known/matrix/support.' }),
  write: absolutePath
    .exactOptional()
    .meta({ description: 'A web root; `renew`, `sync` and the daemon keep the files below it.' }),
  serve: flag()
    .exactOptional()
    .meta({ description: 'The daemon serves the files at `wellKnown.listen`, for a proxy in front of it.' }),
});
