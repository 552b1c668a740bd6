import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { createKeyMaker } from '../../../src/io/key-maker.ts';
import { issueWith, noncesOf, patient, settled, watchedClient } from '../../support/acme.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { startDnsStub } from '../../support/dns-stub.ts';
import { type Pebble, startPebble } from '../../support/pebble.ts';
import { runProgram } from '../../support/process.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NOWHERE = '127.0.0.1:9';
const NAMES = ['example.test', '*.example.test', 'matrix.example.test'];

describe('an issuance at Pebble', () => {
  const folder = temporaryFolder();
  let pebble: Pebble;
  let trust: string;

  const start = async (env: Readonly<Record<string, string>> = {}): Promise<void> => {
    pebble = await startPebble({
      dnsServer: NOWHERE,
      strict: true,
      env: { PEBBLE_VA_ALWAYS_VALID: '1', PEBBLE_WFE_NONCEREJECT: '0', ...env },
    });
    trust = await readFile(pebble.caFile, 'utf8');
  };
  const open = (): ReturnType<typeof watchedClient> =>
    watchedClient({
      directoryUrl: pebble.directoryUrl,
      accountDirectory: join(folder(), 'account'),
      caCertificates: trust,
    });
  afterEach(() => pebble.stop());

  it('brings a certificate for names and a wildcard that openssl and we find good', async () => {
    await start();
    const client = open();
    const { fullchain, privateKey } = await issueWith(client, NAMES, patient());
    const keys = createKeyMaker();
    const material = { privateKey, cert: '', chain: '', fullchain };
    assert.equal(keys.mismatch(material, NAMES.map(parseDomainName), new Date()), null);
    const [root, chain] = [join(folder(), 'root.pem'), join(folder(), 'chain.pem')];
    await Promise.all([writeFile(root, await pebble.root()), writeFile(chain, fullchain)]);
    const verify = [
      'verify',
      '-CAfile',
      root,
      '-untrusted',
      chain,
      '-verify_hostname',
      'any.example.test',
      chain,
    ];
    assert.match(await runProgram('openssl', verify), /OK/);
    client.close();
  });

  for (const type of ['ec384', 'rsa2048'] as const)
    it(`takes a key of type ${type}`, async () => {
      await start();
      const client = open();
      await client.account(patient());
      let order = await client.newOrder([parseDomainName('example.test')], {}, patient());
      for (const url of order.authorizations) {
        const { dns01 } = await client.authorization(url, patient());
        await client.respond(dns01?.url ?? '', patient());
      }
      order = await settled(client, order, 'pending', patient());
      order = await client.finalize(order, await createKeyMaker().privateKey(type), patient());
      order = await settled(client, order, 'processing', patient());
      const pem = await client.certificate(order.certificate ?? '', patient());
      assert.equal(createKeyMaker().facts(pem).keyType, type);
      client.close();
    });

  it('can be revoked by its account or by its own key, and once more', async () => {
    await start();
    const client = open();
    for (const byKey of [false, true]) {
      const { fullchain, privateKey } = await issueWith(client, NAMES, patient());
      const [cert = ''] = /-----BEGIN[^]*?-----END CERTIFICATE-----/.exec(fullchain) ?? [];
      const reason = byKey ? 'keyCompromise' : 'superseded';
      for (let times = 0; times < 2; times += 1)
        await client.revoke(cert, { reason, ...(byKey ? { privateKey } : {}) }, patient());
      const serial = createKeyMaker().facts(fullchain).serial.toLowerCase();
      assert.deepEqual(await pebble.status(serial), { Status: 'Revoked', Reason: byKey ? 1 : 4 });
    }
    client.close();
  });

  it('cannot be revoked by an account that did not order it', async () => {
    await start();
    const first = open();
    const { fullchain } = await issueWith(first, NAMES, patient());
    first.close();
    const other = watchedClient({
      directoryUrl: pebble.directoryUrl,
      accountDirectory: join(folder(), 'another'),
      caCertificates: trust,
    });
    await assertRefused(
      other.revoke(
        fullchain.split(/(?<=END CERTIFICATE-----)/)[0] ?? '',
        { reason: 'unspecified' },
        patient(),
      ),
      'E_ACME_PROBLEM',
    );
    other.close();
  });

  it('needs at most 14 requests for an order of two names on a known account', async () => {
    await start();
    const first = open();
    await first.account(patient());
    first.close();
    const client = open();
    await issueWith(client, NAMES.slice(1), patient());
    assert.ok(client.exchanges.length <= 14, `${client.exchanges.length} requests`);
    client.close();
  });

  it('comes through when nine of ten nonces are refused, and uses none twice', async () => {
    await start({ PEBBLE_WFE_NONCEREJECT: '90' });
    const client = open();
    await issueWith(client, NAMES, patient());
    const nonces = noncesOf(client.exchanges);
    assert.ok(nonces.length > 12);
    assert.equal(new Set(nonces).size, nonces.length);
    client.close();
  });

  it('gives every one of many requests at once a nonce of its own', async () => {
    await start();
    const client = open();
    await client.account(patient());
    const names = Array.from({ length: 12 }, (_, index) => [parseDomainName(`host-${index}.example.test`)]);
    const orders = await Promise.all(names.map((name) => client.newOrder(name, {}, patient())));
    assert.equal(new Set(orders.map(({ url }) => url)).size, names.length);
    const nonces = noncesOf(client.exchanges);
    assert.equal(new Set(nonces).size, nonces.length);
    client.close();
  });

  it('lists the orders of the account, over several pages', async () => {
    await start({ PEBBLE_WFE_ORDERS_PER_PAGE: '2' });
    const client = open();
    await client.account(patient());
    assert.deepEqual(await client.openOrders(patient()), []);
    const urls: string[] = [];
    for (const name of [
      'a.example.test',
      'b.example.test',
      'c.example.test',
      'd.example.test',
      'e.example.test',
    ])
      urls.push((await client.newOrder([parseDomainName(name)], {}, patient())).url);
    const listed = await client.openOrders(patient());
    assert.deepEqual(listed?.map(({ url }) => url).toSorted(), urls.toSorted());
    client.close();
  });

  it('uses authorizations that are valid already', async () => {
    await start({ PEBBLE_AUTHZREUSE: '100' });
    const client = open();
    await issueWith(client, NAMES, patient());
    const again = await client.newOrder(NAMES.map(parseDomainName), {}, patient());
    assert.equal(again.status, 'ready');
    client.close();
  });
});

