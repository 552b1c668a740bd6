import assert from 'node:assert/strict';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECKING_DISABLED } from 'dns-packet';
import { createMemory } from '../providers/memory/index.ts';
import { parseDomainName } from '../src/dns/domain-name.ts';
import { DelegatedError } from '../src/errors.ts';
import { createDnsClient } from '../src/io/dns-client.ts';
import type { Condition, ConditionCode } from '../src/health/finding.ts';
import type { KnownAccount } from '../src/acme/account-uri.ts';
import type { AcmeClient, DnsProvider } from '../src/ports.ts';
import { startBind } from './support/bind.ts';
import { type DnsStub, type StubHandler, type StubReply, startDnsStub } from './support/dns-stub.ts';
import { ACCOUNT, DIRECTORY, THUMBPRINT, type Patient, examineSite } from './support/doctor-world.ts';
import { OTHER_CA, createWorld } from './support/fake-ports.ts';
import type { NameServer, TestZone } from './support/name-server.ts';
import { mountSmallDisk } from './support/small-disk.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const MATRIX = 'matrix IN A 192.0.2.5';
const SECOND = ['@ IN NS ns2', 'ns2 IN A 127.0.0.2'];
const RCODE = { servfail: 2, refused: 5 } as const;

const VALUE = `ca.test; accounturi=${ACCOUNT}`;

function standing(value: string): string {
  return `_validation-persist IN TXT "${value}"`;
}

/** One name server for all of them; each zone is sick in one way. */
const ZONES: Readonly<Record<string, readonly string[]>> = {
  healthy: ['@ IN CAA 0 issue "ca.test; validationmethods=dns-01; accounturi=https://ca.test/acct/1"'],
  bare: [],
  issuer: ['@ IN CAA 0 issue "other.test"'],
  nobody: ['@ IN CAA 0 issue ";"'],
  wild: ['@ IN CAA 0 issue "ca.test"', '@ IN CAA 0 issuewild ";"'],
  method: ['@ IN CAA 0 issue "ca.test; validationmethods=http-01"'],
  account: ['@ IN CAA 0 issue "ca.test; accounturi=https://ca.test/acct/2"'],
  critical: ['@ IN CAA 0 issue "ca.test"', '@ IN CAA 128 future "x"'],
  second: SECOND,
  loop: ['_acme-challenge IN CNAME a', 'a IN CNAME _acme-challenge'],
  wildcard: ['* IN CNAME elsewhere.bare.test.'],
  stale: [`_acme-challenge IN TXT "${'a'.repeat(43)}"`, '_acme-challenge IN TXT "keeps the wildcard away"'],
  persist: [standing(VALUE), '@ IN CAA 0 issue "ca.test; validationmethods=dns-persist-01"'],
  pforeign: [standing('ca.test; accounturi=https://ca.test/acct/2'), standing('something else')],
  pother: [standing(`other.test; accounturi=${ACCOUNT}`)],
  pexpired: [standing(`${VALUE}; persistUntil=1721952000`)],
  // The clock of these tests says 2026-11-24.
  pends: [standing(`${VALUE}; persistUntil=1796000000`)],
  pwide: [standing(`${VALUE}; policy=wildcard`)],
  homeless: ['@ IN NS nowhere.bare.test.'],
};

