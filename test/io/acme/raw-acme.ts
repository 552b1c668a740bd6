import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { Agent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a client could get wrong. */
export interface Wrongs {
  readonly nonce?: string;
  readonly url?: string;
  readonly kid?: string | null;
  readonly signature?: string;
  readonly contentType?: string;
}

/** An ACME client that can be told to do it wrong; none of it is the program's. */
export interface RawAcme {
  readonly directory: Readonly<Record<string, string>>;
  /** Of its key. */
  readonly jwk: object;
  nonce(): Promise<string>;
  /** The inside of a key change, signed by its key (RFC 8555 §7.3.5). */
  inner(url: string, payload: object): object;
  /** Under the account's URL once there is one. */
  post(url: string, payload: object | null, wrongs?: Wrongs): Promise<RawAnswer>;
  /** @returns the URL of the account */
  register(): Promise<string>;
  close(): void;
}

export async function rawAcme(directoryUrl: string, ca: string): Promise<RawAcme> {
  const agent = new Agent({ ca, keepAlive: true });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const jwk = { crv, kty, x, y };
  let account: string | null = null;

  const flattened = (header: object, body: object | null): object => {
    const head = encode(JSON.stringify(header));
    const payload = body === null ? '' : encode(JSON.stringify(body));
    const how = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const signature = sign('sha256', Buffer.from(`${head}.${payload}`), how).toString('base64url');
    return { protected: head, payload, signature };
  };

  const send = (method: string, url: string, body?: string, type?: string): Promise<RawAnswer> =>
    new Promise((resolve, reject) => {
      const headers = type === undefined ? {} : { 'content-type': type };
      httpsRequest(url, { agent, method, headers }, (response) => {
        text(response).then((answer) => {
          const { statusCode: status = 0 } = response;
          resolve({ status, headers: response.headers, body: json(answer) });
        }, reject);
      })
        .on('error', reject)
        .end(body);
    });

  const directory = asTexts((await send('GET', directoryUrl)).body);
  const client: RawAcme = {
    directory,
    jwk,
    inner: (url, payload) => flattened({ alg: 'ES256', url, jwk }, payload),
    async nonce() {
      return String((await send('HEAD', directory['newNonce'] ?? '')).headers['replay-nonce']);
    },
    async post(url, payload, wrongs = {}) {
      const kid = wrongs.kid === undefined ? account : wrongs.kid;
      const header = {
        alg: 'ES256',
        nonce: wrongs.nonce ?? (await client.nonce()),
        url: wrongs.url ?? url,
        ...(kid === null ? { jwk } : { kid }),
      };
      const signed = flattened(header, payload);
      const jws = JSON.stringify({
        ...signed,
        ...(wrongs.signature !== undefined && { signature: wrongs.signature }),
      });
      return send('POST', url, jws, wrongs.contentType ?? 'application/jose+json');
    },
    async register() {
      const { headers } = await client.post(directory['newAccount'] ?? '', { termsOfServiceAgreed: true });
      account = String(headers['location']);
      return account;
    },
    close: () => agent.destroy(),
  };
  return client;
}

export function randomSignature(): string {
  return randomBytes(64).toString('base64url');
}

function encode(value: string): string {
  return Buffer.from(value).toString('base64url');
}

function json(body: string): RawAnswer['body'] {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function asTexts(body: RawAnswer['body']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(body).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}
