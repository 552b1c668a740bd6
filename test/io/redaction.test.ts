import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import { createRedactor } from '../../src/io/redaction.ts';

const SECRET = 'p%s/w+r d"ü\\9';

describe('createRedactor', () => {
  it('replaces a secret and nothing around it', () => {
    const redactor = createRedactor();
    redactor.register('hunter22');
    assert.equal(redactor.redact('token=hunter22; and hunter22!'), 'token=[redacted]; and [redacted]!');
    assert.equal(redactor.redact('nothing here'), 'nothing here');
  });

  it('leaves short words alone', () => {
    const redactor = createRedactor();
    redactor.register('');
    redactor.register('main');
    assert.equal(redactor.redact('main, a domain'), 'main, a domain');
  });

  it('knows the forms that a secret takes on its way', () => {
    const redactor = createRedactor();
    redactor.register(SECRET);
    const json = JSON.stringify({ secret: SECRET });
    const texts = [
      SECRET,
      json,
      JSON.stringify({ body: json }),
      encodeURIComponent(SECRET),
      new URLSearchParams({ q: SECRET }).toString().replaceAll('*', '%2A'),
      Buffer.from(SECRET).toString('base64'),
      Buffer.from(SECRET).toString('base64url'),
      Buffer.from(SECRET).toString('hex'),
    ];
    for (const text of texts) {
      const clean = redactor.redact(text);
      assert.match(clean, /\[redacted\]/, text);
      assert.equal(clean.includes('w+r'), false, clean);
    }
  });

  it('finds a secret in the base64 of a longer text, wherever it begins', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 7 }),
        fc.string({ unit: 'binary', minLength: 8, maxLength: 30 }),
        fc.string({ unit: 'binary', maxLength: 7 }),
        (before, secret, after) => {
          const redactor = createRedactor();
          redactor.register(secret);
          const text = Buffer.from(`${before}${secret}${after}`).toString('base64');
          assert.match(redactor.redact(text), /\[redacted\]/);
        },
      ),
    );
  });

  it('leaves nothing of the longer one where a secret holds another', () => {
    const redactor = createRedactor();
    redactor.register('secret-one');
    redactor.register('secret-one-and-more');
    assert.equal(redactor.redact('a secret-one-and-more b secret-one'), 'a [redacted] b [redacted]');
  });

  it('knows a long secret by each of its lines', () => {
    const redactor = createRedactor();
    redactor.register('{\n  "client_id": "1234567890123",\n  "x": 1\n}\n');
    assert.equal(redactor.redact('at "client_id": "1234567890123", line 2 {'), 'at [redacted] line 2 {');
  });

  it('replaces every private key, known or not, and one that was cut off', () => {
    const redactor = createRedactor();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const body = pem.split('\n')[1] ?? '';
    const texts = [pem, JSON.stringify({ pem }), pem.slice(0, 120), pem.replaceAll('PRIVATE', 'EC PRIVATE')];
    for (const text of texts) {
      const clean = redactor.redact(`before ${text} {after}`);
      assert.equal(clean.includes(body.slice(0, 40)), false, clean);
      assert.match(clean, /^before .*\[redacted\][^]*\{after\}$/);
    }
  });

  it('never lets a secret through, whatever stands around it', () => {
    const secret = fc
      .string({ unit: 'grapheme', minLength: 6, maxLength: 20 })
      .filter((text) => text.length >= 6);
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.string(), (secrets, text) => {
        const redactor = createRedactor();
        for (const each of secrets) redactor.register(each);
        const clean = redactor.redact(secrets.map((each) => `${text}<${each}>`).join(''));
        // The mark is ours, and a secret may be a part of it.
        for (const each of secrets)
          assert.equal(clean.replaceAll('[redacted]', '\0').includes(`<${each}>`), false);
      }),
    );
  });
});