describe('doctor', () => {
  const folder = temporaryFolder();
  let bind: NameServer;
  const stubs: DnsStub[] = [];

  before(async () => {
    const zones: TestZone[] = Object.entries(ZONES).map(([name, records]) => ({
      name: `${name}.test`,
      records: [MATRIX, ...records],
    }));
    const delegations = Object.keys(ZONES).flatMap((name) => [
      `${name} IN NS ns.${name}.test.`,
      `ns.${name} IN A 127.0.0.1`,
    ]);
    bind = await startBind({ zones: [{ name: 'test', records: delegations }, ...zones] });
  });
  after(() => bind.stop());
  beforeEach(async () => {
    await mkdir(join(folder(), 'state'), { mode: 0o700 });
  });
  afterEach(() => Promise.all(stubs.splice(0).map((each) => each.stop())));

  async function findings(zone: string, patient: Partial<Patient> = {}): Promise<readonly Condition[]> {
    const servers = new Map([['127.0.0.1', { address: '127.0.0.1', port: bind.port }]]);
    const report = await examineSite(`${zone}.test`, {
      folder: folder(),
      ...patient,
      servers: new Map([...servers, ...(patient.servers ?? [])]),
    });
    const all = [...report.installation.findings, ...report.sites.flatMap((each) => each.findings)];
    assert.equal(
      report.ok,
      all.every(({ severity }) => severity !== 'error'),
    );
    assert.ok(all.every(({ fix, message }) => fix !== '' && message !== ''));
    return all;
  }

  async function codes(zone: string, patient: Partial<Patient> = {}): Promise<ConditionCode[]> {
    return [...new Set((await findings(zone, patient)).map(({ code }) => code))];
  }

  /** Plays the second name server of the zone. */
  async function second(handler: StubHandler): Promise<Partial<Patient>> {
    const stub = await startDnsStub(handler);
    stubs.push(stub);
    return { servers: new Map([['127.0.0.2', stub.endpoint]]) };
  }

  it('finds nothing where all is well, with CAA records and without', async () => {
    assert.deepEqual(await findings('healthy'), []);
    assert.deepEqual(await findings('bare'), []);
  });

  it('sees CAA records that do not name the CA, and says which record is missing', async () => {
    const [found, ...more] = await findings('issuer');
    assert.equal(found?.code, 'CAA_ISSUER');
    assert.match(found.message, /ca\.test issue, but other\.test/);
    assert.match(found.fix, /issuer\.test CAA 0 issue "ca\.test"/);
    assert.deepEqual(found.evidence, ['issuer.test CAA 0 issue "other.test"']);
    assert.deepEqual(more, []);
    assert.deepEqual(await codes('nobody'), ['CAA_ISSUER']);
  });

  it('sees them at a name above, as the CA climbs', async () => {
    const names = { certificate: { names: [] } };
    assert.deepEqual(await codes('issuer', names), ['CAA_ISSUER']);
    const [found] = (await findings('chat.issuer')).filter(({ code }) => code === 'CAA_ISSUER');
    assert.match(found?.message ?? '', /for chat\.issuer\.test/);
    assert.match(found?.fix ?? '', /add issuer\.test CAA/);
  });

  it('sees that issuewild is for wildcards alone', async () => {
    assert.deepEqual(await codes('wild'), []);
    const names = { certificate: { names: [parseDomainName('*.wild.test')] } };
    assert.deepEqual(await codes('wild', names), ['CAA_ISSUER']);
  });

  it('sees CAA records that want another method or another account', async () => {
    assert.deepEqual(await codes('method'), ['CAA_METHOD']);
    assert.deepEqual(await codes('account'), ['CAA_ACCOUNT']);
    assert.deepEqual(
      await codes('account', {
        account: async () => ({ url: 'https://ca.test/acct/2', thumbprint: THUMBPRINT }),
      }),
      [],
    );
    const [found] = await findings('healthy', { account: async () => null });
    assert.equal(found?.code, 'CAA_ACCOUNT');
    assert.ok(found.evidence.some((line) => line.includes(ACCOUNT)));
  });

  it('sees what the standing value lacks where the site is validated by it', async () => {
    const persist = { wildcard: false };
    for (const [zone, expected] of [
      ['persist', []],
      ['bare', ['STANDING_MISSING']],
      ['pforeign', ['STANDING_ACCOUNT']],
      ['pother', ['STANDING_ISSUER']],
      ['pexpired', ['STANDING_EXPIRED']],
      ['pwide', ['STANDING_WIDE']],
      ['healthy', ['CAA_METHOD', 'STANDING_MISSING']],
    ] as const)
      assert.deepEqual((await codes(zone, { persist })).toSorted(), expected, zone);
    const [missing] = await findings('bare', { persist });
    assert.equal(missing?.fix, `publish _validation-persist.bare.test TXT "${VALUE}"`);
    const [foreign] = await findings('pforeign', { persist });
    assert.deepEqual(foreign?.evidence.toSorted(), [
      'ca.test; accounturi=https://ca.test/acct/2',
      'something else',
    ]);
  });

  it('sees that a wildcard of the certificate is not covered', async () => {
    const names = [parseDomainName('*.persist.test')];
    const found = await codes('persist', { persist: { wildcard: true }, certificate: { names } });
    assert.deepEqual(found, ['STANDING_NARROW']);
    const wide = [parseDomainName('*.pwide.test')];
    assert.deepEqual(await codes('pwide', { persist: { wildcard: true }, certificate: { names: wide } }), []);
  });

  it('sees that the standing value ends before the next renewal, and not where it ends after it', async () => {
    const persist = { wildcard: false };
    const world = createWorld();
    const name = parseDomainName('pends.test');
    const live = async (days: number): Promise<Partial<Patient>> => {
      const notBefore = world.clock.now();
      const notAfter = new Date(notBefore.getTime() + days * 86_400_000);
      const privateKey = await world.certificates.privateKey('ec256');
      const material = world.certificates.material({ names: [name], privateKey, notBefore, notAfter });
      await world.ports().store.commit('pends.test', material);
      return { persist, store: world.ports().store };
    };
    // 1796000000 is 2026-11-30: six days from now.
    assert.deepEqual(await codes('pends', await live(90)), ['STANDING_ENDS']);
    assert.deepEqual(await codes('pends', await live(6)), []);
  });

  it('says that nobody knows the standing value before there is an account', async () => {
    const found = await codes('bare', { persist: { wildcard: false }, account: async () => null });
    assert.deepEqual(found, ['STANDING_UNKNOWN']);
  });

  it('sees a standing value that a site by dns-01 has no use for', async () => {
    assert.deepEqual(await codes('pwide'), ['STANDING_LEFT']);
    assert.deepEqual(await codes('pforeign'), []);
  });

  it('sees a critical property that stops every CA', async () => {
    assert.deepEqual(await codes('critical'), ['CAA_CRITICAL']);
  });

  it('says so when the CA does not tell its name', async () => {
    assert.deepEqual(await codes('issuer', { directory: { caaIdentities: [] } }), ['CAA_NOT_COMPARED']);
    assert.deepEqual(await codes('bare', { directory: { caaIdentities: [] } }), []);
  });

  it('sees a resolver that fails for CAA alone', async () => {
    const real = { address: '127.0.0.1', port: bind.port };
    const broken = await startDnsStub(() => ({ flags: RCODE.servfail }));
    stubs.push(broken);
    const client = createDnsClient();
    const dns: Patient['dns'] = {
      query: (server, question, asked) =>
        client.query(
          question.type === 'CAA' ? broken.endpoint : server.port === 53 ? real : server,
          question,
          asked,
        ),
    };
    assert.deepEqual(await codes('bare', { dns }), ['CAA_UNANSWERED']);
  });

  it('sees a name server that is silent over TCP, over UDP, or altogether', async () => {
    assert.deepEqual(await codes('second', await second(inCharge)), []);
    const noTcp = await second((question) => (question.transport === 'tcp' ? 'close' : inCharge(question)));
    assert.deepEqual(await codes('second', noTcp), ['NAME_SERVER_TCP']);
    const noUdp = await second((question) => (question.transport === 'udp' ? null : inCharge(question)));
    assert.deepEqual(await codes('second', noUdp), ['NAME_SERVER_UDP']);
    assert.deepEqual(await codes('second', await second(() => null)), ['NAME_SERVER_UDP', 'NAME_SERVER_TCP']);
  });

  it('sees a name server that does not speak for the zone', async () => {
    assert.deepEqual(await codes('second', await second(() => ({ flags: RCODE.refused }))), [
      'NAME_SERVER_LAME',
    ]);
    assert.deepEqual(await codes('second', await second(() => ({ flags: 0 }))), ['NAME_SERVER_LAME']);
  });

  it('sees a name server without an address', async () => {
    assert.deepEqual(await codes('homeless'), ['NAME_SERVER_NO_ADDRESS']);
  });

  it('sees a CNAME of _acme-challenge that leads nowhere, and one that a wildcard made', async () => {
    assert.ok((await codes('loop')).includes('CHALLENGE_CNAME'));
    assert.ok((await codes('wildcard')).includes('CHALLENGE_CNAME'));
  });

  it('sees a CNAME of _acme-challenge that only a server of the config has', async () => {
    const inside = await startDnsStub((question) =>
      question.type === 'TXT'
        ? { answers: [{ name: question.name, type: 'CNAME', ttl: 60, data: 'elsewhere.bare.test' }] }
        : inCharge(question),
    );
    stubs.push(inside);
    assert.deepEqual(await codes('bare', { nameServers: [inside.endpoint] }), ['CHALLENGE_CNAME']);
  });

  it('sees that the parent names other servers than the zone', async () => {
    const client = createDnsClient();
    const real = { address: '127.0.0.1', port: bind.port };
    for (const [named, expected] of [
      ['old.hoster.test', ['DELEGATION_DIFFERS']],
      ['ns.bare.test', []],
    ] as const) {
      const parent = await startDnsStub(({ name }) => ({
        flags: 0,
        authorities: [{ name, type: 'NS', ttl: 60, data: named }],
      }));
      stubs.push(parent);
      const dns: Patient['dns'] = {
        query: (server, question, asked) =>
          client.query(
            question.type === 'NS' && !question.recurse
              ? parent.endpoint
              : server.port === 53
                ? real
                : server,
            question,
            asked,
          ),
      };
      assert.deepEqual(await codes('bare', { dns }), expected);
    }
  });

  it('sees challenge values that no journal has, and leaves other texts alone', async () => {
    const [found, ...more] = await findings('stale');
    assert.equal(found?.code, 'CHALLENGE_STALE');
    assert.deepEqual(found.evidence, ['a'.repeat(43)]);
    assert.deepEqual(more, []);
    const { state, clock } = createWorld().ports();
    const name = parseDomainName('_acme-challenge.stale.test');
    const zoneName = parseDomainName('stale.test');
    await state.writeJournal('stale.test', {
      serverName: 'stale.test',
      ca: 'https://ca.test/directory',
      names: [zoneName],
      keyType: 'ec256',
      startedAt: clock.now(),
      challenges: [{ provider: 'main', zoneId: 'stale.test', zoneName, name, value: 'a'.repeat(43) }],
    });
    assert.deepEqual(await codes('stale', { state }), []);
  });

  it('sees an SRV target that is an alias, has no address, or is not answered for', async () => {
    assert.deepEqual(await codes('bare', pointingTo('www.wildcard.test')), ['TARGET_CNAME']);
    assert.deepEqual(await codes('bare', pointingTo('nobody.bare.test')), ['TARGET_ADDRESS']);
    assert.deepEqual(await codes('bare', pointingTo('matrix.elsewhere.invalid')), ['TARGET_UNANSWERED']);
  });

  it('sees a zone that does not validate, which another failure of the resolver is not', async () => {
    const validating = await startDnsStub(({ name, flags }) =>
      (flags & CHECKING_DISABLED) === 0 ? { flags: RCODE.servfail } : inCharge({ name }),
    );
    const broken = await startDnsStub(() => ({ flags: RCODE.servfail }));
    stubs.push(validating, broken);
    const bogus = await findings('bare', { resolvers: [validating.endpoint] });
    const found = bogus.find(({ code }) => code === 'DNSSEC_BOGUS');
    assert.match(found?.message ?? '', /signatures of bare\.test do not hold/);
    assert.ok(!(await codes('bare', { resolvers: [broken.endpoint] })).includes('DNSSEC_BOGUS'));
  });

  it('says that the zone is unknown where no resolver answers', async () => {
    const dead = await startDnsStub(() => ({ flags: RCODE.servfail }));
    stubs.push(dead);
    assert.deepEqual(await codes('bare', { resolvers: [dead.endpoint] }), [
      'TARGET_UNANSWERED',
      'ZONE_UNKNOWN',
      'CAA_UNANSWERED',
    ]);
  });

  it('tells what the provider says of credentials and rights', async () => {
    const found = await findings('bare', { provider: suspicious });
    assert.deepEqual(
      found.map(({ code, fix }) => [code, fix]),
      [
        ['PROVIDER_CHECK', 'compare the secret'],
        ['PROVIDER_CHECK', 'is the domain at this provider, and do the credentials cover its zone?'],
      ],
    );
  });

  it('sees a CA that is out of reach', async () => {
    const [found, ...more] = await findings('issuer', { acme: outOfReach });
    assert.equal(found?.code, 'CA_UNREACHABLE');
    assert.equal(found.fix, 'open port 443');
    assert.deepEqual(more, []);
  });

  it('sees a CA that wants an external account, until there is an account', async () => {
    const directory = { externalAccountRequired: true };
    assert.deepEqual(await codes('bare', { directory, account: none }), ['EAB_MISSING']);
    assert.deepEqual(await codes('bare', { directory }), []);
    const settings = { eab: { kid: 'kid', hmacKey: 'a2V5' } };
    assert.deepEqual(await codes('bare', { directory, account: none, settings }), []);
  });

  it('tells which other CA could not take over, and every reason', async () => {
    const other = { directoryUrl: OTHER_CA, stagingDirectoryUrl: null };
    const settings = { fallback: [other] };
    assert.deepEqual(await codes('bare', { settings }), []);
    const world = createWorld().ports();
    const acme = async (url: string): Promise<AcmeClient> => ({
      ...(await world.acme(url)),
      directory: async () =>
        url === OTHER_CA
          ? { ...DIRECTORY, caaIdentities: ['other.test'], externalAccountRequired: true }
          : DIRECTORY,
    });
    const [found, ...more] = await findings('healthy', { settings, acme, account: accountAtTheFirst });
    assert.equal(found?.code, 'FALLBACK_UNFIT');
    assert.equal(found.evidence?.length, 2);
    assert.match(
      found.evidence.join('\n'),
      /external account.*\n.*do not let other\.test issue, but ca\.test/,
    );
    assert.deepEqual(more, []);
    const away = async (url: string): Promise<AcmeClient> =>
      url === OTHER_CA
        ? outOfReach()
        : world.acme(url).then((each) => ({ ...each, directory: async () => DIRECTORY }));
    const [gone] = await findings('bare', { settings, acme: away });
    assert.match(gone?.message ?? '', /^other\.test could not take over: E_ACME_UNREACHABLE: no route$/);
    // A standing value names an account of the first CA: nobody takes over there.
    assert.deepEqual(await codes('persist', { settings, acme: away, persist: { wildcard: false } }), []);
  });

  it('sees folders that this user may not write to', async function () {
    const disk = await mountSmallDisk(join(folder(), 'disk'));
    // Not even root writes to a file system that is mounted for reading; others lack the right to mount one.
    if (disk === null) this.skip();
    try {
      await mkdir(join(disk.path, 'state'), { mode: 0o700 });
      await disk.makeReadOnly();
      assert.deepEqual(await codes('bare', { folder: disk.path }), [
        'STATE_NOT_WRITABLE',
        'OUTPUT_NOT_WRITABLE',
      ]);
    } finally {
      await disk.unmount();
    }
  });

  it('says of a name server that this machine has no way to, that it was not tried', async () => {
    const real = { address: '127.0.0.1', port: bind.port };
    const client = createDnsClient();
    const dns: Patient['dns'] = {
      async query(server, question, asked) {
        const cause = Object.assign(new Error('no way there'), { code: 'ENETUNREACH' });
        if (server.address === '127.0.0.2')
          throw new DelegatedError('E_DNS_UNANSWERED', 'no way there', { cause });
        return client.query(server.port === 53 ? real : server, question, asked);
      },
    };
    const found = await findings('second', { dns });
    assert.deepEqual(
      [...new Set(found.map(({ code, severity }) => `${code} ${severity}`))],
      ['NAME_SERVER_NOT_TRIED info'],
    );
  });

  it('compares our clock with that of the CA', async () => {
    assert.deepEqual(await codes('bare', { directory: { clockAheadMs: 2_000 } }), []);
    assert.deepEqual(await codes('bare', { directory: { clockAheadMs: -60_000 } }), ['CLOCK_DRIFTS']);
    const [found] = await findings('bare', { directory: { clockAheadMs: -3_600_000 } });
    assert.equal(found?.code, 'CLOCK_WRONG');
    assert.match(found.message, /3600 s behind/);
  });

  it('tells what our own limit leaves of orders', async () => {
    const world = createWorld();
    const { state, clock } = world.ports();
    const entry = () => ({
      at: clock.now(),
      ca: 'https://ca.test/directory',
      names: [parseDomainName('bare.test')],
    });
    const patient = { state, clock };
    assert.deepEqual(await codes('bare', patient), []);
    await state.appendLedger(entry());
    assert.deepEqual(await codes('bare', patient), ['LEDGER_LOW']);
    await state.appendLedger(entry());
    assert.deepEqual(await codes('bare', patient), ['LEDGER_SPENT']);
  });

  it('tells when a name failed as often as our own limit allows', async () => {
    const { state, clock } = createWorld().ports();
    for (let order = 1; order <= 4; order += 1)
      await state.appendLedger({
        at: clock.now(),
        ca: 'https://ca.test/directory',
        names: [parseDomainName('bare.test')],
        challenges: order === 1 ? 'answered' : 'failed',
        order: `https://ca.test/order/${order}`,
      });
    assert.deepEqual(await codes('bare', { state, clock }), ['LEDGER_FAILED']);
  });

  it('sees a state directory that others can write to', async () => {
    await chmod(join(folder(), 'state'), 0o777);
    assert.deepEqual(await codes('bare'), ['STATE_UNSAFE']);
  });

  it('sees a folder on the way that keeps the homeserver out', async () => {
    const output = (over: { readonly group?: string; readonly keyMode?: number }) => ({
      certificate: {
        outputs: [
          {
            directory: join(folder(), 'closed', 'tls'),
            keyMode: 0o640,
            certificateMode: 0o644,
            layout: 'links' as const,
            ...over,
          },
        ],
      },
    });
    const closed = join(folder(), 'closed');
    await mkdir(closed, { mode: 0o700 });
    await chmod(folder(), 0o755);
    const nobody = { group: '65534' };
    const [found, ...more] = await findings('bare', output(nobody));
    assert.equal(found?.code, 'OUTPUT_NOT_REACHED');
    assert.match(found.message, /the group 65534 may not enter .*closed,/);
    assert.deepEqual(more, []);
    await chmod(closed, 0o711);
    assert.deepEqual(await codes('bare', output(nobody)), []);
    assert.deepEqual(await codes('bare', output({ ...nobody, keyMode: 0o600 })), ['OUTPUT_KEY_MODE']);
    assert.deepEqual(await codes('bare', output({ group: 'no-such-group' })), ['OUTPUT_ACCOUNT']);
  });
});

/** A server that speaks for whatever it is asked for. */
function inCharge({ name }: { readonly name: string }): StubReply {
  return { answers: [{ name, type: 'SOA', ttl: 60, data: { mname: 'ns.test', rname: 'h.test' } }] };
}

async function none(): Promise<null> {
  return null;
}

async function accountAtTheFirst(url: string): Promise<KnownAccount | null> {
  return url === OTHER_CA ? null : { url: ACCOUNT, thumbprint: THUMBPRINT };
}

async function outOfReach(): Promise<never> {
  throw new DelegatedError('E_ACME_UNREACHABLE', 'no route', { hint: 'open port 443' });
}

async function suspicious(): Promise<DnsProvider> {
  return {
    ...createMemory({ zones: [] }),
    check: async () => [{ ok: false, message: 'the key is not accepted', hint: 'compare the secret' }],
  };
}

function pointingTo(target: string): Partial<Patient> {
  return { target: parseDomainName(target) };
}
