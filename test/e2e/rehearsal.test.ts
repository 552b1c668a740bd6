import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Pebble, startPebble } from '../support/pebble.ts';
import { type Lab, type Outcome, dig, everyFile, orders, startLab, strayChallenges } from './lab.ts';

const NAME = 'example.test';
const SRV = `_matrix-fed._tcp.${NAME}`;

describe('renew --dry-run, end to end', () => {
  let lab: Lab;
  let staging: Pebble;

  beforeEach(async function () {
    this.timeout(30_000);
    lab = await startLab();
    staging = await startPebble({ dnsServer: `127.0.0.1:${lab.dns.port}` });
    // Whoever asks it is refused the connection: the CA proper has no part in a rehearsal.
    await lab.pebble.halt();
  });
  afterEach(async () => {
    await staging.stop();
    await lab.stop();
  });

  async function rehearse(): Promise<Outcome> {
    const caCertificates = join(lab.directory, 'staging-ca.pem');
    await writeFile(caCertificates, await readFile(staging.caFile));
    const acme = {
      ca: lab.pebble.directoryUrl,
      staging: staging.directoryUrl,
      termsOfServiceAgreed: true,
      caCertificates,
    };
    const site = {
      provider: 'main',
      srv: [{ target: `matrix.${NAME}` }],
      certificate: { names: [`*.${NAME}`], outputs: [{ directory: join(lab.directory, 'tls') }] },
    };
    await lab.configure({ [NAME]: site }, { acme });
    return lab.run(['renew', '--dry-run']);
  }

  it('goes the whole way to a certificate at the staging, and changes nothing', async () => {
    const { code, stdout, stderr } = await rehearse();
    assert.equal(code, 0, stdout + stderr);
    assert.match(stderr, /the rehearsal went well/);
    assert.match(stdout, /to create|create/);
    assert.deepEqual(await dig(lab, SRV, 'SRV'), []);
    assert.deepEqual(await dig(lab, SRV, 'TXT'), []);
    assert.deepEqual(await strayChallenges(lab, NAME), []);
    assert.equal(await orders(lab), 0, 'a rehearsal takes nothing from the budget');
    const kept = [...(await everyFile(lab.directory)).keys()];
    assert.deepEqual(
      kept.filter((file) => /tls\/|certificates\/|journal\/|sites\/|installation/.test(file)),
      [],
    );
  });

  it('fails where renewing would, and takes its values back', async () => {
    await staging.halt();
    const { code, stdout } = await rehearse();
    assert.equal(code, 3, stdout);
    assert.match(stdout, /E_ACME_UNREACHABLE/);
    assert.deepEqual(await strayChallenges(lab, NAME), []);
  });
});
