import assert from 'node:assert/strict';
import { parseAuthorization } from '../../src/acme/parse-authorization.ts';
import { ourError } from '../support/our-error.ts';

const URL = 'https://ca.example/authz/1';
const TOKEN = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';
const DNS01 = { type: 'dns-01', url: 'https://ca.example/chall/1', status: 'pending', token: TOKEN };
const PERSIST = { type: 'dns-persist-01', url: 'https://ca.example/chall/2', status: 'pending' };
const eleven = Array.from({ length: 11 }, (_, index) => `ca${index}.example`);
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
      offers: ['http-01', 'dns-01'],
      dns01: { url: DNS01.url, status: 'pending', token: TOKEN },
    });
  });

  for (const field of ['issuer-domain-names', 'issuerDomainNames'])
    it(`reads the dns-persist-01 challenge, whose names stand in ${field}`, () => {
      const challenge = { ...PERSIST, [field]: ['ca.example', 'authority.example'] };
      const { persist01, offers } = parseAuthorization({ ...AUTHORIZATION, challenges: [challenge] }, URL);
      assert.deepEqual(offers, ['dns-persist-01']);
      assert.deepEqual(persist01, {
        url: PERSIST.url,
        status: 'pending',
        issuers: ['ca.example', 'authority.example'],
      });
    });

  for (const issuers of [
    undefined,
    [],
    'ca.example',
    ['CA.example'],
    ['ca.example.'],
    ['ca.example', 7],
    eleven,
  ])
    it(`rejects the dns-persist-01 challenge of ${JSON.stringify(issuers)}, and nothing beside it`, () => {
      const challenge = { ...PERSIST, issuerDomainNames: issuers };
      const { persist01, dns01, offers } = parseAuthorization(
        { ...AUTHORIZATION, challenges: [challenge, DNS01] },
        URL,
      );
      assert.equal(persist01, undefined);
      assert.equal(dns01?.token, TOKEN);
      assert.deepEqual(offers, ['dns-persist-01', 'dns-01']);
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
