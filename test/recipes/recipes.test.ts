/** The recipes of docs/recipes.md: each config as it stands in deploy/examples, with our ports, addresses and secrets in it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dig, type Outcome } from '../e2e/lab.ts';
import { startFakeAcmeDns } from '../fakes/acme-dns.ts';
import { startCaDouble } from '../fakes/ca.ts';
import { startDnsStub } from '../support/dns-stub.ts';
import { certificateFor, federation, homeserver } from '../support/federation.ts';
import {
  type Homes,
  type RecipeLab,
  type Web,
  type Zones,
  startRecipeLab,
  startWeb,
} from '../support/recipe-lab.ts';
import { assertSucceeded, assertTold, fences } from '../support/recipe-page.ts';
import { foreignUpdate } from '../support/zone-tools.ts';

const EXAMPLES = fileURLToPath(new URL('../../deploy/examples/', import.meta.url));
const CONFIGS = {
  'One server, SRV only': ['rfc2136-synapse.yaml'],
  'SRV as the safety net of well-known': ['safety-net.yaml'],
  'A hoster, with a record for each customer': ['hoster.yaml'],
  'A hoster, with one record for all': ['hoster-cnames.yaml'],
  'A zone that is not yours': [
    'foreign-zone.yaml',
    'foreign-zone-acme-dns.yaml',
    'foreign-zone-persist.yaml',
  ],
  'A proxy in front': ['behind-proxy.yaml'],
};
const NAME = 'example.org';
const HOSTER = 'hoster.example';
const SERVER_FILE = '/.well-known/matrix/server';

describe('the recipe', function () {
  this.timeout(30_000);
  const peers = federation();
  const running: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
  });
  const start = async (homes: Homes, zones: Zones): Promise<RecipeLab> => {
    const lab = await startRecipeLab(peers, homes, zones);
    running.push(lab);
    return lab;
  };

  for (const [title, examples] of Object.entries(CONFIGS))
    it(`“${title}” shows its config as deploy/examples has it`, () => {
      assert.deepEqual(
        fences([title], 'yaml').filter((code) => code.startsWith('version: 1')),
        examples.map((name) => readFileSync(join(EXAMPLES, name), 'utf8').replace(/^(?:#.*\n)+/, '')),
      );
    });

  it('“One server, SRV only” leads to a healthy server', async () => {
    const lab = await start({ [NAME]: NAME }, [{ name: NAME, records: ['matrix IN A 127.0.0.1'] }]);
    await lab.use('rfc2136-synapse.yaml');
    assertSucceeded(await lab.run(['renew']));
    const web = await startWeb(peers, [NAME]);
    assertTold('One server, SRV only', await lab.check(NAME, web.port));
  });

  describe('“SRV as the safety net of well-known”', () => {
    const TITLE = 'SRV as the safety net of well-known';
    let lab: RecipeLab;
    beforeEach(async () => {
      lab = await start({ [NAME]: NAME, [`matrix.${NAME}`]: NAME }, [
        { name: NAME, records: ['matrix IN A 127.0.0.1', 'new IN A 127.0.0.1'] },
      ]);
      await lab.use('safety-net.yaml');
      assertSucceeded(await lab.run(['renew']));
    });
    /** Serves the file that `renew` wrote. */
    const fileServer = (): Promise<Web> =>
      startWeb(peers, [NAME], (_host, path) =>
        path === SERVER_FILE ? readFileSync(join(lab.webRoot, path), 'utf8') : null,
      );

    it('holds while the web server is down', async () => {
      const web = await fileServer();
      assertTold(TITLE, await lab.check(NAME, web.port));
      await web.stop();
      assertTold(TITLE, await lab.check(NAME, web.port));
    });

    it('is told when the file leads elsewhere', async () => {
      const moved = await peers.serve(certificateFor([`new.${NAME}`]), homeserver());
      const file = `{"m.server":"new.${NAME}:${moved}"}`;
      const web = await startWeb(peers, [NAME], (_host, path) => (path === SERVER_FILE ? file : null));
      const shadowed = await lab.check(NAME, web.port);
      assert.match(shadowed.stdout, /SRV_SHADOWED/);
      assertTold(TITLE, shadowed);
    });
  });

  it('“A hoster, with a record for each customer” needs one certificate', async () => {
    const homes = {
      [HOSTER]: HOSTER,
      [`c1.${HOSTER}`]: 'customer-one.example',
      [`c2.${HOSTER}`]: 'customer-two.example',
    };
    const lab = await start(homes, [{ name: HOSTER, records: ['edge IN A 127.0.0.1'] }]);
    await lab.use('hoster.yaml');
    assertSucceeded(await lab.run(['renew']));
    const web = await startWeb(peers, [HOSTER, ...Object.values(homes)], (host, path) => {
      const to = Object.entries(homes).find(([, customer]) => customer === host && host !== HOSTER)?.[0];
      return path === SERVER_FILE && to !== undefined ? JSON.stringify({ 'm.server': to }) : null;
    });
    assertTold(
      'A hoster, with a record for each customer',
      await lab.check('customer-one.example', web.port),
    );
    for (const name of ['customer-two.example', HOSTER]) assertHealthy(await lab.check(name, web.port));
    assert.equal(lab.versions().length, 1);
  });

  it('“A hoster, with one record for all” needs no line for another customer', async () => {
    const TITLE = 'A hoster, with one record for all';
    const three = 'customer-three.example';
    const lab = await start({ [`c1.${HOSTER}`]: 'customer-one.example', [three]: three }, [
      {
        name: HOSTER,
        records: ['edge IN A 127.0.0.1', `_matrix-fed._tcp.c1 IN CNAME _matrix-fed._tcp.${HOSTER}.`],
      },
      {
        name: three,
        records: [
          `_matrix-fed._tcp IN CNAME _matrix-fed._tcp.${HOSTER}.`,
          `_acme-challenge IN CNAME customer-three.acme.${HOSTER}.`,
        ],
      },
    ]);
    await lab.use('hoster-cnames.yaml');
    assertSucceeded(await lab.run(['renew']));
    const web = await startWeb(peers, ['customer-one.example', three], (host, path) =>
      host === 'customer-one.example' && path === SERVER_FILE ? `{"m.server":"c1.${HOSTER}"}` : null,
    );
    assertTold(TITLE, await lab.check('customer-one.example', web.port));
    assertTold(TITLE, await lab.check(three, web.port));
  });

  describe('“A zone that is not yours”', () => {
    const TITLE = 'A zone that is not yours';
    let lab: RecipeLab;
    beforeEach(async () => {
      lab = await start({ [NAME]: NAME }, [
        NAME,
        { name: HOSTER, records: ['edge IN A 127.0.0.1'] },
        `auth.${HOSTER}`,
      ]);
    });

    /** What the owner of the zone does, with what we told them. */
    const ownerPublishes = (...lines: readonly string[]): Promise<void> =>
      foreignUpdate(
        lab.dns,
        NAME,
        lines.map((line) => `update add ${line.replace(' IN ', ' ')}`),
      );
    const recordLines = async (): Promise<readonly string[]> => {
      const { stdout } = await lab.run(['records', NAME, '--format', 'zone']);
      return stdout.split('\n').filter((line) => / IN (?:SRV|TXT) /.test(line));
    };
    /** Renews twice, and looks that nobody has written to the zone that is not ours. */
    const renewsAlone = async (root?: string): Promise<void> => {
      const before = await dig(lab, NAME, 'SOA');
      assertSucceeded(await lab.run(['renew']));
      const web = await startWeb(peers, [NAME]);
      assertTold(TITLE, await lab.check(NAME, web.port, root));
      assertSucceeded(await lab.run(['renew', '--force']));
      assert.equal(lab.versions().length, 2);
      assert.deepEqual(await dig(lab, NAME, 'SOA'), before);
    };

    it('is changed once by hand, when a CNAME leads the challenges into a zone that is', async () => {
      await lab.use('foreign-zone.yaml');
      await ownerPublishes(
        ...(await recordLines()),
        `_acme-challenge.${NAME}. 3600 IN CNAME example-org.acme.${HOSTER}.`,
      );
      await renewsAlone();
    });

    it('is changed once by hand, when it leads to acme-dns', async () => {
      const auth = await startFakeAcmeDns(`auth.${HOSTER}`);
      const served = (name: string): string[] =>
        auth.snapshot().flatMap((line) => {
          const [, value = ''] = line.startsWith(`${name}. `) ? (/"(.*)"/.exec(line) ?? []) : [];
          return value === '' ? [] : [value];
        });
      const names = await startDnsStub(({ name, type }) => ({
        answers: type === 'TXT' ? served(name).map((data) => ({ name, type: 'TXT', ttl: 1, data })) : [],
      }));
      const resolver = new Resolver();
      resolver.setServers([`127.0.0.1:${lab.dns.port}`]);
      const ca = await startCaDouble({
        lookUp: async (name) => (await resolver.resolveCname(name)).flatMap(served),
      });
      running.push(ca, names, auth);
      await lab.use('foreign-zone-acme-dns.yaml', {
        acme: { ca: ca.directoryUrl, caCertificates: ca.caFile },
        providers: {
          challenges: { server: auth.url, nameServers: [`127.0.0.1:${names.endpoint.port}`] },
        },
      });
      await ownerPublishes(...(await recordLines()));
      const early = await lab.run(['renew']);
      assert.match(early.stdout, /E_CHALLENGE_CNAME/);
      const [, alias = ''] = /(_acme-challenge\.\S+ CNAME [^\s,;]+)/.exec(early.stdout) ?? [];
      await ownerPublishes(alias.replace(' CNAME', ' 3600 IN CNAME'));
      await renewsAlone(ca.root);
    });

    it('is changed once by hand, when a TXT record stands there for good', async () => {
      const resolver = new Resolver();
      resolver.setServers([`127.0.0.1:${lab.dns.port}`]);
      const ca = await startCaDouble({
        persist: { issuers: ['authority.example'], draft: '01' },
        lookUp: async (name) => (await resolver.resolveTxt(name)).map((parts) => parts.join('')),
      });
      running.push(ca);
      await lab.use('foreign-zone-persist.yaml', {
        acme: { ca: ca.directoryUrl, caCertificates: ca.caFile },
        providers: { 'by-hand': { wait: 1 } },
      });
      await ownerPublishes(...(await recordLines()));
      const early = await lab.run(['renew']);
      assert.match(early.stdout, /E_STANDING_VALUE/);
      const values = (await recordLines()).filter((line) => line.includes(' TXT '));
      assert.equal(values.length, 1);
      await ownerPublishes(...values);
      await renewsAlone(ca.root);
    });
  });
});

/** Peers have nothing to mind; that clients have to be told a URL is another matter. */
function assertHealthy({ code, stdout }: Outcome): void {
  assert.equal(code, 0, stdout);
  assert.deepEqual(
    [...stdout.matchAll(/\[([A-Z_]+)\]/g)]
      .map(([, found]) => found)
      .filter((found) => found !== 'CLIENT_FILE_MISSING'),
    [],
  );
}
