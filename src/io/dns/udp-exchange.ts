import { createSocket } from 'node:dgram';
import { type Exchange, exchanging, unansweredBecause } from './exchange.ts';

/**
 * Every exchange has its own socket, so that the kernel draws a fresh source port (RFC 5452 §9.2), and the socket is
 * connected, so that the kernel drops what other hosts send and tells at once when the port is closed.
 */
export function udpExchange<T>(exchange: Exchange<T>): Promise<T> {
  const { server, packet, accept, timeoutMs } = exchange;
  let ignored = 0;
  const silence = () => noAnswer(timeoutMs, ignored);
  return exchanging<T>(exchange, silence, ({ resolve, reject }) => {
    const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
    const timers: NodeJS.Timeout[] = [];
    const send = () =>
      socket.send(packet, (error) => {
        if (error !== null) reject(unansweredBecause(error));
      });
    socket.on('error', (error) => reject(unansweredBecause(error)));
    socket.on('message', (octets) => {
      const answer = accept(octets);
      if (answer === null) ignored += 1;
      else resolve(answer);
    });
    socket.once('connect', () => {
      send();
      // The same packet from the same port: whichever copy is answered, the answer fits.
      for (const share of [1 / 3, 2 / 3]) timers.push(setTimeout(send, timeoutMs * share));
    });
    socket.connect(server.port, server.address);
    return () => {
      for (const timer of timers) clearTimeout(timer);
      timers.length = 0;
      socket.close();
    };
  });
}

export function noAnswer(timeoutMs: number, ignored: number): string {
  const within = `no answer in ${Math.round(timeoutMs)} ms`;
  return ignored === 0 ? within : `${within}, only ${ignored} packet(s) that do not answer the question`;
}
