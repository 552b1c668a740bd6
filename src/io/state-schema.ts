import * as z from 'zod';
import { KEY_TYPES } from '../certificate/key-type.ts';
import { type DomainName, wireDomainName } from '../dns/domain-name.ts';
import { LEVELS } from '../schedule/alarm.ts';
import { DelegatedError, ERROR_CODES, type ErrorCode } from '../errors.ts';

const date = z.iso.datetime().transform((text) => new Date(text));
// What stands here was parsed before it was written, and a zone's name may be one that no person could have typed.
const domainName = z.string().transform((text): DomainName => wireDomainName(text));
const errorCode = z.custom<ErrorCode>(
  (value) => typeof value === 'string' && Object.hasOwn(ERROR_CODES, value),
);

export const installationSchema = z.object({
  version: z.literal(1),
  owner: z.string().regex(/^[a-z0-9]{8,}$/),
  secret: z.string().min(32),
});

export const siteSchema = z.object({
  version: z.literal(1),
  serverName: z.string(),
  deployedVersion: z.exactOptional(z.string()),
  reloadedVersion: z.exactOptional(z.string()),
  verifiedVersion: z.exactOptional(z.string()),
  revokedVersion: z.exactOptional(z.string()),
  heldVersion: z.exactOptional(z.string()),
  issuedBy: z.exactOptional(
    z.object({ version: z.string(), ca: z.string(), profile: z.exactOptional(z.nullable(z.string())) }),
  ),
  renewalInfo: z.exactOptional(
    z.object({
      certId: z.string(),
      ca: z.string(),
      askAgainAt: date,
      window: z.exactOptional(
        z.object({ start: date, end: date, explanationUrl: z.exactOptional(z.string()) }),
      ),
      failures: z.exactOptional(z.int().positive()),
    }),
  ),
  deployTarget: z.exactOptional(z.string()),
  lastSuccess: z.exactOptional(date),
  lastError: z.exactOptional(
    z.object({ at: date, code: errorCode, message: z.string(), hint: z.exactOptional(z.string()) }),
  ),
  setbacks: z.exactOptional(
    z.array(
      z.object({
        ca: z.string(),
        at: date,
        code: errorCode,
        message: z.string(),
        hint: z.exactOptional(z.string()),
        failures: z.int().positive(),
        notBefore: date,
        named: z.exactOptional(z.literal(true)),
        rehearse: z.exactOptional(z.literal(true)),
        elsewhere: z.exactOptional(z.literal(true)),
        question: z.string(),
      }),
    ),
  ),
  failures: z.int().nonnegative(),
  failingSince: z.exactOptional(date),
  told: z.exactOptional(z.object({ level: z.enum(LEVELS), at: date })),
  toldUrl: z.exactOptional(z.string()),
  retryAt: z.exactOptional(date),
});

export const journalSchema = z.object({
  version: z.literal(1),
  serverName: z.string(),
  ca: z.string(),
  names: z.array(domainName),
  keyType: z.enum(KEY_TYPES),
  profile: z.exactOptional(z.string()),
  startedAt: date,
  countedAt: z.exactOptional(date),
  orderUrl: z.exactOptional(z.string()),
  unasked: z.exactOptional(z.literal(true)),
  privateKey: z.exactOptional(z.string()),
  challenges: z.array(
    z.object({
      provider: z.string(),
      zoneId: z.string(),
      zoneName: domainName,
      name: domainName,
      value: z.string(),
      nameServers: z.exactOptional(z.array(z.object({ address: z.string(), port: z.int() }))),
    }),
  ),
  retryAt: z.exactOptional(date),
});

const srvRRset = z
  .object({
    ttl: z.number(),
    values: z.array(
      z.object({ priority: z.number(), weight: z.number(), port: z.number(), target: domainName }),
    ),
  })
  .nullable();

export const switchSchema = z.object({
  version: z.literal(1),
  serverName: z.string(),
  startedAt: date,
  records: z.array(
    z
      .object({
        name: domainName,
        before: srvRRset,
        after: srvRRset,
        marks: z.array(
          z.object({ op: z.enum(['add', 'remove']), ttl: z.number(), values: z.array(z.string()) }),
        ),
      })
      .transform(({ name, before, after, marks }) => ({
        name,
        before: before === null ? null : { name, type: 'SRV' as const, ...before },
        after: after === null ? null : { name, type: 'SRV' as const, ...after },
        marks,
      })),
  ),
});

export const ledgerEntrySchema = z.object({
  at: date,
  ca: z.string(),
  names: z.array(domainName),
  challenges: z.exactOptional(z.enum(['answered', 'failed', 'valid'])),
  order: z.exactOptional(z.string()),
});

/**
 * The door for everything that is read from the state directory. Says where it is wrong, never with which value.
 * @param ifLost what goes with the file when nobody has a copy of it, for the hint
 * @throws DelegatedError E_STATE
 */
export function parseState<Output>(
  schema: z.ZodType<Output>,
  text: string,
  file: string,
  ifLost: string,
): Output {
  const damaged = (where: string): DelegatedError =>
    new DelegatedError('E_STATE', `${file} is damaged${where}`, {
      hint: `put it back from a backup, or use the newer version of delegated that wrote it; if there is neither, ${ifLost}`,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the cause: the parser quotes the text, and some of these files hold keys.
    throw damaged(text === '' ? ': it is empty' : ': it is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw damaged(where === '' ? '' : ` at "${where}"`);
}
