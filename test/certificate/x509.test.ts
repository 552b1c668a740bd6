import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { factsOf, otherNames, parseChain } from '../../src/certificate/x509.ts';
import { ourError } from '../support/our-error.ts';
import { runProgram } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('x509', () => {
  const folder = temporaryFolder();

  /** A self-signed certificate, in PEM. */
  const made = async (
    key: readonly string[],
    names: string,
    subject = '/O=Lab/CN=lab',
    more: string[] = [],
  ): Promise<string> => {
    const [keyFile, file] = [join(folder(), 'key.pem'), join(folder(), 'cert.pem')];
    const output = ['-nodes', '-keyout', keyFile, '-out', file, '-days', '30', '-subj', subject];
    await runProgram('openssl', [
      'req',
      '-x509',
      '-newkey',
      ...key,
      ...output,
      ...more,
      '-addext',
      `subjectAltName=${names}`,
    ]);
    return readFile(file, 'utf8');
  };
  const EC = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

  it('reads names, dates, issuer, digest and key type', async () => {
    const pem = await made(EC, 'DNS:Example.org,DNS:*.example.org');
    const facts = factsOf(parseChain(pem)[0]);
    assert.deepEqual(facts.names, ['example.org.', '*.example.org.']);
    assert.equal(facts.issuer, 'lab');
    assert.equal(facts.keyType, 'ec256');
    assert.equal(facts.notAfter.getTime() - facts.notBefore.getTime(), 30 * 86_400_000);
    const printed = await runProgram('openssl', ['x509', '-noout', '-fingerprint', '-sha256'], pem);
    assert.equal(facts.sha256, printed.split('=')[1]?.trim().replaceAll(':', '').toLowerCase());
  });

  it('reads the serial with the zero octet that DER puts before a high bit', async () => {
    const high = await made(EC, 'DNS:a.example', '/CN=lab', ['-set_serial', '0x80FFEE']);
    assert.equal(factsOf(parseChain(high)[0]).serial, '0080FFEE');
    const low = await made(EC, 'DNS:a.example', '/CN=lab', ['-set_serial', '0x7F']);
    assert.equal(factsOf(parseChain(low)[0]).serial, '7F');
  });

  it('reads the serial of a long certificate', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `DNS:host-${index}.a-rather-long-domain.example`);
    const pem = await made(EC, names.join(','), '/CN=lab', ['-set_serial', '0x0102030405060708']);
    assert.equal(factsOf(parseChain(pem)[0]).serial, '0102030405060708');
  });

  it('reads which key signed it, where it says so', async () => {
    const pem = await made(EC, 'DNS:a.example');
    const printed = await runProgram('openssl', ['x509', '-noout', '-ext', 'subjectKeyIdentifier'], pem);
    const [id = ''] = /(?:[0-9A-F]{2}:){19}[0-9A-F]{2}/.exec(printed) ?? [];
    assert.equal(factsOf(parseChain(pem)[0]).authorityKeyId, id.replaceAll(':', ''));
    const silent = await made(EC, 'DNS:a.example', '/CN=lab', ['-addext', 'authorityKeyIdentifier=none']);
    assert.equal(factsOf(parseChain(silent)[0]).authorityKeyId, null);
  });

  it('knows the key types that we order and no other', async () => {
    const types: [string[], string | null][] = [
      [['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], 'ec384'],
      [['rsa:2048'], 'rsa2048'],
      [['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], null],
      [['ed25519'], null],
    ];
    for (const [key, type] of types)
      assert.equal(factsOf(parseChain(await made(key, 'DNS:a.example'))[0]).keyType, type);
  });

  it('names the issuer whole where it has no common name', async () => {
    assert.equal(
      factsOf(parseChain(await made(EC, 'DNS:a.example', '/C=DE/O=Lab'))[0]).issuer,
      'C=DE, O=Lab',
    );
  });

  it('tells other kinds of names apart', async () => {
    const [leaf] = parseChain(await made(EC, 'DNS:a.example,IP:192.0.2.1,email:x@a.example'));
    assert.deepEqual(factsOf(leaf).names, ['a.example.']);
    assert.deepEqual(otherNames(leaf), ['IP Address:192.0.2.1', 'email:x@a.example']);
  });

  it('is not fooled by a name that looks like two', async () => {
    const config = join(folder(), 'config');
    const names = 'DNS.1=a.example\nDNS.2=a.example, DNS:b.example\nemail.1=x, DNS:c.example\n';
    await writeFile(
      config,
      `[req]\ndistinguished_name=dn\nx509_extensions=v3\n[dn]\n[v3]\nsubjectAltName=@names\n[names]\n${names}`,
    );
    const key = ['-newkey', ...EC, '-nodes', '-keyout', join(folder(), 'key.pem')];
    const pem = await runProgram('openssl', ['req', '-x509', ...key, '-config', config, '-subj', '/CN=lab']);
    const [leaf] = parseChain(pem);
    assert.equal(otherNames(leaf).length, 1);
    assert.equal(ourError(() => factsOf(leaf)).code, 'E_ACME_CERTIFICATE');
  });

  it('reads every certificate of a chain, with anything in between', async () => {
    const one = await made(EC, 'DNS:a.example');
    assert.equal(parseChain(`${one}text\r\n${one.replaceAll('\n', '\r\n')}`).length, 2);
  });

  it('refuses what is no certificate', () => {
    const nonsense = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    for (const pem of ['', 'text', nonsense])
      assert.equal(ourError(() => parseChain(pem)).code, 'E_ACME_CERTIFICATE');
  });
});
