import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { decode, encode, type RecordType } from 'dns-packet';
import { parseDomainName, under } from '../../../src/dns/domain-name.ts';
import { createDnsClient } from '../../../src/io/dns-client.ts';
import type { Change, DomainName, SrvData } from '../../../src/provider.ts';
import { testCtx } from '../../conformance/target.ts';
import { type BuiltinServer, startBuiltin } from '../../support/builtin.ts';
import { runProgram } from '../../support/process.ts';

const ZONE = parseDomainName('acme.example.net');
const CHALLENGE = under('_acme-challenge.host', ZONE);
const DELEGATION = under('_matrix-fed._tcp', ZONE);
const SRV: SrvData = { priority: 10, weight: 5, port: 8448, target: parseDomainName('matrix.example.org') };

function add(name: DomainName, values: readonly string[]): Change {
  return { op: 'add', name, type: 'TXT', ttl: 60, values };
}

function plain(line: string): string {
  return line.replace(/\s+/g, ' ').trim();
}

function status(lines: readonly string[]): string {
  return /status: (\w+)/.exec(lines.join(' '))?.[1] ?? lines.join('\n');
}

function flags(lines: readonly string[]): string {
  return /;; flags: ([a-z ]*);/.exec(lines.join(' '))?.[1] ?? '';
}

function records(lines: readonly string[]): string[] {
  return lines.filter((line) => line !== '' && !line.startsWith(';')).sort();
}

function framedQuery(id: number, name: string, type: RecordType): Buffer {
  const packet = encode({ type: 'query', id, questions: [{ name, type }] });
  return Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 0xff]), packet]);
}

