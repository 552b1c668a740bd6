import assert from 'node:assert/strict';
import {
  type Answer,
  AUTHENTIC_DATA,
  AUTHORITATIVE_ANSWER,
  CHECKING_DISABLED,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import * as fc from 'fast-check';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import { createDnsClient, type DnsClientOptions } from '../../src/io/dns-client.ts';
import { decodeResponse } from '../../src/io/dns/message.ts';
import { systemResolvers } from '../../src/io/system-resolvers.ts';
import type { DnsQuestion, DnsResponse, Endpoint } from '../../src/ports.ts';
import { type DnsStub, startDnsStub, type StubHandler } from '../support/dns-stub.ts';
import { freePort } from '../support/free-port.ts';

const NAME = parseDomainName('_acme-challenge.example.org');
const QUESTION: DnsQuestion = { name: NAME, type: 'TXT', recurse: false };
const TXT: Answer = { name: '_acme-challenge.example.org', type: 'TXT', ttl: 60, data: ['value'] };
const RCODE = { formerr: 1, servfail: 2, nxdomain: 3, notimp: 4, refused: 5 } as const;

const stubs: DnsStub[] = [];
async function stub(handler: StubHandler, address?: string): Promise<DnsStub> {
  const started = await startDnsStub(handler, address);
  stubs.push(started);
  return started;
}

interface Asking extends DnsClientOptions {
  readonly question?: DnsQuestion;
  readonly signal?: AbortSignal;
}

function ask(server: Endpoint, asking: Asking = {}): Promise<DnsResponse> {
  const { question = QUESTION, signal = new AbortController().signal, ...options } = asking;
  return createDnsClient({ timeoutMs: 5000, ...options }).query(server, question, { signal });
}

async function failure(work: Promise<unknown>): Promise<DelegatedError> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof DelegatedError, String(thrown));
  return thrown;
}

