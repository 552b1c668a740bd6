import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import type { SrvData } from '../../src/dns/rrset.ts';
import {
  type AddressAnswer,
  type Answers,
  type Discovery,
  type Question,
  type SrvAnswer,
  type WellKnownAnswer,
  discover,
} from '../../src/matrix/discovery.ts';
import { parseServerName } from '../../src/matrix/server-name.ts';

const MATRIX = 'matrix.example.org';
const DELEGATED = 'delegated.hoster.net';
const ADDRESSES = ['203.0.113.5', '2001:db8::5'];

interface World {
  readonly wellKnown?: string;
  readonly srv?: Readonly<Record<string, SrvAnswer>>;
  readonly addresses?: Readonly<Record<string, AddressAnswer>>;
}

function records(...texts: readonly string[]): SrvAnswer {
  return {
    kind: 'records',
    records: texts.map((text): SrvData => {
      const [priority = 0, weight = 0, port = 0] = text.split(' ').map(Number);
      return { priority, weight, port, target: parseDomainName(text.split(' ')[3] ?? '.') };
    }),
  };
}

/** Answers what is asked, and notes it; every host has both addresses unless the world says otherwise. */
function resolved(
  name: string,
  world: World,
): { readonly discovery: Discovery; readonly asked: readonly string[] } {
  const asked: string[] = [];
  const srv = new Map<Parameters<Answers['srv']['get']>[0], SrvAnswer>();
  const addresses = new Map<Parameters<Answers['addresses']['get']>[0], AddressAnswer>();
  let wellKnown: WellKnownAnswer | undefined;
  const answer = (question: Question): void => {
    if (question.kind === 'well-known') {
      asked.push(`well-known ${question.host}`);
      wellKnown =
        world.wellKnown === undefined
          ? { kind: 'none', why: 'it answers with status 404' }
          : { kind: 'delegates', to: parseServerName(world.wellKnown) };
    } else if (question.kind === 'srv') {
      asked.push(`srv ${question.name}`);
      srv.set(question.name, world.srv?.[question.name] ?? { kind: 'none' });
    } else {
      asked.push(`addresses ${question.host} ${question.ports.join(',')}`);
      const found = world.addresses?.[question.host] ?? { kind: 'addresses', addresses: ADDRESSES };
      addresses.set(question.host, found);
    }
  };
  for (let round = 0; round < 9; round += 1) {
    const answers: Answers = { srv, addresses, ...(wellKnown === undefined ? {} : { wellKnown }) };
    const progress = discover(parseServerName(name), answers, () => 0.5);
    if (progress.kind === 'found') return { discovery: progress.discovery, asked };
    progress.questions.forEach(answer);
  }
  throw new Error('it never ends');
}

const FED = '_matrix-fed._tcp.example.org.';
const LEGACY = '_matrix._tcp.example.org.';
const FED_DELEGATED = `_matrix-fed._tcp.${DELEGATED}.`;
const LEGACY_DELEGATED = `_matrix._tcp.${DELEGATED}.`;

interface Expected {
  readonly branch: string;
  readonly at: readonly string[];
  readonly host: string;
  readonly sni: string | null;
  readonly cert: string;
  readonly asked: readonly string[];
}

const both = (port: number): string[] => ADDRESSES.map((address) => `${address} ${port}`);
const WELL_KNOWN = 'well-known example.org.';