describe('a challenge at Pebble', () => {
  const folder = temporaryFolder();

  it('is valid with the TXT value of dns01Value', async () => {
    const values: string[] = [];
    const dns = await startDnsStub(({ name, type }) => ({
      answers:
        type === 'TXT' && name === '_acme-challenge.example.test'
          ? values.map((data) => ({ name, type: 'TXT', ttl: 1, data }))
          : [],
    }));
    const pebble = await startPebble({ dnsServer: `127.0.0.1:${dns.endpoint.port}`, strict: true });
    const client = watchedClient({
      directoryUrl: pebble.directoryUrl,
      accountDirectory: folder(),
      caCertificates: await readFile(pebble.caFile, 'utf8'),
    });
    const ctx = patient();
    try {
      await client.account(ctx);
      let order = await client.newOrder([parseDomainName('example.test')], {}, ctx);
      const { dns01 } = await client.authorization(order.authorizations[0] ?? '', ctx);
      assert.ok(dns01 !== undefined);
      values.push(client.dns01Value(dns01.token));
      await client.respond(dns01.url, ctx);
      order = await settled(client, order, 'pending', ctx);
      assert.equal(order.status, 'ready');
    } finally {
      client.close();
      await Promise.all([pebble.stop(), dns.stop()]);
    }
  });

  it('says why, when nothing is found', async () => {
    const dns = await startDnsStub(() => ({ flags: 0x0403 }));
    const pebble = await startPebble({ dnsServer: `127.0.0.1:${dns.endpoint.port}`, strict: true });
    const client = watchedClient({
      directoryUrl: pebble.directoryUrl,
      accountDirectory: folder(),
      caCertificates: await readFile(pebble.caFile, 'utf8'),
    });
    const ctx = patient();
    try {
      await client.account(ctx);
      let order = await client.newOrder([parseDomainName('example.test')], {}, ctx);
      const { url } = (await client.authorization(order.authorizations[0] ?? '', ctx)).dns01 ?? { url: '' };
      await client.respond(url, ctx);
      order = await settled(client, order, 'pending', ctx);
      assert.equal(order.status, 'invalid');
      const { dns01, status } = await client.authorization(order.authorizations[0] ?? '', ctx);
      assert.equal(status, 'invalid');
      assert.ok((dns01?.error?.detail ?? '').length > 0);
    } finally {
      client.close();
      await Promise.all([pebble.stop(), dns.stop()]);
    }
  });
});
