import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { createCsr } from '../../../src/io/acme/csr.ts';
import { createKeyMaker } from '../../../src/io/key-maker.ts';
import { patient, watchedClient } from '../../support/acme.ts';
import { runProgram } from '../../support/process.ts';
import { startScriptedCa } from '../../support/scripted-ca.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const require = createRequire(import.meta.url);

describe('acme-client', () => {
  const folder = temporaryFolder();

  it('is the version whose insides we build on', () => {
    const { version }: { readonly version: string } = require('acme-client/package.json');
    assert.equal(version, '5.4.0');
  });

  it('sends nothing by itself: axios may be left out of a build', async () => {
    const axios: unknown = require('acme-client/src/axios.js');
    assert.ok(typeof axios === 'function' && 'request' in axios);
    const { request } = axios;
    let used = 0;
    axios.request = () => {
      used += 1;
      throw new Error('axios is used');
    };
    const ca = await startScriptedCa();
    const { directoryUrl, certificate: caCertificates } = ca;
    const client = watchedClient({ directoryUrl, accountDirectory: folder(), caCertificates });
    const refused = { status: 400, body: { type: 'urn:ietf:params:acme:error:badNonce' } };
    ca.script = ({ path, attempt }) => (path === '/new-order' && attempt < 3 ? refused : null);
    try {
      const order = await client.newOrder([parseDomainName('example.org')], {}, patient());
      await client.order(order.url, patient());
      assert.equal(client.exchanges.length, ca.requests.length);
      assert.equal(used, 0);
    } finally {
      axios.request = request;
      client.close();
      await ca.stop();
    }
  });

  it('makes certificate requests with the names in subjectAltName and an empty subject', async () => {
    const names = ['example.org', '*.example.org'].map(parseDomainName);
    for (const type of ['ec256', 'rsa2048'] as const) {
      const csr = await createCsr(names, await createKeyMaker().privateKey(type));
      const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(csr, 'base64url').toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
      const text = await runProgram('openssl', ['req', '-noout', '-text', '-verify'], pem);
      assert.match(text, /Subject: *\n/);
      assert.match(text, /DNS:example\.org, DNS:\*\.example\.org/);
    }
  });
});
