import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { decode, encode } from 'dns-packet';
import { aborted } from '../../src/errors.ts';
import type { DomainName } from '../../src/provider.ts';
import type { ListenAddress } from './options.ts';

const TIMEOUT_MS = 1000;

/** What answers at an address that is taken: nobody; somebody for this zone, with this serial; somebody else. */
export type Holder = 'silent' | { readonly serial: number } | 'other';

/** Asks whoever holds the address for the SOA of the zone. */
export function askHolder(
  { address, port }: ListenAddress,
  zone: DomainName,
  signal: AbortSignal,
): Promise<Holder> {
  if (signal.aborted) return Promise.reject(aborted(signal));
  const id = randomInt(0x1_0000);
  const query = encode({ type: 'query', id, questions: [{ name: zone, type: 'SOA', class: 'IN' }] });
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const end = (finish: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners().on('error', () => undefined);
      socket.close();
      finish();
    };
    const onAbort = (): void => end(() => reject(aborted(signal)));
    const timer = setTimeout(() => end(() => resolve('silent')), TIMEOUT_MS);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', () => end(() => resolve('silent')));
    socket.once('message', (octets) => end(() => resolve(holderOf(octets, id))));
    socket.once('connect', () => socket.send(query, () => undefined));
    socket.connect(port, reachable(address));
  });
}

function holderOf(octets: Buffer, id: number): Holder {
  try {
    const { id: echoed, flag_aa: authoritative, answers = [] } = decode(octets);
    const [soa] = answers;
    if (echoed !== id || !authoritative || soa?.type !== 'SOA') return 'other';
    return { serial: soa.data.serial ?? 0 };
  } catch {
    return 'other';
  }
}

/** To listen on every address is no address to send to. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
