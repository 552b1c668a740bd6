import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { type CaDouble, startCaDouble } from '../fakes/ca.ts';
import { type Lab, type Outcome, startLab, strayChallenges } from './lab.ts';

const NAME = 'example.test';
const DAY_MS = 24 * 3_600_000;

interface Certificate {
  readonly action: string;
  readonly reason: string;
  readonly ca: string;
  readonly nextRenewalAt: string | null;
  readonly nextRenewalReason: string | null;
}

function certificateIn({ stdout, stderr }: Outcome): Certificate {
  const { sites }: { readonly sites: readonly { readonly certificate: Certificate }[] } = JSON.parse(stdout);
  const [site] = sites;
  assert.ok(site, stderr);
  return site.certificate;
}

/** Days from now. */
function window(from: number, to: number): { readonly start: Date; readonly end: Date } {
  return { start: new Date(Date.now() + from * DAY_MS), end: new Date(Date.now() + to * DAY_MS) };
}

describe('renewal information, end to end', () => {
  let lab: Lab;
  let ca: CaDouble;

  before(async function () {
    this.timeout(30_000);
    lab = await startLab();
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${lab.dns.port}`]);
    ca = await startCaDouble({
      lookUp: async (name) => (await resolver.resolveTxt(name)).map((parts) => parts.join('')),
    });
    const acme = { ca: ca.directoryUrl, termsOfServiceAgreed: true, caCertificates: ca.caFile };
    const site = { provider: 'main', srv: [{ target: `matrix.${NAME}` }], certificate: { verify: 'none' } };
    await lab.configure({ [NAME]: site }, { acme });
  });
  after(async () => {
    await Promise.all([ca.stop(), lab.stop()]);
  });

  it('is followed by one-shots that only share a state directory', async () => {
    const explanationURL = `https://${NAME}/incident`;
    ca.suggest = () => ({ ...window(-2, -1), explanationURL });
    const first = await lab.run(['renew', '--json']);
    assert.equal(first.code, 0, first.stdout + first.stderr);
    assert.equal(certificateIn(first).action, 'issue');
    assert.ok(first.stderr.includes(explanationURL));

    // What counts is what the CA said of that certificate; of the next one it says something else.
    const later = window(20, 21);
    ca.suggest = () => later;
    const second = await lab.run(['renew', '--json']);
    assert.equal(second.code, 0, second.stdout + second.stderr);
    const renewed = certificateIn(second);
    assert.equal(renewed.action, 'renew');
    assert.match(renewed.reason, /^the CA suggests .*\/incident$/);
    assert.deepEqual(
      ca.orders.map(({ replaces, status }) => [replaces, status]),
      [
        [undefined, 'valid'],
        [ca.certificates[0]?.certId, 'valid'],
      ],
    );
    assert.deepEqual(await strayChallenges(lab, NAME), []);

    const asked = ca.requests.length;
    const status = certificateIn(await lab.run(['status', '--json']));
    assert.equal(status.ca, ca.directoryUrl);
    assert.equal(status.nextRenewalAt, renewed.nextRenewalAt);
    assert.match(status.nextRenewalReason ?? '', /^the CA suggests to renew between /);
    const text = await lab.run(['status']);
    assert.match(text.stdout, /next renewal at .*: the CA suggests .*; issued by 127\.0\.0\.1:/);
    const at = Date.parse(renewed.nextRenewalAt ?? '');
    assert.ok(at >= later.start.getTime() && at < later.end.getTime());

    await ca.halt();
    const quiet = await lab.run(['renew', '--quiet']);
    assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, '', '']);
    const kept = certificateIn(await lab.run(['renew', '--json', '--every', '30d']));
    // Its wish would be due before a next run so late. But two orders a day are enough, and nothing is urgent.
    assert.deepEqual([kept.action, kept.reason], ['keep', status.nextRenewalReason]);
    assert.equal(ca.requests.length, asked);
  });
});
