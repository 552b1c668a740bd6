import type { IncomingMessage } from 'node:http';
import type { HttpResponse } from '../federation/https-outcome.ts';

/** @param maxBody octets that are read at most */
export async function readResponse(message: IncomingMessage, maxBody: number): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const octets = Buffer.from(chunk);
    chunks.push(octets);
    size += octets.length;
    if (size > maxBody) break;
  }
  return {
    status: message.statusCode ?? 0,
    headers: Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
    ),
    body: Buffer.concat(chunks).subarray(0, maxBody).toString('utf8'),
    oversized: size > maxBody,
  };
}
