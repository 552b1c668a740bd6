/** The advice in worlds that are there: a name server, a web server and a homeserver on loopback. */
import assert from 'node:assert/strict';
import type { Pin } from '../../src/check-names.ts';
import { type Advice, advise, certificatesSeen } from '../../src/federation/advice.ts';
import type { ServerSight } from '../../src/federation/sight.ts';
import {
  type Handler,
  NAME,
  type Row,
  TARGET,
  type Zone,
  certificateFor,
  federation,
  homeserver,
  json,
} from '../support/federation.ts';
import { freePort } from '../support/free-port.ts';

const FED = `_matrix-fed._tcp.${NAME}`;
const [OURS, OF_TARGET] = [certificateFor([NAME]), certificateFor([TARGET])];

interface World {
  readonly records?: (port: number) => readonly Row[];
  readonly says?: Zone['says'];
  /** Port 443 of the name; null: closed. */
  readonly web?: ((port: number) => Handler) | null;
  readonly certificate?: Parameters<ReturnType<typeof federation>['serve']>[0];
  /** Nothing listens for other servers. */
  readonly down?: true;
  readonly name?: string;
}

const delegating = (server: string): Handler => json(200, { 'm.server': server });
const notFound: Handler = json(404, {});
const srv = (port: number): Row => [FED, 'SRV', `20 7 ${port} ${TARGET}`];

const to = (port: number): Pin['to'] => ({ address: '127.0.0.1', port });
const srvOfTarget = (port: number): Row[] => [[`_matrix-fed._tcp.${TARGET}`, 'SRV', `1 1 ${port} ${TARGET}`]];

