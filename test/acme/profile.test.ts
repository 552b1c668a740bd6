import assert from 'node:assert/strict';
import { requireProfile } from '../../src/acme/profile.ts';
import { ourError } from '../support/our-error.ts';

const URL = 'https://ca.example/directory';

describe('requireProfile', () => {
  it('is content with a profile that the CA has, and with none', () => {
    requireProfile('shortlived', { profiles: ['classic', 'shortlived'] }, URL);
    requireProfile(undefined, {}, URL);
  });

  it('names the profiles that there are', () => {
    const error = ourError(() => requireProfile('short', { profiles: ['classic', 'shortlived'] }, URL));
    assert.equal(error.code, 'E_ACME_PROFILE');
    assert.equal(error.message, 'ca.example has no certificate profile "short": it has classic, shortlived');
  });

  it('says that there are none', () => {
    for (const profiles of [undefined, []])
      assert.match(
        ourError(() => requireProfile('short', profiles === undefined ? {} : { profiles }, URL)).message,
        /it has none at all$/,
      );
  });
});