/** Server-server API § "Resolving server names", one row for each step, and what must not be asked in it. */
const TABLE: readonly (readonly [string, string, World, Expected])[] = [
  [
    '1, an IP address without a port',
    '203.0.113.9',
    {},
    { branch: '1', at: ['203.0.113.9 8448'], host: '203.0.113.9', sni: null, cert: '203.0.113.9', asked: [] },
  ],
  [
    '1, an IPv6 address with a port',
    '[2001:db8::9]:1234',
    {},
    {
      branch: '1',
      at: ['2001:db8::9 1234'],
      host: '[2001:db8::9]:1234',
      sni: null,
      cert: '2001:db8::9',
      asked: [],
    },
  ],
  [
    '2, a name with a port',
    'example.org:1234',
    { wellKnown: DELEGATED, srv: { [FED]: records(`1 1 1 ${MATRIX}`) } },
    {
      branch: '2',
      at: both(1234),
      host: 'example.org:1234',
      sni: 'example.org',
      cert: 'example.org.',
      asked: ['addresses example.org. 1234'],
    },
  ],
  [
    '3.1, well-known with an IP address',
    'example.org',
    { wellKnown: '203.0.113.9', srv: { [FED]: records(`1 1 1 ${MATRIX}`) } },
    {
      branch: '3.1',
      at: ['203.0.113.9 8448'],
      host: '203.0.113.9',
      sni: null,
      cert: '203.0.113.9',
      asked: [WELL_KNOWN],
    },
  ],
  [
    '3.1, well-known with an IP address and a port',
    'example.org',
    { wellKnown: '[2001:db8::9]:443' },
    {
      branch: '3.1',
      at: ['2001:db8::9 443'],
      host: '[2001:db8::9]:443',
      sni: null,
      cert: '2001:db8::9',
      asked: [WELL_KNOWN],
    },
  ],
  [
    '3.2, well-known with a port',
    'example.org',
    { wellKnown: `${DELEGATED}:443`, srv: { [FED_DELEGATED]: records(`1 1 1 ${MATRIX}`) } },
    {
      branch: '3.2',
      at: both(443),
      host: `${DELEGATED}:443`,
      sni: DELEGATED,
      cert: `${DELEGATED}.`,
      asked: [WELL_KNOWN, `addresses ${DELEGATED}. 443`],
    },
  ],
  [
    '3.3, well-known without a port, and SRV at the host that it names',
    'example.org',
    {
      wellKnown: DELEGATED,
      srv: { [FED_DELEGATED]: records(`1 1 1234 ${MATRIX}`), [FED]: records('1 1 1 other.org') },
    },
    {
      branch: '3.3',
      at: both(1234),
      host: DELEGATED,
      sni: DELEGATED,
      cert: `${DELEGATED}.`,
      asked: [WELL_KNOWN, `srv ${FED_DELEGATED}`, `addresses ${MATRIX}. 1234`],
    },
  ],
  [
    '3.4, the deprecated SRV there',
    'example.org',
    { wellKnown: DELEGATED, srv: { [LEGACY_DELEGATED]: records(`1 1 1234 ${MATRIX}`) } },
    {
      branch: '3.4',
      at: both(1234),
      host: DELEGATED,
      sni: DELEGATED,
      cert: `${DELEGATED}.`,
      asked: [WELL_KNOWN, `srv ${FED_DELEGATED}`, `srv ${LEGACY_DELEGATED}`, `addresses ${MATRIX}. 1234`],
    },
  ],
  [
    '3.5, no SRV there',
    'example.org',
    { wellKnown: DELEGATED },
    {
      branch: '3.5',
      at: both(8448),
      host: DELEGATED,
      sni: DELEGATED,
      cert: `${DELEGATED}.`,
      asked: [WELL_KNOWN, `srv ${FED_DELEGATED}`, `srv ${LEGACY_DELEGATED}`, `addresses ${DELEGATED}. 8448`],
    },
  ],
  [
    '4, no well-known, SRV',
    'example.org',
    { srv: { [FED]: records(`1 1 1234 ${MATRIX}`) } },
    {
      branch: '4',
      at: both(1234),
      host: 'example.org',
      sni: 'example.org',
      cert: 'example.org.',
      asked: [WELL_KNOWN, `srv ${FED}`, `addresses ${MATRIX}. 1234`],
    },
  ],
  [
    '5, the deprecated SRV',
    'example.org',
    { srv: { [LEGACY]: records(`1 1 1234 ${MATRIX}`) } },
    {
      branch: '5',
      at: both(1234),
      host: 'example.org',
      sni: 'example.org',
      cert: 'example.org.',
      asked: [WELL_KNOWN, `srv ${FED}`, `srv ${LEGACY}`, `addresses ${MATRIX}. 1234`],
    },
  ],
  [
    '6, nothing of it',
    'Example.org',
    {},
    {
      branch: '6',
      at: both(8448),
      host: 'Example.org',
      sni: 'example.org',
      cert: 'example.org.',
      asked: [WELL_KNOWN, `srv ${FED}`, `srv ${LEGACY}`, 'addresses example.org. 8448'],
    },
  ],
];

