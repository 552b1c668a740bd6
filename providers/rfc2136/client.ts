import { createSecretKey } from 'node:crypto';
import { type DecodedPacket, type RecordType, decode, encode } from 'dns-packet';
import { relativeToRoot, wireDomainName } from '../../src/dns/domain-name.ts';
import { BACKOFF, DelegatedError } from '../../src/errors.ts';
import type { DomainName } from '../../src/provider.ts';
import { type Connection, createConnection } from './connection.ts';
import { type Asked, RCODE, signatureFailure, unverified, updateFailure } from './errors.ts';
import type { Rfc2136Options } from './options.ts';
import { type TsigKey, signMessage, verifyReply } from './tsig.ts';
import { type Update, encodeUpdate } from './update.ts';

/** A signed conversation with one name server. */
export interface Client {
  /**
   * Without recursion. Signed, so that a server with views answers from the key's view. Every rcode but NOTAUTH is an
   * answer.
   * @throws DelegatedError E_PROVIDER_AUTH, E_PROVIDER_CLOCK, E_PROVIDER_UNAVAILABLE
   */
  query(name: DomainName, type: RecordType, signal: AbortSignal): Promise<Reply>;
  /**
   * @param purpose completes "the server, asked to …"
   * @throws DelegatedError as `updateFailure` says; outcome `not-applied` or `unknown`
   */
  update(update: Update, purpose: string, signal: AbortSignal): Promise<void>;
  /** For messages. */
  asked(purpose: string): Asked;
  close(): Promise<void>;
}

export interface Reply {
  readonly rcode: number;
  /** AA: the server speaks for the zone. */
  readonly authoritative: boolean;
  readonly packet: DecodedPacket;
}

const MAX_MESSAGE_OCTETS = 65535;

export function createClient(options: Rfc2136Options, now: () => Date): Client {
  const key: TsigKey = {
    name: options.key.name,
    algorithm: options.key.algorithm,
    secret: createSecretKey(options.key.secret, 'base64'),
  };
  const connection: Connection = createConnection(options.server, options.timeout * 1000);
  const server = `${options.server.host}:${options.server.port}`;
  const seconds = (): number => Math.floor(now().getTime() / 1000);

  async function exchange(build: (id: number) => Buffer, asked: Asked, signal: AbortSignal): Promise<Reply> {
    let requestMac: Buffer = Buffer.alloc(0);
    const signed = (id: number): Buffer => {
      const request = signMessage(build(id), key, seconds());
      requestMac = request.mac;
      return request.signed;
    };
    const raw = await connection.exchange(signed, asked.write, signal);
    const rcode = raw.readUInt8(3) & 0x0f;
    const failure = signatureFailure(verifyReply(raw, key, requestMac, seconds()), rcode, seconds(), asked);
    if (failure !== null) throw failure;
    return { rcode, authoritative: (raw.readUInt8(2) & 0x04) !== 0, packet: parse(raw, asked) };
  }

  const asked = (to: string, write = false): Asked => ({
    server,
    key: relativeToRoot(options.key.name),
    to,
    write,
  });

  return {
    async query(name, type, signal) {
      const question = { name, type, class: 'IN' as const };
      const what = asked(`read ${name} ${type}`);
      const reply = await exchange(
        (id) => encode({ type: 'query', id, questions: [question] }),
        what,
        signal,
      );
      if (reply.rcode === RCODE.NOTAUTH) throw unverified(what);
      const echo = reply.packet.questions?.[0];
      const same = echo?.type === type && wireDomainName(echo.name) === name;
      // An error may come back without the question; an answer to another question is none.
      if (reply.packet.flag_tc || (!same && (echo !== undefined || reply.rcode === RCODE.NOERROR)))
        throw nonsense(what, undefined);
      return reply;
    },
    async update(update, purpose, signal) {
      const what = asked(purpose, update.updates.length > 0);
      if (encodeUpdate(0, update).length > MAX_MESSAGE_OCTETS - 1024)
        throw new DelegatedError('E_PROVIDER_REJECTED', `too much for one DNS UPDATE: ${purpose}`, {
          hint: 'publish fewer or shorter records at once',
        });
      const { rcode } = await exchange((id) => encodeUpdate(id, update), what, signal);
      if (rcode !== RCODE.NOERROR) throw updateFailure(rcode, what);
    },
    asked,
    close: () => connection.close(),
  };
}

/** The header says what became of a write; its body need not be readable for that. */
function parse(raw: Buffer, asked: Asked): DecodedPacket {
  try {
    return decode(raw);
  } catch (cause) {
    throw nonsense(asked, cause);
  }
}

function nonsense(asked: Asked, cause: unknown): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_UNAVAILABLE',
    `${asked.server}, asked to ${asked.to}, sends an answer that cannot be read`,
    {
      hint: 'is it a DNS server, and is nothing between it and us?',
      retry: BACKOFF,
      outcome: asked.write ? 'unknown' : 'not-applied',
      cause,
    },
  );
}