describe('the DNS client', () => {
  afterEach(async () => {
    await Promise.all(stubs.splice(0).map((each) => each.stop()));
  });

  it('asks over TCP alone where that is wanted, and without validation where that is', async () => {
    const server = await stub(() => ({ answers: [TXT] }));
    await ask(server.endpoint, { question: { ...QUESTION, transport: 'tcp', unchecked: true } });
    assert.deepEqual(
      server.asked.map(({ transport, flags }) => [transport, flags]),
      [['tcp', CHECKING_DISABLED]],
    );
  });

  it('asks without recursion, without DO and with EDNS, from a fresh port and with a fresh id', async () => {
    const server = await stub(() => ({ answers: [TXT] }));
    for (let count = 0; count < 3; count += 1) await ask(server.endpoint);
    assert.ok(server.asked.every(({ edns, flags, transport }) => edns && flags === 0 && transport === 'udp'));
    assert.equal(new Set(server.asked.map(({ port, id }) => `${port} ${id}`)).size, 3);
  });

  it('asks a recursive resolver with RD, and with AD to hear what it validated', async () => {
    const server = await stub(() => ({ flags: AUTHENTIC_DATA }));
    const response = await ask(server.endpoint, { question: { ...QUESTION, recurse: true } });
    assert.equal(server.asked[0]?.flags, RECURSION_DESIRED | AUTHENTIC_DATA);
    assert.equal(response.authenticated, true);
    assert.equal(response.authoritative, false);
  });

  it('reads every type that we know, and drops the others', async () => {
    const name = 'EXAMPLE.org';
    const soa = { mname: 'Ns.example.org', rname: 'hostmaster.example.org', serial: 7, minimum: 5 };
    const server = await stub(() => ({
      answers: [
        { name, type: 'SRV', ttl: 1, data: { priority: 1, weight: 2, port: 3, target: 'A.example' } },
        { name, type: 'SRV', ttl: 1, data: { priority: 0, weight: 0, port: 0, target: '.' } },
        { name, type: 'TXT', ttl: 2, data: ['one', Buffer.from([0xff, 0x00])] },
        { name, type: 'A', ttl: 3, data: '192.0.2.1' },
        { name, type: 'AAAA', ttl: 3, data: '2001:db8::1' },
        { name, type: 'NS', ttl: 4, data: 'ns.example' },
        { name, type: 'CNAME', ttl: 4, data: 'Other.example' },
        { name, type: 'MX', ttl: 4, data: { preference: 1, exchange: 'mx.example' } },
        { name, type: 'A', class: 'CH', ttl: 4, data: '192.0.2.2' },
      ],
      authorities: [{ name, type: 'SOA', ttl: 9, data: soa }],
    }));
    const { answers, authority, rcode } = await ask(server.endpoint);
    const at = parseDomainName('example.org');
    assert.equal(rcode, 'NOERROR');
    assert.deepEqual(answers, [
      srv(1, { priority: 1, weight: 2, port: 3, target: parseDomainName('a.example') }),
      srv(1, { priority: 0, weight: 0, port: 0, target: parseDomainName('.') }),
      { name: at, ttl: 2, type: 'TXT', data: 'one\u00ff\u0000' },
      { name: at, ttl: 3, type: 'A', data: '192.0.2.1' },
      { name: at, ttl: 3, type: 'AAAA', data: '2001:db8::1' },
      { name: at, ttl: 4, type: 'NS', data: 'ns.example.' },
      { name: at, ttl: 4, type: 'CNAME', data: 'other.example.' },
    ]);
    assert.deepEqual(authority, [
      { name: at, ttl: 9, type: 'SOA', data: { mname: 'ns.example.org.', serial: 7, minimum: 5 } },
    ]);
    function srv(ttl: number, data: object): object {
      return { name: at, ttl, type: 'SRV', data };
    }
  });

  it('takes every rcode for an answer', async () => {
    for (const [rcode, name] of [
      [RCODE.nxdomain, 'NXDOMAIN'],
      [RCODE.servfail, 'SERVFAIL'],
      [RCODE.refused, 'REFUSED'],
      [9, 'NOTAUTH'],
      [13, 'RCODE13'],
    ] as const) {
      const server = await stub(() => ({ flags: AUTHORITATIVE_ANSWER | rcode }));
      const response = await ask(server.endpoint);
      assert.deepEqual([response.rcode, response.authoritative], [name, true]);
    }
  });

  it('asks again without EDNS, once, a server that does not know it', async () => {
    const badVersion: Answer = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 512,
      extendedRcode: 1,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    };
    for (const refusal of [
      { flags: RCODE.formerr, questions: [] },
      { flags: RCODE.notimp },
      { flags: 0, additionals: [badVersion] },
    ]) {
      const server = await stub(({ edns }) => (edns ? refusal : { answers: [TXT] }));
      assert.equal((await ask(server.endpoint)).answers.length, 1);
      assert.equal(server.asked.length, 2);
    }
    const stubborn = await stub(() => ({ flags: RCODE.formerr }));
    assert.equal((await ask(stubborn.endpoint)).rcode, 'FORMERR');
    assert.equal(stubborn.asked.length, 2);
  });

  it('asks over TCP when the answer over UDP is truncated, even in the middle of a record', async () => {
    const long = Array.from({ length: 40 }, (_, index) => ({ ...TXT, data: [`${index}`.padEnd(200)] }));
    const whole = await stub(({ transport }) =>
      transport === 'tcp' ? { answers: long } : { flags: TRUNCATED_RESPONSE },
    );
    assert.equal((await ask(whole.endpoint)).answers.length, 40);
    const cut = await stub(({ transport, id }) => {
      if (transport === 'tcp') return { answers: long };
      const raw = Buffer.alloc(60);
      raw.writeUInt16BE(id, 0);
      raw.writeUInt16BE(0x8000 | TRUNCATED_RESPONSE, 2);
      raw.writeUInt16BE(1, 4);
      raw.writeUInt16BE(9, 6);
      raw.write(
        '\u000f_acme-challenge\u0007example\u0003org\u0000\u0000\u0010\u0000\u0001\u0003',
        12,
        'latin1',
      );
      return { raw };
    });
    assert.equal((await ask(cut.endpoint)).answers.length, 40);
  });

  it('passes over TCP messages that do not answer the question', async () => {
    const server = await stub(({ transport }) => {
      if (transport === 'udp') return { flags: TRUNCATED_RESPONSE };
      return [{ id: 1, questions: [] }, { answers: [{ ...TXT, data: ['x'.repeat(200)] }] }];
    });
    assert.equal((await ask(server.endpoint)).answers.length, 1);
  });

  it('sends the question again when the first is lost', async () => {
    const server = await stub(({ attempt }) => (attempt === 1 ? null : { answers: [TXT] }));
    assert.equal((await ask(server.endpoint, { timeoutMs: 300 })).answers.length, 1);
    assert.deepEqual(
      [server.asked[0]?.id, server.asked[0]?.port],
      [server.asked[1]?.id, server.asked[1]?.port],
    );
  });

  it('waits on when something else answers first', async () => {
    const server = await stub(({ id }) => [
      { raw: Buffer.from('no DNS message') },
      { raw: Buffer.alloc(0) },
      { id: id ^ 1, flags: RCODE.nxdomain },
      { questions: [{ name: 'example.com', type: 'TXT', class: 'IN' }], flags: RCODE.nxdomain },
      { questions: [{ name: NAME, type: 'A', class: 'IN' }], flags: RCODE.nxdomain },
      { questions: [{ name: NAME, type: 'TXT', class: 'CH' }], flags: RCODE.nxdomain },
      { questions: [], flags: RCODE.nxdomain },
      { answers: [TXT] },
    ]);
    assert.equal((await ask(server.endpoint)).rcode, 'NOERROR');
  });

  it('takes the echo in any case for an echo', async () => {
    const server = await stub(() => ({
      questions: [{ name: NAME.toUpperCase(), type: 'TXT', class: 'IN' }],
    }));
    assert.equal((await ask(server.endpoint)).rcode, 'NOERROR');
  });

  it('does not take the same question come back for an answer', async () => {
    const server = await stub(({ id }) => {
      const raw = Buffer.alloc(12);
      raw.writeUInt16BE(id, 0);
      return { raw };
    });
    const error = await failure(ask(server.endpoint, { timeoutMs: 60 }));
    assert.match(error.message, /only \d packet\(s\) that do not answer the question/);
  });

  it('says which server was silent, on what, and for how long', async () => {
    const server = await stub(() => null);
    const error = await failure(ask(server.endpoint, { timeoutMs: 60 }));
    assert.equal(error.code, 'E_DNS_UNANSWERED');
    assert.deepEqual(error.retry, { kind: 'backoff' });
    assert.ok(error.message.startsWith(`127.0.0.1:${server.endpoint.port} `), error.message);
    assert.match(error.message, /_acme-challenge\.example\.org TXT: no answer in \d+ ms/);
  });

  it('says at once that nobody listens there', async () => {
    const since = performance.now();
    const error = await failure(ask({ address: '127.0.0.1', port: await freePort() }));
    assert.match(error.message, /connection refused/);
    assert.ok(performance.now() - since < 1000);
  });

  it('says that TCP, which it needs, does not work', async () => {
    const closing = await stub(({ transport }) =>
      transport === 'tcp' ? 'close' : { flags: TRUNCATED_RESPONSE },
    );
    assert.match((await failure(ask(closing.endpoint))).message, /closed the TCP connection/);
    const silent = await stub(({ transport }) =>
      transport === 'tcp' ? null : { flags: TRUNCATED_RESPONSE },
    );
    assert.match((await failure(ask(silent.endpoint, { timeoutMs: 100 }))).message, /over TCP/);
  });

  it('speaks IPv6, and writes such an address in brackets', async () => {
    const server = await stub(() => ({ answers: [TXT] }), '::1');
    assert.equal((await ask(server.endpoint)).answers.length, 1);
    const silent = await stub(() => null, '::1');
    assert.match((await failure(ask(silent.endpoint, { timeoutMs: 30 }))).message, /^\[::1\]:\d+ /);
  });

  for (const transport of ['udp', 'tcp'])
    it(`stops at once on request while it waits for ${transport.toUpperCase()}`, async () => {
      const stop = new AbortController();
      const server = await stub((question) => {
        if (question.transport !== transport) return { flags: TRUNCATED_RESPONSE };
        stop.abort();
        return null;
      });
      const since = performance.now();
      const error = await failure(ask(server.endpoint, { signal: stop.signal }));
      assert.equal(error.code, 'E_ABORTED');
      assert.ok(performance.now() - since < 1000);
    });

  it('sends nothing for a signal that has fired already', async () => {
    const server = await stub(() => ({ answers: [TXT] }));
    const error = await failure(ask(server.endpoint, { signal: AbortSignal.abort() }));
    assert.equal(error.code, 'E_ABORTED');
    assert.equal(server.asked.length, 0);
  });

  it('survives whatever octets come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
        const packet = Buffer.concat([Buffer.from([0, 7, 0x84, 0, 0, 1]), octets]);
        decodeResponse(packet, 7, QUESTION);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('systemResolvers', () => {
  it('reads addresses of both families, with and without a port', () => {
    const servers = ['192.0.2.1', '192.0.2.1:54', '2001:db8::1', '[2001:db8::1]:54', 'fe80::1%eth0', 'junk'];
    assert.deepEqual(systemResolvers(servers), [
      { address: '192.0.2.1', port: 53 },
      { address: '192.0.2.1', port: 54 },
      { address: '2001:db8::1', port: 53 },
      { address: '2001:db8::1', port: 54 },
      { address: 'fe80::1%eth0', port: 53 },
    ]);
  });

  it('never fails, whatever the system has', () => {
    assert.ok(systemResolvers().every(({ port }) => port > 0));
  });
});
