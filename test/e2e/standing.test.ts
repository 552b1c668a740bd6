import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import { type CaDouble, startCaDouble } from '../fakes/ca.ts';
import { foreignUpdate } from '../support/zone-tools.ts';
import { type Lab, type Outcome, dig, orders, startLab, strayChallenges } from './lab.ts';

const NAME = 'example.test';
const SRV = `_matrix-fed._tcp.${NAME}`;
const STANDING = `_validation-persist.${NAME}`;
const ISSUER = 'authority.test';

interface Site {
  readonly records: readonly {
    readonly type: string;
    readonly action: string;
    readonly after: readonly string[] | null;
    readonly unknown?: string;
  }[];
  readonly certificate: { readonly action: string };
  readonly errors: readonly { readonly code: string; readonly message: string; readonly hint?: string }[];
}

function siteIn({ stdout, stderr }: Outcome): Site {
  const { sites }: { readonly sites: readonly Site[] } = JSON.parse(stdout);
  const [site] = sites;
  assert.ok(site, stderr);
  return site;
}

/** Of the zone: it grows with every write. */
async function serial(lab: Lab): Promise<string> {
  const [soa = ''] = await dig(lab, NAME, 'SOA');
  return soa.split(' ')[2] ?? '';
}

async function accountUrl({ state }: Lab): Promise<string> {
  const [folder = ''] = await readdir(join(state, 'accounts'));
  const { url }: { readonly url: string } = JSON.parse(
    await readFile(join(state, 'accounts', folder, 'account.json'), 'utf8'),
  );
  return url;
}

