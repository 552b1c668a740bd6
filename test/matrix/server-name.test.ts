import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { DelegatedError } from '../../src/errors.ts';
import { parseDelegableServerName, parseServerName } from '../../src/matrix/server-name.ts';
import { ourError } from '../support/our-error.ts';

describe('a Matrix server name', () => {
  it('is a DNS name, with a port or without', () => {
    assert.deepEqual(parseServerName('example.org'), {
      text: 'example.org',
      host: { kind: 'name', name: 'example.org.' },
      port: null,
    });
    assert.equal(parseServerName('example.org:8448').port, 8448);
    assert.equal(parseServerName('localhost').text, 'localhost');
  });

  it('is an IPv4 address', () => {
    assert.deepEqual(parseServerName('1.2.3.4:80'), {
      text: '1.2.3.4:80',
      host: { kind: 'ip', address: '1.2.3.4' },
      port: 80,
    });
    refused('1.2.3.256', /not an IPv4 address/);
  });

  it('is an IPv6 address in brackets', () => {
    assert.deepEqual(parseServerName('[2001:db8::1]:8448'), {
      text: '[2001:db8::1]:8448',
      host: { kind: 'ip', address: '2001:db8::1' },
      port: 8448,
    });
    assert.equal(parseServerName('[::ffff:192.0.2.1]').port, null);
    for (const wrong of ['[2001:db8::1', '2001:db8::1', '[1.2.3.4]', '[::g]', '[]', '[::1]x', '[::1%eth0]'])
      refused(wrong, /./);
  });

  it('keeps its case as an identifier, while its host has none', () => {
    const { text, host } = parseServerName('Example.ORG');
    assert.equal(text, 'Example.ORG');
    assert.deepEqual(host, { kind: 'name', name: 'example.org.' });
  });

  it('has a port of at most five digits and 65535', () => {
    assert.equal(parseServerName('example.org:65535').port, 65535);
    refused('example.org:65536', /above 65535/);
    for (const wrong of [
      'example.org:',
      'example.org:123456',
      'example.org:x',
      'example.org:-1',
      'example.org:80:80',
    ])
      refused(wrong, /./);
  });

  it('has at most 230 characters', () => {
    const longest = [60, 60, 60, 47].map((length) => 'a'.repeat(length)).join('.');
    assert.equal(longest.length, 230);
    assert.equal(parseServerName(longest).text, longest);
    refused(`${longest}a`, /longer than 230/);
  });

  it('is nothing else that a person might write', () => {
    for (const wrong of [
      '',
      'https://example.org',
      '@user:example.org',
      'example.org/',
      'bücher.example',
      'a b',
      'a\nb',
    ])
      refused(wrong, /./);
    refused('example.org.', /trailing dot/);
    refused('_matrix.example.org', /only letters, digits/);
    refused('a..b', /empty label/);
    refused(`${'a'.repeat(64)}.org`, /longer than 63/);
  });

  it('is told in A-labels where somebody writes it in letters of their own', () => {
    assert.throws(() => parseServerName('München.example'), /as A-labels it is "xn--mnchen-3ya\.example"/);
    assert.throws(() => parseServerName('mün_\u0000chen'), /\(IDNs as A-labels\)/);
  });

  it('is refused with one of our errors and a hint, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        try {
          assert.equal(parseServerName(text).text, text);
        } catch (thrown) {
          assert.ok(thrown instanceof DelegatedError);
          assert.equal(thrown.code, 'E_SERVER_NAME');
          assert.match(thrown.hint ?? '', /server_name/);
        }
      }),
    );
  });
});

describe('a server name that SRV can delegate', () => {
  it('is a DNS name without a port', () => {
    assert.equal(parseDelegableServerName('example.org').host.name, 'example.org.');
  });

  it('is no IP address, since nobody looks for SRV there', () => {
    for (const address of ['192.0.2.1', '[2001:db8::1]', '192.0.2.1:8448']) {
      const error = ourError(() => parseDelegableServerName(address));
      assert.equal(error.code, 'E_SERVER_NAME');
      assert.match(error.message, /is an IP address, which SRV cannot delegate/);
      assert.match(error.hint ?? '', /use the DNS name/);
    }
  });

  it('has no port, since nobody looks for SRV then', () => {
    const error = ourError(() => parseDelegableServerName('example.org:443'));
    assert.equal(error.code, 'E_SERVER_NAME');
    assert.match(error.message, /"example\.org:443" has a port, so SRV cannot delegate it/);
    assert.match(error.hint ?? '', /port 443/);
  });
});

function refused(text: string, why: RegExp): void {
  const error = ourError(() => parseServerName(text));
  assert.equal(error.code, 'E_SERVER_NAME', text);
  assert.match(error.message, why);
  assert.ok(error.message.startsWith(JSON.stringify(text)), 'the message names what was written');
}