describe('a server name is resolved as the specification has it, step', () => {
  for (const [title, name, world, expected] of TABLE)
    it(title, () => {
      const { discovery, asked } = resolved(name, world);
      const { branch, endpoints, hostHeader, sni, certName, trouble, steps } = discovery;
      assert.deepEqual(
        {
          branch,
          at: endpoints.map(({ address, port }) => `${address} ${port}`),
          host: hostHeader,
          sni,
          cert: certName.kind === 'name' ? certName.name : certName.address,
          asked,
        },
        expected,
      );
      assert.deepEqual(trouble, []);
      assert.ok(
        steps.length > 1 && steps.every((step) => /^[A-Z~a-z0-9_[].*\.$/.test(step)),
        steps.join('\n'),
      );
    });
});

describe('discovery', () => {
  it('goes on without a record that is unknown, and says that Synapse does not', () => {
    const { discovery } = resolved('example.org', { srv: { [FED]: { kind: 'unknown', why: 'SERVFAIL' } } });
    assert.equal(discovery.branch, '6');
    assert.deepEqual(discovery.trouble, [{ kind: 'srv-unknown', name: FED, why: 'SERVFAIL' }]);
    assert.match(discovery.steps.join('\n'), /is unknown \(SERVFAIL\): Synapse gives up here/);
  });

  it('ends where the only target is "."', () => {
    const { discovery } = resolved('example.org', {
      srv: { [FED]: records('0 0 0 .'), [LEGACY]: records('1 1 1 a.org') },
    });
    assert.deepEqual([discovery.branch, discovery.endpoints], ['4', []]);
    assert.deepEqual(discovery.trouble, [{ kind: 'srv-unavailable', name: FED }]);
  });

  it('tells a host without an address from one that nobody can tell of', () => {
    const srv = { [FED]: records('1 1 1 gone.org', '2 1 1 dark.org', `3 1 1 ${MATRIX}`) };
    const { discovery } = resolved('example.org', {
      srv,
      addresses: { 'gone.org.': { kind: 'none' }, 'dark.org.': { kind: 'unknown', why: 'silence' } },
    });
    assert.deepEqual(discovery.trouble, [
      { kind: 'no-address', host: 'gone.org.', srv: true },
      { kind: 'address-unknown', host: 'dark.org.', why: 'silence' },
    ]);
    assert.deepEqual(
      discovery.endpoints.map(({ srv: data }) => data?.target),
      [`${MATRIX}.`, `${MATRIX}.`],
    );
  });

  it('never lets an SRV target decide the certificate, the SNI or the Host header', () => {
    const target = fc.constantFrom('a.org', 'b.example.org', 'example.net');
    fc.assert(
      fc.property(
        fc.array(target, { minLength: 1 }),
        fc.constantFrom(undefined, DELEGATED),
        (targets, wellKnown) => {
          const all = records(...targets.map((each) => `1 1 1 ${each}`));
          const { discovery } = resolved('example.org', {
            ...(wellKnown === undefined ? {} : { wellKnown }),
            srv: { [FED]: all, [FED_DELEGATED]: all },
          });
          const owner = wellKnown ?? 'example.org';
          assert.deepEqual(
            [discovery.sni, discovery.hostHeader, discovery.certName],
            [owner, owner, { kind: 'name', name: `${owner}.` }],
          );
        },
      ),
    );
  });
});
