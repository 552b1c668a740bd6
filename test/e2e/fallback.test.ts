import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CaDouble, startCaDouble } from '../fakes/ca.ts';
import { type Lab, type Outcome, orders, startLab } from './lab.ts';

const NAME = 'example.test';
const EAB = { kid: 'second', hmacKey: Buffer.from('a key of the second CA').toString('base64url') };

interface Site {
  readonly certificate: { readonly action: string; readonly ca: string | null; readonly issuer: string };
  readonly errors: readonly { readonly code: string }[];
}

function siteIn({ stdout, stderr }: Outcome): Site {
  const { sites }: { readonly sites: readonly Site[] } = JSON.parse(stdout);
  const [site] = sites;
  assert.ok(site, stderr);
  return site;
}

describe('a second CA, end to end', () => {
  let lab: Lab;
  let first: CaDouble;
  let second: CaDouble;

  beforeEach(async function () {
    this.timeout(30_000);
    lab = await startLab();
    [first, second] = await Promise.all([
      startCaDouble({ name: 'first' }),
      startCaDouble({ name: 'second', eab: EAB, renewalInfo: false }),
    ]);
    const roots = join(lab.directory, 'roots.pem');
    const texts = await Promise.all([first, second].map(({ caFile }) => readFile(caFile, 'utf8')));
    await writeFile(roots, texts.join(''));
    const site = { provider: 'main', srv: [{ target: `matrix.${NAME}` }], certificate: { verify: 'none' } };
    const acme = {
      ca: first.directoryUrl,
      termsOfServiceAgreed: true,
      caCertificates: roots,
      fallback: [{ ca: second.directoryUrl, eab: EAB }],
    };
    await lab.configure({ [NAME]: site }, { acme });
  });
  afterEach(async () => {
    await Promise.all([first.stop(), second.stop(), lab.stop()]);
  });

  it('issues while the first one is out of order, with an account of its own, and steps back then', async () => {
    first.script = ({ path }) =>
      path === '/order' ? { status: 503, headers: { 'retry-after': '86400' } } : null;
    const rescued = await lab.run(['renew', '--json']);
    assert.equal(rescued.code, 0, rescued.stdout + rescued.stderr);
    const { action, ca, issuer } = siteIn(rescued).certificate;
    assert.deepEqual([action, ca, issuer], ['issue', second.directoryUrl, 'second']);
    assert.match(rescued.stderr, /the CA is in trouble; the next one is tried/);
    assert.equal((await readdir(join(lab.state, 'accounts'))).length, 2);
    assert.equal(siteIn(await lab.run(['status', '--json'])).certificate.ca, second.directoryUrl);
    const text = await lab.run(['status']);
    assert.ok(text.stdout.includes(`issued by ${new URL(second.directoryUrl).host}`), text.stdout);

    first.script = () => null;
    const again = siteIn(await lab.run(['renew', '--force', '--json'])).certificate;
    assert.deepEqual([again.action, again.ca, again.issuer], ['renew', first.directoryUrl, 'first']);
    assert.deepEqual(
      [first.orders.length, first.orders[0]?.replaces, second.orders.length],
      [1, undefined, 1],
    );
  });

  it('is not asked when the first one is right to refuse', async () => {
    const body = { type: 'urn:ietf:params:acme:error:unauthorized', detail: 'deactivated' };
    first.script = ({ path }) => (path === '/order' ? { status: 403, body } : null);
    const refused = await lab.run(['renew', '--json']);
    assert.equal(refused.code, 3, refused.stdout + refused.stderr);
    assert.deepEqual(
      siteIn(refused).errors.map(({ code }) => code),
      ['E_ACME_ACCOUNT'],
    );
    assert.deepEqual(second.requests, []);
  });

  it('is told beside the first one when both are away, and neither was an attempt', async () => {
    await Promise.all([first.halt(), second.halt()]);
    const away = await lab.run(['renew', '--json']);
    assert.equal(away.code, 3);
    assert.deepEqual(
      siteIn(away).errors.map(({ code }) => code),
      ['E_ACME_UNREACHABLE', 'E_ACME_UNREACHABLE'],
    );
    assert.equal(await orders(lab), 0);
  });
});
