import assert from 'node:assert/strict';
import { renew } from '../src/renew.ts';
import { revoke } from '../src/revoke.ts';
import { assertRefused } from './conformance/expectations.ts';
import { problem } from './support/fake-ca.ts';
import { certificate, config, createWorld, ctx, site } from './support/fake-ports.ts';
import { fails } from './support/faults.ts';

const SITE = site({ certificate: certificate() });
const OPTIONS = { reason: 'superseded', byKey: false } as const;

describe('revoking', () => {
  it('makes the certificate due at once, and the next one is not', async () => {
    const world = createWorld();
    const run = (): ReturnType<typeof renew> =>
      renew([SITE], config(SITE), { force: false }, world.ports(), ctx());
    await run();
    await revoke(SITE, OPTIONS, config(SITE), world.ports(), ctx());
    assert.deepEqual([...world.ca.revoked], [0]);
    const [replaced] = (await run()).sites;
    assert.equal(replaced?.certificate?.action, 'renew');
    assert.equal(replaced.certificate.reason, 'the certificate was revoked');
    const [quiet] = (await run()).sites;
    assert.equal(quiet?.certificate?.action, 'keep');
    assert.equal(world.ca.issued.length, 2);
  });

  it('leaves the certificate alone when the CA will not', async () => {
    const world = createWorld();
    await renew([SITE], config(SITE), { force: false }, world.ports(), ctx());
    const ports = world.ports(fails('acme.revoke', problem('unauthorized', 403)));
    await assertRefused(revoke(SITE, OPTIONS, config(SITE), ports, ctx()), 'E_ACME_ACCOUNT');
    const [kept] = (await renew([SITE], config(SITE), { force: false }, world.ports(), ctx())).sites;
    assert.equal(kept?.certificate?.action, 'keep');
  });

  it('asks no CA where there is nothing to revoke', async () => {
    const world = createWorld();
    await assertRefused(revoke(SITE, OPTIONS, config(SITE), world.ports(), ctx()), 'E_CERTIFICATE_STORE');
    assert.deepEqual(
      world.calls.filter((call) => call.startsWith('acme')),
      [],
    );
  });
});
