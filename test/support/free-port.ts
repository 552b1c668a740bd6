import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { once } from 'node:events';

const LOOPBACK = '127.0.0.1';
const ATTEMPTS = 20;

/** A loopback port that is free for TCP and for UDP: the kernel picks, for both at once. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = await tryPort();
    if (port !== null) return port;
  }
  throw new Error(`no port that is free for TCP and UDP in ${ATTEMPTS} attempts`);
}

async function tryPort(): Promise<number | null> {
  const tcp = createServer();
  const udp = createSocket('udp4');
  try {
    await once(tcp.listen(0, LOOPBACK), 'listening');
    const address = tcp.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port');
    udp.bind(address.port, LOOPBACK);
    await once(udp, 'listening');
    return address.port;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return null;
    throw error;
  } finally {
    tcp.close();
    udp.close();
  }
}
