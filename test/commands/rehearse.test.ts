import assert from 'node:assert/strict';
import type { Context } from '../../src/commands/context.ts';
import { rehearse } from '../../src/commands/rehearse.ts';
import type { AcmeConfig } from '../../src/config/config.ts';
import type { Report } from '../../src/report.ts';
import { type World, certificate, config, createWorld, ctx, site } from '../support/fake-ports.ts';
import { createTestShell } from '../support/test-shell.ts';

const SITE = site({ certificate: certificate() });
const STAGING = 'https://staging.test/directory';
const EAB = { kid: 'of the CA', hmacKey: 'a2V5' };

interface Opened {
  readonly acme: AcmeConfig;
  readonly folder: string;
}

async function dryRun(
  world: World,
  more: Partial<AcmeConfig>,
  externalAccountRequired: boolean,
): Promise<{ readonly report: Report; readonly opened: Opened }> {
  const usual = config(SITE);
  const opened: Opened[] = [];
  const context: Context = {
    config: { ...usual, acme: { ...usual.acme, stagingDirectoryUrl: STAGING, ...more } },
    ports: world.ports(),
    ctx: ctx(),
    async openAcme(acme, folder) {
      opened.push({ acme, folder });
      const client = world.otherCa.client();
      return {
        ...client,
        directory: async (at) => ({ ...(await client.directory(at)), externalAccountRequired }),
      };
    },
    notifier: null,
    openAccount: () => Promise.reject(new Error('a rehearsal looks at no account')),
    close: async () => undefined,
  };
  const report = await rehearse([SITE], context, createTestShell());
  assert.ok(opened[0] !== undefined && opened.length === 1);
  return { report, opened: opened[0] };
}

describe('a rehearsal', () => {
  it('never sends the external account binding of the CA to its staging', async () => {
    const world = createWorld();
    world.otherCa.profiles = ['tlsserver'];
    const { report, opened } = await dryRun(world, { eab: EAB, profile: 'tlsserver' }, false);
    assert.deepEqual(
      [opened.acme.directoryUrl, opened.acme.eab, opened.acme.profile],
      [STAGING, undefined, 'tlsserver'],
    );
    assert.doesNotMatch(opened.folder, /^\/var\/lib\/delegated/);
    assert.deepEqual(report.sites[0]?.errors, []);
  });

  it('says which setting a staging wants that takes nobody without a binding, and orders nothing', async () => {
    const world = createWorld();
    const { report } = await dryRun(world, { eab: EAB }, true);
    const [error] = report.sites[0]?.errors ?? [];
    assert.deepEqual([report.ok, error?.code], [false, 'E_ACME_ACCOUNT']);
    assert.match(error?.hint ?? '', /acme\.stagingEab/);
    assert.equal(world.otherCa.orders.length, 0);
  });

  it('has a binding of its own, and keeps the account that it bound', async () => {
    const world = createWorld();
    const stagingEab = { kid: 'of the staging', hmacKey: 'a2V5' };
    const { report, opened } = await dryRun(world, { eab: EAB, stagingEab }, true);
    assert.deepEqual([report.sites[0]?.errors, opened.acme.eab], [[], stagingEab]);
    assert.match(opened.folder, /^\/var\/lib\/delegated\/accounts\//);
    assert.equal(world.otherCa.issued.length, 1);
  });
});
