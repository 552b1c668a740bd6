import assert from 'node:assert/strict';
import { type ProviderCheck, checkProvider } from '../src/check-provider.ts';
import { type ErrorCode, DelegatedError } from '../src/errors.ts';
import { assertRefused } from './conformance/expectations.ts';
import { CHALLENGE, type World, certificate, config, createWorld, ctx, site } from './support/fake-ports.ts';

function failing(code: ErrorCode): World {
  const world = createWorld();
  world.dns.interfere = () => {
    throw new DelegatedError(code, 'told to');
  };
  return world;
}

describe('a check of a provider', () => {
  const { sites, providers } = config(site({ certificate: certificate() }));
  const [configured] = providers.values();

  async function check(world: World): Promise<ProviderCheck> {
    assert.ok(configured);
    return checkProvider(configured, sites, world.ports(), ctx());
  }

  it('looks for the zone of a challenge whose alias nobody could tell', async () => {
    const { items, keys } = await check(failing('E_DNS_UNANSWERED'));
    assert.deepEqual(
      items.filter(({ ok }) => !ok),
      [],
    );
    assert.ok(keys.some(({ name, type }) => name === CHALLENGE && type === 'TXT'));
  });

  it('takes neither a stop nor a bug for something that the provider does', async () => {
    for (const code of ['E_ABORTED', 'E_BUG'] as const) {
      await assertRefused(check(failing(code)), code);
      const world = createWorld();
      const ports = {
        ...world.ports(),
        provider: () => Promise.reject(new DelegatedError(code, 'told to')),
      };
      assert.ok(configured);
      await assertRefused(checkProvider(configured, sites, ports, ctx()), code);
    }
  });
});
