import assert from 'node:assert/strict';
import { type CaDouble, startCaDouble } from '../fakes/ca.ts';
import { type Lab, type Outcome, orders, startLab } from './lab.ts';

const NAME = 'example.test';
const HOUR_S = 3_600;
const PROFILES = { classic: 90 * 24 * HOUR_S, tlsserver: 45 * 24 * HOUR_S, shortlived: 160 * HOUR_S };

interface Site {
  readonly certificate: {
    readonly action: string;
    readonly notBefore: string;
    readonly notAfter: string;
    readonly nextRenewalAt: string;
  };
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

function siteIn({ stdout, stderr }: Outcome): Site {
  const { sites }: { readonly sites: readonly Site[] } = JSON.parse(stdout);
  const [site] = sites;
  assert.ok(site, stderr);
  return site;
}

describe('certificate profiles, end to end', () => {
  let lab: Lab;
  let ca: CaDouble;

  beforeEach(async function () {
    this.timeout(30_000);
    lab = await startLab();
    ca = await startCaDouble({ profiles: PROFILES, renewalInfo: false });
  });
  afterEach(async () => {
    await Promise.all([ca.stop(), lab.stop()]);
  });

  const configure = (profile: string): Promise<void> => {
    const acme = { ca: ca.directoryUrl, termsOfServiceAgreed: true, caCertificates: ca.caFile, profile };
    const site = { provider: 'main', srv: [{ target: `matrix.${NAME}` }], certificate: { verify: 'none' } };
    return lab.configure({ [NAME]: site }, { acme });
  };

  for (const [profile, seconds, reserve] of [
    ['classic', PROFILES.classic, 1 / 3],
    ['tlsserver', PROFILES.tlsserver, 1 / 3],
    ['shortlived', PROFILES.shortlived, 1 / 2],
  ] as const)
    it(`get ${profile}, and renew it by its own lifetime`, async () => {
      await configure(profile);
      const outcome = await lab.run(['renew', '--json']);
      assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
      assert.equal(ca.orders[0]?.profile, profile);
      const { notBefore, notAfter, nextRenewalAt } = siteIn(outcome).certificate;
      const lifetime = (Date.parse(notAfter) - Date.parse(notBefore)) / 1_000;
      assert.equal(lifetime, seconds);
      const left = (Date.parse(notAfter) - Date.parse(nextRenewalAt)) / 1_000;
      assert.ok(left >= lifetime * reserve && left <= lifetime * (reserve + 1 / 50) + 1);
    });

  it('that the CA lacks are told with those that it has, before anything is ordered', async () => {
    await configure('short-lived');
    const outcome = await lab.run(['renew', '--json']);
    assert.equal(outcome.code, 3, outcome.stdout + outcome.stderr);
    const [error] = siteIn(outcome).errors;
    assert.equal(error?.code, 'E_ACME_PROFILE');
    assert.match(error.message, /"short-lived": it has classic, tlsserver, shortlived$/);
    assert.deepEqual(ca.orders, []);
    assert.equal(await orders(lab), 0);
  });

  it('are those of the staging CA in a rehearsal', async () => {
    const staging = await startCaDouble({ profiles: { other: HOUR_S } });
    try {
      const acme = {
        ca: ca.directoryUrl,
        staging: staging.directoryUrl,
        termsOfServiceAgreed: true,
        caCertificates: staging.caFile,
        profile: 'shortlived',
      };
      const site = { provider: 'main', srv: [{ target: `matrix.${NAME}` }] };
      await lab.configure({ [NAME]: site }, { acme });
      const outcome = await lab.run(['renew', '--dry-run', '--json']);
      assert.equal(siteIn(outcome).errors.at(-1)?.code, 'E_ACME_PROFILE');
    } finally {
      await staging.stop();
    }
  });
});
