import { isIP } from 'node:net';
import * as z from 'zod';
import { isWithin, parseDomainName } from '../../src/dns/domain-name.ts';
import type { DomainName } from '../../src/provider.ts';
import { Name } from '../floor/option-types.ts';

const DNS_PORT = 53;
const DAY_SECONDS = 86_400;

/** An address to serve on, over UDP and TCP. */
export interface ListenAddress {
  /** IP literal, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

const Listen = z
  .string()
  .transform(
    (text, ctx) => readAddress(text) ?? refuse(ctx, 'expected an address: 192.0.2.1:53 or [2001:db8::1]:53'),
  );

const Address = z
  .string()
  .refine((text) => isIP(text) !== 0 && !text.includes('%'), { error: 'expected an IPv4 or IPv6 address' });

/** The settings of a provider of type `builtin`. */
export const builtinOptions = z
  .strictObject({
    listen: z
      .array(Listen)
      .min(1)
      .describe('Addresses to serve on, over UDP and TCP: 192.0.2.1:53, [2001:db8::1]:53'),
    zones: z.array(Name).min(1).describe('The zones to serve, each delegated to this server by NS records'),
    hostnames: z
      .array(Name)
      .min(1)
      .optional()
      .describe('The names of this server in the NS records; default: ns.ZONE of the first zone'),
    hostmaster: Name.optional().describe(
      'The mailbox in the SOA record, written as a name; default: hostmaster.ZONE of the first zone',
    ),
    addresses: z
      .record(z.string(), z.array(Address).min(1))
      .default({})
      .describe('Public addresses of those hostnames that lie in the zones, by hostname'),
    negativeTtl: z
      .int()
      .min(0)
      .max(DAY_SECONDS)
      .default(5)
      .describe('Seconds for which resolvers may remember that a name does not exist'),
  })
  .superRefine(({ addresses, zones }, ctx) => {
    for (const hostname of Object.keys(addresses))
      if (!zones.some((zone) => liesIn(hostname, zone)))
        ctx.addIssue({
          code: 'custom',
          path: ['addresses', hostname],
          message: 'expected a hostname in one of the zones; other names get their addresses elsewhere',
        });
  });

export type BuiltinOptions = z.output<typeof builtinOptions>;

function liesIn(hostname: string, zone: DomainName): boolean {
  try {
    return isWithin(parseDomainName(hostname), zone);
  } catch {
    return false;
  }
}

function readAddress(text: string): ListenAddress | null {
  if (isIP(text) !== 0) return { address: text, port: DNS_PORT };
  const match = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$/i.exec(text);
  const address = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? DNS_PORT);
  if (isIP(address) !== (match?.[1] === undefined ? 4 : 6)) return null;
  return port < 1 || port > 65535 ? null : { address, port };
}

function refuse(ctx: z.RefinementCtx, message: string): never {
  ctx.addIssue({ code: 'custom', message });
  return z.NEVER;
}
