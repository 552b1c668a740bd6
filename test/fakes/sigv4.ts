import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface SignedBy {
  readonly accessKeyId: string;
  /** `20261125T120000Z` */
  readonly date: string;
  /** Whether the signature is the one that the secret makes, at one of these hosts. */
  madeWith(secret: string, hosts: readonly string[]): boolean;
}

/**
 * An AWS Signature Version 4, as
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html has it (2026-11).
 * @returns null where there is none
 */
export function signatureOf(request: IncomingMessage, body: Buffer): SignedBy | null {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8}\/[\w-]+\/route53\/aws4_request), SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/;
  const [, accessKeyId, scope, signed, signature] = pattern.exec(request.headers.authorization ?? '') ?? [];
  const date = request.headers['x-amz-date'];
  if (accessKeyId === undefined || scope === undefined || signed === undefined || typeof date !== 'string')
    return null;
  return {
    accessKeyId,
    date,
    madeWith: (secret, hosts) =>
      hosts.some((host) => {
        const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical(request, body, signed, host))];
        const key = scope.split('/').reduce<Buffer | string>((at, part) => hmac(at, part), `AWS4${secret}`);
        return hmac(key, text.join('\n')).toString('hex') === signature;
      }),
  };
}

function canonical(request: IncomingMessage, body: Buffer, signed: string, host: string): string {
  const url = new URL(request.url ?? '/', 'http://fake');
  const query = [...url.searchParams]
    .map(([key, value]) => `${encoded(key)}=${encoded(value)}`)
    .sort()
    .join('&');
  const headers = signed
    .split(';')
    .map((name) => `${name}:${name === 'host' ? host : String(request.headers[name] ?? '').trim()}\n`);
  return [request.method, url.pathname, query, headers.join(''), signed, sha256(body)].join('\n');
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function hmac(key: string | Buffer, content: string): Buffer {
  return createHmac('sha256', key).update(content).digest();
}
