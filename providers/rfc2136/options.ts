import { isIPv6 } from 'node:net';
import * as z from 'zod';
import { Name } from '../floor/option-types.ts';
import { TSIG_ALGORITHMS } from './tsig.ts';

const DNS_PORT = 53;

const ServerAddress = z
  .string()
  .transform((text, ctx) => readAddress(text) ?? refuse(ctx, 'expected host, host:port or [IPv6]:port'));

const TsigSecret = z
  .string()
  .regex(/^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$|^[A-Za-z0-9+/]{2,3}={1,2}$/, {
    error: 'expected the base64 text that tsig-keygen, keymgr or pdnsutil printed',
  });

/** The settings of a provider of type `rfc2136`; the secret is resolved already. */
export const rfc2136Options = z.strictObject({
  server: ServerAddress.describe('The primary name server: host, host:port or [IPv6]:port'),
  key: z.strictObject({
    name: Name.describe('The name of the TSIG key, as the server knows it'),
    algorithm: z.enum(TSIG_ALGORITHMS).default('hmac-sha256'),
    secret: TsigSecret.describe('The TSIG secret in base64'),
  }),
  zones: z
    .array(Name)
    .min(1)
    .optional()
    .describe('The zones that the key may change; without them the server is asked for its zones'),
  timeout: z.number().positive().max(300).default(10).describe('Seconds that the server may take to answer'),
});

export type Rfc2136Options = z.output<typeof rfc2136Options>;

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

function readAddress(text: string): ServerAddress | null {
  // Node compiles its pattern at the first call, which costs 8 ms that most configs need not pay.
  if (/:.*:/.test(text) && isIPv6(text)) return { host: text, port: DNS_PORT };
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? DNS_PORT);
  if (host === undefined || port < 1 || port > 65535) return null;
  return match?.[1] !== undefined && !isIPv6(host) ? null : { host, port };
}

function refuse(ctx: z.RefinementCtx, message: string): never {
  ctx.addIssue({ code: 'custom', message });
  return z.NEVER;
}
