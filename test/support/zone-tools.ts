import { LOOPBACK, type NameServer } from './name-server.ts';
import { runProgram } from './process.ts';

/** Every record of the zone as dig prints it, sorted, without the SOA (its serial counts our changes). */
export async function transferZone(server: NameServer, zone: string): Promise<string[]> {
  const text = await runProgram('dig', [
    `@${LOOPBACK}`,
    '-p',
    `${server.port}`,
    '+noall',
    '+answer',
    '+time=5',
    '+tries=1',
    zone,
    'AXFR',
  ]);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
  if (lines.length < 2) throw new Error(`no transfer of ${zone}: ${text}`);
  return lines
    .map((line) => line.replace(/\s+/g, ' '))
    .filter((line) => !/^\S+ \d+ IN SOA /.test(line))
    .sort();
}

/** Somebody else's change, by nsupdate: lines such as `update add NAME TTL TYPE RDATA`. */
export async function foreignUpdate(
  server: NameServer,
  zone: string,
  lines: readonly string[],
): Promise<void> {
  const script = [`server ${LOOPBACK} ${server.port}`, `zone ${zone}`, ...lines, 'send', ''].join('\n');
  await runProgram('nsupdate', ['-v', '-k', server.keyFile], script);
}
