import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CaDouble, startCaDouble } from '../fakes/ca.ts';
import { type Lab, type Outcome, dig, startLab, strayChallenges } from './lab.ts';

const NAME = 'example.test';

interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly retryAt?: string;
}

function troubles({ stdout, stderr }: Outcome): readonly Trouble[] {
  const { sites }: { readonly sites: readonly { readonly errors: readonly Trouble[] }[] } =
    JSON.parse(stdout);
  const [site] = sites;
  assert.ok(site, stderr);
  return site.errors;
}

/** What it was asked besides what every client may ask at any time. */
function asked({ requests }: CaDouble): string[] {
  return requests.filter(({ method }) => method === 'POST').map(({ path }) => path);
}

/** Of the sites of each message. */
const levels = async (file: string): Promise<string[][]> =>
  (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => {
      const { sites }: { readonly sites: readonly { readonly level: string }[] } = JSON.parse(line);
      return sites.map(({ level }) => level);
    });

describe('a refusal of the CA, end to end', () => {
  let lab: Lab;
  let ca: CaDouble;
  let staging: CaDouble;
  /** What the validators of both CAs see. */
  /** A file with a line for each message that somebody got. */
  let told: string;
  let visible: readonly string[] | null;

  beforeEach(async function () {
    this.timeout(30_000);
    visible = null;
    lab = await startLab();
    const lookUp = async (name: string): Promise<readonly string[]> =>
      visible ?? (await dig(lab, name, 'TXT')).map((line) => line.replaceAll('"', ''));
    [ca, staging] = await Promise.all([
      startCaDouble({ name: 'real', lookUp }),
      startCaDouble({ name: 'staging', lookUp }),
    ]);
    const roots = join(lab.directory, 'roots.pem');
    const texts = await Promise.all([ca, staging].map(({ caFile }) => readFile(caFile, 'utf8')));
    await writeFile(roots, texts.join(''));
    const site = { provider: 'main', srv: [{ target: `matrix.${NAME}` }], certificate: { verify: 'none' } };
    const acme = {
      ca: ca.directoryUrl,
      staging: staging.directoryUrl,
      termsOfServiceAgreed: true,
      caCertificates: roots,
    };
    told = join(lab.directory, 'told');
    const tell = join(lab.directory, 'tell');
    await writeFile(tell, `#!/bin/sh\ncat >> ${told}\n`, { mode: 0o755 });
    await lab.configure({ [NAME]: site }, { acme, notify: { exec: [tell] } });
  });
  afterEach(async () => {
    await Promise.all([ca.stop(), staging.stop(), lab.stop()]);
  });

  it('is kept to by the next run until the moment that the CA has named, unless it is forced', async () => {
    ca.script = ({ path }) =>
      path === '/order' ? { status: 429, headers: { 'retry-after': '7200' } } : null;
    const [refused] = troubles(await lab.run(['renew', '--json']));
    assert.equal(refused?.code, 'E_ACME_RATE_LIMITED');
    ca.script = () => null;
    const before = asked(ca).length;
    for (const site of [[], [NAME]]) {
      const later = await lab.run(['renew', ...site, '--json']);
      assert.deepEqual([later.code, troubles(later).map(({ code }) => code)], [3, ['E_ACME_HELD_BACK']]);
      assert.equal(troubles(later)[0]?.retryAt, refused.retryAt);
    }
    assert.equal(asked(ca).length, before, 'the CA was asked although it had named a moment');
    assert.match((await lab.run(['status'])).stdout, /E_ACME_RATE_LIMITED/);
    assert.equal((await lab.run(['renew', '--force'])).code, 0);
  });

  it('that will last is told to somebody, once, and its end as well', async () => {
    assert.deepEqual(await lab.run(['notify']).then(({ code, stdout }) => [code, stdout]), [
      0,
      'exec: sent\n',
    ]);
    assert.deepEqual(await levels(told), [[]]);
    ca.script = ({ path }) =>
      path === '/order' ? { status: 429, headers: { 'retry-after': '7200' } } : null;
    await lab.run(['renew']);
    await lab.run(['renew']);
    assert.deepEqual(await levels(told), [[], ['failing']]);
    ca.script = () => null;
    await lab.run(['renew', '--force']);
    assert.deepEqual(await levels(told), [[], ['failing'], ['well']]);
  });

  it('of a name is rehearsed before the CA is asked again, at once for who names the site', async () => {
    visible = [];
    const [refused] = troubles(await lab.run(['renew', '--json']));
    assert.equal(refused?.code, 'E_ACME_AUTHORIZATION');
    assert.deepEqual(
      troubles(await lab.run(['renew', '--json'])).map(({ code }) => code),
      ['E_ACME_HELD_BACK'],
    );
    const [rehearsed] = troubles(await lab.run(['renew', NAME, '--json']));
    assert.match(rehearsed?.message ?? '', /^in a rehearsal at /);
    assert.deepEqual([ca.orders.length, staging.orders.length], [1, 1]);
    visible = null;
    const repaired = await lab.run(['renew', NAME, '--json']);
    assert.equal(repaired.code, 0, repaired.stdout + repaired.stderr);
    assert.deepEqual([ca.certificates.length, staging.certificates.length], [1, 1]);
    assert.deepEqual(await strayChallenges(lab, NAME), []);
  });
});
