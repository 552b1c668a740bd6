import assert from 'node:assert/strict';
import { parseServerName } from '../src/matrix/server-name.ts';
import { plan, renew } from '../src/renew.ts';
import { exitCode } from '../src/report.ts';
import { config, createWorld, ctx, site } from './support/fake-ports.ts';

const SITE = site({
  wellKnown: {
    server: parseServerName('matrix.example.org:443'),
    client: { 'm.homeserver': { base_url: 'https://matrix.example.org' } },
    write: '/var/www/html',
    serve: false,
  },
});
const SERVER = '/var/www/html/.well-known/matrix/server';
const CLIENT = '/var/www/html/.well-known/matrix/client';

describe('the well-known files of a site', () => {
  it('are planned, written, and then left alone', async () => {
    const world = createWorld();
    const planned = await plan([SITE], config(SITE), world.ports(), ctx());
    assert.deepEqual(planned.sites[0]?.wellKnown, { action: 'write', files: [SERVER, CLIENT] });
    assert.equal(world.webFiles.size, 0);
    const run = (): ReturnType<typeof renew> =>
      renew([SITE], config(SITE), { force: false }, world.ports(), ctx());
    assert.deepEqual((await run()).sites[0]?.wellKnown, { action: 'write', files: [SERVER, CLIENT] });
    assert.deepEqual(JSON.parse(world.webFiles.get(SERVER) ?? ''), { 'm.server': 'matrix.example.org:443' });
    assert.deepEqual((await run()).sites[0]?.wellKnown, { action: 'keep', files: [] });
  });

  it('keep what others put into them', async () => {
    const world = createWorld();
    world.webFiles.set(
      CLIENT,
      '{"io.element.e2ee":{"default":true},"m.homeserver":{"base_url":"https://old"}}',
    );
    await renew([SITE], config(SITE), { force: false }, world.ports(), ctx());
    assert.deepEqual(JSON.parse(world.webFiles.get(CLIENT) ?? ''), {
      'io.element.e2ee': { default: true },
      'm.homeserver': { base_url: 'https://matrix.example.org' },
    });
  });

  it('are not written over what is no JSON', async () => {
    const world = createWorld();
    for (const text of ['<html>', '[]', '"text"']) {
      world.webFiles.set(SERVER, text);
      const report = await renew([SITE], config(SITE), { force: false }, world.ports(), ctx());
      assert.deepEqual([report.sites[0]?.errors[0]?.code, exitCode(report)], ['E_OUTPUT', 3]);
      assert.equal(world.webFiles.get(SERVER), text);
    }
  });
});
