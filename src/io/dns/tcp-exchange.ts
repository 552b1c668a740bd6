import { connect } from 'node:net';
import { type Exchange, exchanging, Unanswered, unansweredBecause } from './exchange.ts';
import { noAnswer } from './udp-exchange.ts';

/** RFC 7766, one question per connection. */
export function tcpExchange<T>(exchange: Exchange<T>): Promise<T> {
  const { server, packet, accept, timeoutMs } = exchange;
  let ignored = 0;
  const silence = () => `${noAnswer(timeoutMs, ignored)} over TCP`;
  return exchanging<T>(exchange, silence, ({ resolve, reject }) => {
    const socket = connect({ host: server.address, port: server.port });
    let received = Buffer.alloc(0);
    socket.on('error', (error) => reject(unansweredBecause(error)));
    socket.on('close', () => reject(new Unanswered('it closed the TCP connection without an answer')));
    socket.on('connect', () => socket.write(framed(packet)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (let message = firstMessage(received); message !== null; message = firstMessage(received)) {
        received = received.subarray(2 + message.length);
        const answer = accept(message);
        if (answer === null) ignored += 1;
        else return resolve(answer);
      }
    });
    return () => socket.destroy();
  });
}

/** RFC 1035 §4.2.2: two octets of length in front. */
function framed(packet: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(packet.length);
  return Buffer.concat([length, packet]);
}

function firstMessage(received: Buffer): Buffer | null {
  if (received.length < 2) return null;
  const end = 2 + received.readUInt16BE(0);
  return received.length < end ? null : received.subarray(2, end);
}