describe('the built-in name server, asked by dig and kdig', () => {
  let server: BuiltinServer;

  before(async () => {
    server = await startBuiltin({
      zones: ['acme.example.net'],
      settings: {
        hostnames: ['ns1.acme.example.net', 'ns.example.org'],
        hostmaster: 'hostmaster.example.net',
        addresses: { 'ns1.acme.example.net': ['192.0.2.53', '2001:db8::53'] },
      },
    });
    await apply(
      add(CHALLENGE, ['value', 'a "quoted" \\ one']),
      { op: 'put', rrset: { name: DELEGATION, type: 'SRV', ttl: 300, values: [SRV] }, expect: 'absent' },
      add(
        under('long', ZONE),
        Array.from({ length: 60 }, (_, index) => `${index}`.padEnd(200, '.')),
      ),
    );
  });
  after(() => server.stop());

  async function apply(...changes: readonly Change[]): Promise<void> {
    await server.provider.apply({ id: ZONE, name: ZONE }, changes, testCtx());
  }

  async function dig(...question: readonly string[]): Promise<string[]> {
    const args = ['-p', `${server.port}`, '+norec', '+time=5', '+tries=1', ...question];
    return (await runProgram('dig', ['@127.0.0.1', ...args])).split('\n').map(plain);
  }

  async function serial(): Promise<number> {
    return Number(/SOA \S+ \S+ (\d+)/.exec(records(await dig(ZONE, 'SOA')).join())?.[1]);
  }

  it('answers TXT with authority and without recursion', async () => {
    const lines = await dig(CHALLENGE, 'TXT', '+rec');
    assert.equal(status(lines), 'NOERROR');
    assert.equal(flags(lines), 'qr aa rd');
    assert.deepEqual(records(lines), [
      `${CHALLENGE} 60 IN TXT "a \\"quoted\\" \\\\ one"`,
      `${CHALLENGE} 60 IN TXT "value"`,
    ]);
  });

  it('answers SRV', async () => {
    assert.deepEqual(records(await dig(DELEGATION, 'SRV')), [
      `${DELEGATION} 300 IN SRV 10 5 8448 matrix.example.org.`,
    ]);
  });

  it('answers SOA and NS at the apex, and the addresses of its own name', async () => {
    const [soa = ''] = records(await dig(ZONE, 'SOA'));
    assert.match(soa, /SOA ns1\.acme\.example\.net\. hostmaster\.example\.net\. \d+ 3600 600 604800 5$/);
    assert.deepEqual(records(await dig(ZONE, 'NS')), [
      `${ZONE} 3600 IN NS ns.example.org.`,
      `${ZONE} 3600 IN NS ns1.acme.example.net.`,
    ]);
    const [ns] = [under('ns1', ZONE)];
    assert.deepEqual(records(await dig(ns, 'A')), [`${ns} 3600 IN A 192.0.2.53`]);
    assert.deepEqual(records(await dig(ns, 'AAAA')), [`${ns} 3600 IN AAAA 2001:db8::53`]);
  });

  it('says NXDOMAIN for what is not there, to be remembered for five seconds', async () => {
    const lines = await dig(`nothing.${ZONE}`, 'TXT');
    assert.equal(status(lines), 'NXDOMAIN');
    assert.match(records(lines).join(), new RegExp(`^${ZONE} 5 IN SOA .* 5$`));
  });

  it('says NODATA for another type, and for a name that only has names below', async () => {
    for (const name of [CHALLENGE, `host.${ZONE}`, `_tcp.${ZONE}`, ZONE]) {
      const lines = await dig(name, 'AAAA');
      assert.equal(status(lines), 'NOERROR');
      assert.match(records(lines).join(), new RegExp(`^${ZONE} 5 IN SOA [^,]*$`));
    }
  });

  it('refuses other zones, zone transfers and other classes, and knows no other opcode', async () => {
    for (const question of [
      ['example.net', 'SOA'],
      ['example.org', 'A'],
      ['notacme.example.net', 'A'],
      ['version.bind', 'CH', 'TXT'],
    ])
      assert.equal(status(await dig(...question)), 'REFUSED', question.join(' '));
    const transfer = (await dig(ZONE, 'AXFR')).join('\n');
    assert.match(transfer, /Transfer failed/);
    assert.equal(status(await dig(ZONE, 'SOA', '+opcode=NOTIFY')), 'NOTIMP');
    assert.equal(status(await dig(ZONE, 'SOA', '+opcode=UPDATE')), 'NOTIMP');
  });

  it('answers ANY with next to nothing (RFC 8482)', async () => {
    assert.deepEqual(records(await dig(ZONE, 'ANY', '+notcp')), [`${ZONE} 3600 IN HINFO "RFC8482" ""`]);
    assert.equal(status(await dig(`nothing.${ZONE}`, 'ANY', '+notcp')), 'NXDOMAIN');
  });

  it('finds a name in any case, and repeats the case in which it was asked for', async () => {
    const asked = '_AcMe-cHaLlEnGe.HOST.acme.Example.NET.';
    const lines = await dig(asked, 'TXT');
    assert.ok(records(lines).every((line) => line.startsWith(`${asked} 60 `)));
    assert.ok(lines.includes(`;${asked} IN TXT`));
  });

  it('truncates over UDP what is too long, and tells all over TCP', async () => {
    for (const size of ['+noedns', '+bufsize=512', '+bufsize=4096']) {
      const lines = await dig(`long.${ZONE}`, 'TXT', size, '+ignore');
      assert.equal(flags(lines), 'qr aa tc');
      assert.deepEqual(records(lines), []);
    }
    assert.equal(records(await dig(`long.${ZONE}`, 'TXT')).length, 60);
    assert.equal(records(await dig(`long.${ZONE}`, 'TXT', '+tcp')).length, 60);
  });

  it('speaks EDNS version 0 and says so to whoever speaks another', async () => {
    const lines = await dig(ZONE, 'SOA', '+edns=0', '+dnssec', '+cookie', '+nsid', '+subnet=192.0.2.0/24');
    assert.match(lines.join('\n'), /EDNS: version: 0, flags: do; udp: 1232/);
    assert.equal(status(await dig(ZONE, 'SOA', '+edns=1', '+noednsneg')), 'BADVERS');
    assert.doesNotMatch((await dig(ZONE, 'SOA', '+noedns')).join('\n'), /EDNS/);
  });

  it('answers over IPv6, UDP and TCP', async () => {
    for (const transport of ['+notcp', '+tcp']) {
      const args = ['@::1', '-p', `${server.port}`, transport, '+short', CHALLENGE, 'TXT'];
      assert.match(await runProgram('kdig', args), /^"value"$/m);
    }
  });

  it('answers several queries on one TCP connection', async () => {
    const args = ['@127.0.0.1', '-p', `${server.port}`, '+tcp', '+keepopen', '+short'];
    const text = await runProgram('kdig', [...args, ZONE, 'NS', CHALLENGE, 'TXT', DELEGATION, 'SRV']);
    for (const part of ['ns.example.org.', '"value"', '8448']) assert.ok(text.includes(part), text);
  });

  it('answers every one of many TCP queries that come in one piece or octet by octet', async () => {
    const many = Array.from({ length: 300 }, (_, id) => framedQuery(id, `long.${ZONE}`, 'TXT'));
    const socket = connect({ host: '127.0.0.1', port: server.port });
    socket.setNoDelay(true);
    await once(socket, 'connect');
    socket.write(Buffer.concat(many));
    for (const octet of framedQuery(999, ZONE, 'SOA')) socket.write(Buffer.from([octet]));
    const ids: number[] = [];
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      if (Buffer.isBuffer(chunk)) received = Buffer.concat([received, chunk]);
      while (received.length > 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        ids.push(decode(received.subarray(2, end)).id ?? -1);
        received = received.subarray(end);
      }
      if (ids.length > many.length) break;
    }
    assert.deepEqual(ids, [...many.keys(), 999]);
  });

  it('takes a hundred TCP connections, and answers on them while it turns away more', async () => {
    const sockets = Array.from({ length: 105 }, () => connect({ host: '127.0.0.1', port: server.port }));
    const turnedAway = sockets.map(async (socket) => {
      socket.on('error', () => undefined).resume();
      await once(socket, 'close');
      return socket;
    });
    const first = await Promise.race(turnedAway);
    assert.match((await dig(ZONE, 'NS')).join(' '), /NOERROR/);
    const live = sockets.find((socket) => socket !== first && !socket.closed && !socket.connecting);
    live?.write(framedQuery(7, ZONE, 'SOA'));
    assert.ok(live !== undefined);
    await once(live, 'data');
    for (const socket of sockets) socket.destroy();
    await Promise.all(turnedAway);
  });

  it('answers our own client, over both transports', async () => {
    const client = createDnsClient();
    for (const [name, count] of [
      [CHALLENGE, 2],
      [under('long', ZONE), 60],
    ] as const)
      for (const address of ['127.0.0.1', '::1']) {
        const question = { name, type: 'TXT', recurse: false } as const;
        const { answers, authoritative } = await client.query(
          { address, port: server.port },
          question,
          testCtx(),
        );
        assert.deepEqual([answers.length, authoritative], [count, true]);
      }
  });

  it('counts the serial up with every change, and not without one', async () => {
    const before = await serial();
    await apply(add(CHALLENGE, ['another']));
    const after = await serial();
    assert.ok(after > before);
    await apply(add(CHALLENGE, ['another']));
    assert.equal(await serial(), after);
    await apply({ op: 'remove', name: CHALLENGE, type: 'TXT', ttl: 60, values: ['another'] });
    assert.ok((await serial()) > after);
  });
});

describe('the built-in name server for a zone within a zone', () => {
  let server: BuiltinServer;
  before(async () => {
    server = await startBuiltin({ zones: ['example.test', 'deep.sub.example.test'] });
    await server.provider.listen(testCtx());
  });
  after(() => server.stop());

  const ask = (name: string, type: string): Promise<string> =>
    runProgram('dig', ['@127.0.0.1', '-p', `${server.port}`, '+norec', name, type]);

  it('answers from the deepest, and knows that the name between them exists', async () => {
    assert.match(await ask('x.deep.sub.example.test', 'TXT'), /^deep\.sub\.example\.test\.\s.*SOA/m);
    const between = await ask('sub.example.test', 'TXT');
    assert.match(between, /NOERROR/);
    assert.match(between, /^example\.test\.\s.*SOA/m);
  });

  it('answers for DS from the parent', async () => {
    assert.match(await ask('deep.sub.example.test', 'DS'), /^example\.test\.\s.*SOA/m);
  });
});