for (const draft of ['01', '02'] as const)
  describe(`dns-persist-01 as in draft -${draft}, end to end`, () => {
    let lab: Lab;
    let ca: CaDouble;
    /** What the CA sees in the place of what BIND says. */
    let seenByCa: readonly string[] | null;

    beforeEach(async function () {
      this.timeout(30_000);
      seenByCa = null;
      lab = await startLab();
      const resolver = new Resolver();
      resolver.setServers([`127.0.0.1:${lab.dns.port}`]);
      ca = await startCaDouble({
        persist: { issuers: [ISSUER], draft },
        lookUp: async (name) => seenByCa ?? (await resolver.resolveTxt(name)).map((parts) => parts.join('')),
      });
    });
    afterEach(async () => {
      await Promise.all([ca.stop(), lab.stop()]);
    });

    const configure = (
      over: { readonly challenge?: object; readonly certificate?: object } = {},
      more: object = {},
    ): Promise<void> => {
      const { challenge, certificate } = over;
      const site = {
        provider: 'main',
        srv: [{ target: `matrix.${NAME}` }],
        challenge: { type: 'dns-persist-01', ...challenge },
        certificate: { verify: 'none', ...certificate },
      };
      const acme = { ca: ca.directoryUrl, termsOfServiceAgreed: true, caCertificates: ca.caFile };
      return lab.configure({ [NAME]: site }, { acme, propagation: { timeout: 10 }, ...more });
    };
    /** A person publishes, and nobody else can. */
    const byHand = (): Record<string, unknown> => ({
      providers: { main: { type: 'manual', wait: 1, nameServers: [`127.0.0.1:${lab.dns.port}`] } },
    });

    it('issues, and renews without a single write to the zone', async () => {
      await configure();
      const unknown = siteIn(await lab.run(['plan', '--json'])).records.find(({ type }) => type === 'TXT');
      assert.equal(unknown?.after, null);
      assert.match(unknown.unknown ?? '', /until the account/);

      const first = await lab.run(['renew', '--json']);
      assert.equal(first.code, 0, first.stdout + first.stderr);
      assert.equal(siteIn(first).certificate.action, 'issue');
      const [value = ''] = await dig(lab, STANDING, 'TXT');
      assert.match(
        value,
        draft === '01' ? /^"authority\.test; accounturi=https:\/\/[^/]*\/account\/1"$/ : /sha-256/,
      );
      assert.equal((await strayChallenges(lab, NAME)).length, 1);

      const before = await serial(lab);
      const second = await lab.run(['renew', '--force', '--json']);
      assert.equal(second.code, 0, second.stdout + second.stderr);
      assert.equal(siteIn(second).certificate.action, 'renew');
      assert.equal(ca.certificates.length, 2);
      assert.equal(await serial(lab), before);
      assert.deepEqual(
        siteIn(await lab.run(['plan', '--json'])).records.map(({ action }) => action),
        ['keep', 'keep'],
      );
    });

    it('covers a wildcard where the config says so, and then only', async () => {
      const certificate = { names: [`*.${NAME}`] };
      await configure({ certificate });
      const refused = await lab.run(['config', 'check']);
      assert.equal(refused.code, 78);
      assert.match(refused.stderr, /needs `challenge\.wildcard: true`/);

      await configure({ certificate, challenge: { wildcard: true } });
      const issued = await lab.run(['renew', '--json']);
      assert.equal(issued.code, 0, issued.stdout + issued.stderr);
      assert.match((await dig(lab, STANDING, 'TXT')).join(), /; policy=wildcard"$/);
    });

    it('orders nothing while a person has not published it, and tells what', async () => {
      await configure({}, byHand());
      const early = await lab.run(['records', NAME, '--format', 'zone']);
      assert.equal(early.code, 0, early.stderr);
      assert.match(early.stdout, /^; _validation-persist\.example\.test\. TXT: unknown until the account/m);
      await foreignUpdate(lab.dns, NAME, [`update add ${SRV}. 300 SRV 10 0 8448 matrix.${NAME}.`]);
      const waited = await lab.run(['renew', '--json']);
      assert.equal(waited.code, 3, waited.stdout + waited.stderr);
      const [error] = siteIn(waited).errors;
      assert.equal(error?.code, 'E_STANDING_VALUE');
      assert.equal(await orders(lab), 0);

      const records = await lab.run(['records', NAME, '--format', 'zone']);
      const [line = ''] = records.stdout.split('\n').filter((each) => each.includes(' TXT '));
      assert.ok(line.startsWith(`${STANDING}. 3600 IN TXT "${ISSUER}; accounturi=`), records.stdout);
      await foreignUpdate(lab.dns, NAME, [`update add ${line.replace(' IN TXT', ' TXT')}`]);
      const issued = await lab.run(['renew', '--json']);
      assert.equal(issued.code, 0, issued.stdout + issued.stderr);
      assert.equal(ca.certificates.length, 1);
    });

    it('prints the value in every form that somebody may have to publish it in', async () => {
      await configure({ challenge: { persistUntil: '2100-01-01T00:00:00Z' } });
      assert.equal((await lab.run(['sync'])).code, 0);
      const [published = ''] = await dig(lab, STANDING, 'TXT');
      const value = JSON.parse(published.replaceAll('" "', ''));
      assert.match(value, /; persistUntil=4102444800$/);
      const print = async (...flags: string[]): Promise<string> =>
        (await lab.run(['records', NAME, ...flags])).stdout;

      assert.ok((await print()).includes(`Publish at ${STANDING}, type TXT, TTL 3600:\n  ${value}\n`));
      const terraform = await print('--format', 'terraform');
      assert.ok(terraform.includes(`resource "dns_txt_record_set" "validation_persist_example_test" {`));
      assert.ok(terraform.includes(`  txt  = ["${value}"]\n`), terraform);
      const octodns = await print('--format', 'octodns');
      assert.ok(octodns.includes(`_validation-persist:\n  type: TXT\n`), octodns);
      assert.ok(octodns.includes(`    - '${value.replaceAll(';', '\\;')}'\n`), octodns);
      const { records, challenges } = JSON.parse(await print('--json'));
      assert.deepEqual(records[1], { name: `${STANDING}.`, type: 'TXT', ttl: 3600, values: [published] });
      assert.deepEqual(challenges, []);
    });

    it('refuses the value of another account, and one that has expired', async () => {
      await configure({}, byHand());
      await foreignUpdate(lab.dns, NAME, [
        `update add ${SRV}. 300 SRV 10 0 8448 matrix.${NAME}.`,
        `update add ${STANDING}. 300 TXT "${ISSUER}; accounturi=https://ca.test/acct/7"`,
      ]);
      const foreign = siteIn(await lab.run(['renew', '--json']));
      assert.deepEqual(
        foreign.errors.map(({ code }) => code),
        ['E_STANDING_VALUE'],
      );
      assert.match(foreign.errors[0]?.message ?? '', /for another account: https:\/\/ca\.test\/acct\/7/);

      const [, ours = ''] = /TXT (".*")/.exec(foreign.errors[0]?.hint ?? '') ?? [];
      await foreignUpdate(lab.dns, NAME, [
        `update add ${STANDING}. 300 TXT ${ours.replace(/"$/, '; persistUntil=1721952000"')}`,
      ]);
      const expired = siteIn(await lab.run(['renew', '--json']));
      assert.match(expired.errors[0]?.message ?? '', /counts no more: its persistUntil was 2024-07-26T/);
      assert.equal(ca.orders.length, 0);
    });

    it('tells what the CA has against it where the CA sees something else', async () => {
      await configure();
      seenByCa = [`${ISSUER}; accounturi=https://ca.test/acct/7`];
      const refused = await lab.run(['renew', '--json']);
      assert.equal(refused.code, 3);
      const [error] = siteIn(refused).errors;
      assert.equal(error?.code, 'E_ACME_AUTHORIZATION');
      assert.match(error.message, /is for another account \(unauthorized\)/);
      assert.ok((await accountUrl(lab)).startsWith(new URL(ca.directoryUrl).origin));
    });
  });
