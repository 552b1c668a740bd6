import assert from 'node:assert/strict';
import { checkText } from './check-text.ts';

/** The site of a config with these keys, or what is wrong with them. */
async function check(challenge: string, names = '[]'): Promise<unknown> {
  const checked = await checkText(`
version: 1
acme: { termsOfServiceAgreed: true }
providers: { main: { type: rfc2136, server: a, key: { name: k, secret: c2VjcmV0 } } }
sites:
  example.org:
    provider: main
    srv: [{ target: matrix.example.org }]
    challenge: ${challenge}
    certificate: { names: ${names} }
`);
  if (!checked.ok) return checked.problems.map(({ path, message }) => `${path}: ${message}`);
  const [site] = checked.config.sites;
  return { persist: site?.persist, provider: site?.challengeProvider };
}

describe('the challenge of a site', () => {
  it('is dns-01 unless the config says otherwise', async () => {
    const provider = { persist: undefined, provider: 'main' };
    assert.deepEqual(await check('{ provider: main }'), provider);
    assert.deepEqual(await check('{ type: dns-01, provider: main }'), provider);
  });

  it('is dns-persist-01 without a wildcard and without an end by default', async () => {
    assert.deepEqual(await check('{ type: dns-persist-01 }'), {
      persist: { wildcard: false },
      provider: undefined,
    });
    assert.deepEqual(await check('{ type: dns-persist-01, persistUntil: 2027-12-31T01:00:00+01:00 }'), {
      persist: { wildcard: false, until: new Date('2027-12-31T00:00:00Z') },
      provider: undefined,
    });
  });

  it('takes a wildcard only where it is meant', async () => {
    const names = "['*.example.org']";
    assert.deepEqual(await check('{ type: dns-persist-01, wildcard: true }', names), {
      persist: { wildcard: true },
      provider: undefined,
    });
    const [problem = ''] = Object.values((await check('{ type: dns-persist-01 }', names)) ?? {}).map(String);
    assert.match(problem, /certificate\.names\[0\]: \*\.example\.org needs `challenge\.wildcard: true`/);
    assert.deepEqual(await check('{ type: dns-01 }', names), { persist: undefined, provider: undefined });
  });

  for (const [challenge, message] of [
    ['{ wildcard: true }', /challenge\.wildcard: this key belongs to `type: dns-persist-01`/],
    ['{ persistUntil: 2027-12-31T00:00:00Z }', /challenge\.persistUntil: this key belongs to/],
    ['{ type: dns-persist-01, persistUntil: 2027-12-31 }', /expected a moment, such as 2026-12-31T00:00:00Z/],
    ['{ type: dns-persist-01, persistUntil: 1830297600 }', /expected a moment, such as/],
  ] as const)
    it(`refuses ${challenge}`, async () => {
      assert.match(String(await check(challenge)), message);
    });
});
