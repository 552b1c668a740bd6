import assert from 'node:assert/strict';
import { parseAuthorization } from '../../src/acme/parse-authorization.ts';
import { ourError } from '../support/our-error.ts';

const URL = 'https://ca.example/authz/1';
const TOKEN = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';
const DNS01 = { type: 'dns-01', url: 'https://ca.example/chall/1', status: 'pending', token: TOKEN };
const AUTHORIZATION = {
  status: 'pending',
  identifier: { type: 'dns', value: 'example.org' },
  challenges: [
    { type: 'http-01', url: 'https://ca.example/chall/0', status: 'pending', token: TOKEN },
    DNS01,
  ],
};

describe('parseAuthorization', () => {
  it('reads the name and the dns-01 challenge', () => {
    assert.deepEqual(parseAuthorization({ ...AUTHORIZATION, wildcard: true }, URL), {
      url: URL,
      status: 'pending',
      name: 'example.org.',
      wildcard: true,
      dns01: { url: DNS01.url, status: 'pending', token: TOKEN },
    });
  });

  it('reads why the challenge failed', () => {
    const error = { type: 'urn:ietf:params:acme:error:dns', detail: 'no TXT record' };
    const failed = {
      ...AUTHORIZATION,
      status: 'invalid',
      challenges: [{ ...DNS01, status: 'invalid', error }],
    };
    assert.equal(parseAuthorization(failed, URL).dns01?.error?.detail, 'no TXT record');
  });

  it('does without a dns-01 challenge and with challenges that nobody knows', () => {
    const others = { ...AUTHORIZATION, challenges: [{ type: 'dns-account-01', x: 1 }, null, 'text'] };
    assert.equal(parseAuthorization(others, URL).dns01, undefined);
  });

  for (const [what, body] of [
    ['an unknown status', { ...AUTHORIZATION, status: 'ready' }],
    ['no identifier', { ...AUTHORIZATION, identifier: undefined }],
    ['no challenges', { ...AUTHORIZATION, challenges: undefined }],
    [
      'a dns-01 challenge without a token',
      { ...AUTHORIZATION, challenges: [{ ...DNS01, token: undefined }] },
    ],
    ['a token that is not base64url', { ...AUTHORIZATION, challenges: [{ ...DNS01, token: `${TOKEN}"` }] }],
    ['a challenge without a URL', { ...AUTHORIZATION, challenges: [{ ...DNS01, url: '/chall/1' }] }],
  ] as const)
    it(`refuses one with ${what}`, () => {
      assert.equal(ourError(() => parseAuthorization(body, URL)).code, 'E_ACME_PROBLEM');
    });
});
