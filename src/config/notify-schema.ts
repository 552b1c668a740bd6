/** `notify`: how people are told. */
import * as z from 'zod';
import { command, text, webUrl } from './scalars.ts';
import { SECRET_FORMS } from './secrets.ts';

export const notifySchema = z.strictObject({
  exec: command
    .exactOptional()
    .meta({ description: 'A command that gets the message as JSON on its standard input; no shell.' }),
  webhook: z
    .strictObject({
      url: webUrl.meta({ description: 'Gets the message by POST, as JSON. May be a secret.' }),
      secret: text(SECRET_FORMS).exactOptional().meta({
        description: 'Signs the body: X-Delegated-Signature: sha256=HMAC, in hex.',
      }),
    })
    .exactOptional()
    .meta({ description: 'An address that is called.' }),
  matrix: z
    .strictObject({
      homeserver: webUrl.meta({
        description: 'Client API of a homeserver; better not the one whose certificate this is about.',
      }),
      room: z
        .string()
        .regex(/^!\S+$/, { error: 'expected the id of a room, such as "!abc:example.org"' })
        .meta({ description: 'The id of an unencrypted room that the account has joined.' }),
      accessToken: text(SECRET_FORMS).meta({ description: 'Access token of the account that writes.' }),
    })
    .exactOptional()
    .meta({ description: 'A room that is written to.' }),
});

export type NotifyConfig = z.output<typeof notifySchema>;
