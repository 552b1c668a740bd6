import assert from 'node:assert/strict';
import { certIdOf } from '../../src/certificate/cert-id.ts';

describe('certIdOf', () => {
  it('is that of the example in RFC 9773 §4.1', () => {
    const facts = {
      authorityKeyId: '69885B6B87464041E1B37B847BA0AE2CDE01C8D4',
      serial: '0087654321',
    };
    assert.equal(certIdOf(facts), 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
  });

  it('is none without the key that signed', () => {
    assert.equal(certIdOf({ authorityKeyId: null, serial: '01' }), null);
  });
});