describe('advise', () => {
  const lab = federation();

  async function look({
    records,
    says,
    web = null,
    certificate = OURS,
    down,
    name,
  }: World): Promise<ServerSight> {
    const port = down === true ? await freePort() : await lab.serve(certificate, homeserver());
    const webPort = web === null ? await freePort() : await lab.serve(OURS, web(port));
    const dns = await lab.dns({
      rows: [[NAME, 'A', '127.0.0.1'], [TARGET, 'A', '127.0.0.1'], ...(records?.(port) ?? [])],
      ...(says === undefined ? {} : { says }),
    });
    // A pin would stand in for what DNS says.
    const pinned = says?.[NAME] === undefined;
    const pins = [
      { host: NAME, port: 443, to: to(webPort) },
      { host: NAME, port: 8448, to: to(port) },
      { host: TARGET, port: 8448, to: to(port) },
    ];
    const deadlines = { probe: 400, wellKnown: 400 };
    return lab.look(dns, { pins: pinned ? pins : [], deadlines, ...(name === undefined ? {} : { name }) });
  }

  const cases: readonly (readonly [
    title: string,
    world: World,
    verdict: Advice['verdict'],
    words: readonly RegExp[],
  ])[] = [
    [
      'a well-known file that works wins, and SRV is never read',
      { web: (port) => delegating(`${TARGET}:${port}`), certificate: OF_TARGET },
      'better-without',
      [/It works\./, /never ask for an SRV record/],
    ],
    [
      'a well-known file that leads nowhere wins as well, so SRV would not help',
      { web: (port) => delegating(`${TARGET}:${port}`), down: true },
      'unread',
      [/no homeserver proves itself there/, /one would not help/],
    ],
    [
      'a record that a well-known file which leads nowhere shadows is named',
      {
        web: (port) => delegating(`${TARGET}:${port}`),
        records: (port) => [srv(port)],
        down: true,
      },
      'unread',
      [/the one that you have does not help/],
    ],
    [
      'a well-known file without a port: SRV is for the name that it says',
      { web: () => delegating(TARGET), down: true },
      'right',
      [/without a port/, /Records and certificate are for matrix\.example\.org, and not for example\.org/],
    ],
    [
      'a well-known file without a port, and port 8448 of that name works',
      { web: () => delegating(TARGET), certificate: OF_TARGET },
      'better-without',
      [/answers on port 8448 of matrix\.example\.org itself/],
    ],
    [
      'an SRV record that works is taken over as it is',
      { records: (port) => [srv(port)] },
      'take-over',
      [/other servers to matrix\.example\.org port \d+, and the homeserver answers/, /delegated adopt/],
    ],
    [
      'an SRV record with nothing behind it is taken over too',
      { records: (port) => [srv(port)], down: true },
      'take-over',
      [/no homeserver proves itself there yet/],
    ],
    ['port 8448 of the name itself works: nothing is needed', {}, 'better-without', [/so you need none/]],
    [
      'a web server is there, and a file on it is simpler',
      { web: () => notFound, down: true },
      'better-without',
      [/a file is simpler than SRV/, /\{"m\.server": "matrix\.example\.org:443"\}/],
    ],
    [
      'a web server whose file is broken: how to repair it, and that it is simpler',
      { web: () => json(200, '<html>'), down: true },
      'better-without',
      [/is no JSON object.* To repair it/, /a file is simpler/],
    ],
    [
      'nothing is there, and no web server either: SRV is right',
      { down: true },
      'right',
      [/ECONNREFUSED/, /An SRV record in DNS does it/, /has to be for example\.org/],
    ],
    [
      'the SRV record says that there is no homeserver',
      { records: () => [[FED, 'SRV', '0 0 0 .']], down: true },
      'right',
      [/tells everybody that there is no homeserver/, /delegated adopt/],
    ],
    [
      'a wildcard answers in the place of a record',
      { records: (port) => [[`*._tcp.${NAME}`, 'SRV', `1 1 ${port} ${TARGET}`]] },
      'right',
      [/a wildcard of the zone answers/],
    ],
    [
      'SERVFAIL for the SRV record is not "no record"',
      { says: { [FED]: 'SERVFAIL' }, down: true },
      'unknown',
      [/SERVFAIL/, /cannot be said now/],
    ],
    [
      'SERVFAIL for the name is not "no address"',
      { says: { [NAME]: 'SERVFAIL' }, down: true },
      'unknown',
      [/addresses of example\.org cannot be found out/, /SERVFAIL/, /cannot be said now/],
    ],
    [
      'a server name with a port is never delegated',
      { name: `${NAME}:8448` },
      'unread',
      [/ask for nothing else/],
    ],
  ];
  for (const [title, world, verdict, words] of cases)
    it(title, async () => {
      const advice = advise(await look(world));
      assert.equal(advice.verdict, verdict, advice.text.join('\n'));
      for (const each of words) assert.match(advice.text.join('\n'), each);
    });

  it('carries over priority, weight and port of what stands, and whether the deprecated record does', async () => {
    const sight = await look({
      records: (port) => [srv(port), [`_matrix._tcp.${NAME}`, 'SRV', `20 7 ${port} ${TARGET}`]],
    });
    const { records, legacy, foreign, delegatedTo } = advise(sight);
    const port = sight.targets[0]?.endpoint.port;
    assert.deepEqual(records, [{ priority: 20, weight: 7, port, target: `${TARGET}.` }]);
    assert.deepEqual([legacy, foreign, delegatedTo], [true, true, null]);
  });

  it('keeps both ways where a file that works shadows a record', async () => {
    const sight = await look({
      web: (port) => delegating(`${TARGET}:${port}`),
      records: (port) => [srv(port)],
      certificate: OF_TARGET,
    });
    const { verdict, text, names, records, foreign } = advise(sight);
    assert.match(
      text.join(' '),
      /There is an SRV record all the same.*certificate for example\.org and for matrix/,
    );
    assert.deepEqual([verdict, names, records.length, foreign], ['better-without', [`${TARGET}.`], 1, true]);
  });

  it('names the host that answers today, for a record that changes nothing', async () => {
    assert.equal(advise(await look({})).worksAt, `${NAME}.`);
    assert.equal(advise(await look({ down: true })).worksAt, null);
  });

  it('takes the deprecated record where it stands alone', async () => {
    const sight = await look({
      records: (port) => [[`_matrix._tcp.${NAME}`, 'SRV', `20 7 ${port} ${TARGET}`]],
    });
    const { verdict, records, legacy } = advise(sight);
    assert.deepEqual([verdict, records.length, legacy], ['take-over', 1, true]);
  });

  it('names the delegated host for whatever is done there', async () => {
    assert.equal(advise(await look({ web: () => delegating(TARGET), down: true })).delegatedTo, `${TARGET}.`);
    const advice = advise(
      await look({ web: () => delegating(TARGET), records: srvOfTarget, certificate: OF_TARGET }),
    );
    assert.deepEqual([advice.verdict, advice.delegatedTo], ['take-over', `${TARGET}.`]);
  });

  it('knows nothing without a resolver', async () => {
    const { verdict, text } = advise({ ...(await look({ down: true })), deaf: true });
    assert.equal(verdict, 'unknown');
    assert.match(text.join(' '), /No resolver answers this machine.* cannot be said now/);
  });
});

describe('certificatesSeen', () => {
  const lab = federation();

  it('says for whom a certificate is, and for whom it has to be', async () => {
    const port = await lab.serve(OF_TARGET, homeserver());
    const dns = await lab.dns({
      rows: [
        [TARGET, 'A', '127.0.0.1'],
        [FED, 'SRV', `1 1 ${port} ${TARGET}`],
      ],
    });
    const [line = ''] = certificatesSeen(await lab.look(dns));
    assert.match(line, /a certificate for matrix\.example\.org, until \d{4}-\d\d-\d\d: not for example\.org/);
  });
});
