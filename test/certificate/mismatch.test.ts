import assert from 'node:assert/strict';
import { type KeyObject, generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mismatch } from '../../src/certificate/mismatch.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { type LabChain, makeLabChain } from '../support/lab-chain.ts';
import { runProgram } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NAMES = ['example.org', '*.example.org'];
const WANTED = NAMES.toReversed().map(parseDomainName);
const DAY = 86_400_000;
const SAN = NAMES.map((name) => `DNS:${name}`).join(',');

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('mismatch', () => {
  const folder = temporaryFolder();
  let chain: LabChain;
  let other: LabChain;
  let fullchain: string;
  const now = new Date();

  before(async () => {
    [chain, other] = await Promise.all([makeLabChain(NAMES), makeLabChain(NAMES)]);
    fullchain = chain.leaf + chain.intermediate;
  });

  const found = (pem: string, names = WANTED, at = now, key = chain.privateKey): string | null =>
    mismatch(pem, key, names, at);

  it('finds none in what was ordered, whatever the order of the names', () => {
    assert.equal(found(fullchain), null);
    assert.equal(found(chain.leaf), null);
  });

  it('finds a name that is missing, and one that nobody ordered', () => {
    const more = parseDomainName('other.example');
    assert.match(found(fullchain, [...WANTED, more]) ?? '', /lacks the names other\.example/);
    assert.match(found(fullchain, WANTED.slice(1)) ?? '', /nobody ordered: \*\.example\.org/);
  });

  it('finds the key of another certificate, and one that is none, and shows neither', () => {
    assert.match(found(fullchain, WANTED, now, other.privateKey) ?? '', /public key/);
    assert.equal(found(fullchain, WANTED, now, 'SECRET'), 'the private key cannot be read');
  });

  it('finds a key of another kind, which Synapse may load beside the certificate without a word', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    for (const key of [rsa, p384, generateKeyPairSync('ed25519').privateKey])
      assert.equal(found(fullchain, WANTED, now, pem(key)), 'its public key is not that of the private key');
    const file = join(folder(), 'rsa.pem');
    await writeFile(file, pem(rsa));
    const extensions = [`subjectAltName=${SAN}`, 'basicConstraints=critical,CA:FALSE'];
    const rsaCertificate = await runProgram('openssl', [
      'req',
      '-x509',
      '-key',
      file,
      '-subj',
      '/CN=x',
      ...extensions.flatMap((each) => ['-addext', each]),
    ]);
    assert.equal(found(rsaCertificate, WANTED, now, pem(rsa)), null);
    assert.equal(found(rsaCertificate), 'its public key is not that of the private key');
  });

  it('finds a link of the chain that did not sign, though it has the right name', () => {
    assert.match(
      found(chain.leaf + other.intermediate) ?? '',
      /certificate 1 .* not signed by certificate 2/,
    );
  });

  it('finds a chain in the wrong order', () => {
    assert.notEqual(found(chain.intermediate + chain.leaf), null);
  });

  it('finds a certificate that is not yet valid, and allows an hour for our clock', () => {
    assert.equal(found(fullchain, WANTED, new Date(now.getTime() - 3_000_000)), null);
    assert.match(found(fullchain, WANTED, new Date(now.getTime() - DAY)) ?? '', /valid from/);
  });

  it('finds one that has expired', () => {
    assert.match(found(fullchain, WANTED, new Date(now.getTime() + 11 * DAY)) ?? '', /has expired/);
  });

  it('finds that there is no certificate at all', () => {
    assert.match(found('<html>') ?? '', /not a certificate chain/);
  });
});
