/**
 * What a CA does, as far as clients can rely on it (RFC 8555). Pebble and our double are held to the same, so that what
 * is tried out on the double is worth something.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { createKeyMaker } from '../../../src/io/key-maker.ts';
import { problemOf } from '../../../src/acme/problem-error.ts';
import { failure, issueWith, noncesOf, patient, settled, watchedClient } from '../../support/acme.ts';
import { runProgram } from '../../support/process.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type RawAcme, type RawAnswer, type Wrongs, randomSignature, rawAcme } from './raw-acme.ts';

/** One that finds every challenge valid. */
export interface CaUnderTest {
  readonly directoryUrl: string;
  readonly caFile: string;
  root(): Promise<string>;
  stop(): Promise<void>;
}

const NAMES = ['example.test', '*.example.test', 'matrix.example.test'];

export function describeCa(name: string, start: () => Promise<CaUnderTest>): void {
  describe(`${name}, held to the laws of a CA,`, () => {
    const folder = temporaryFolder();
    let ca: CaUnderTest;
    let trust: string;
    let raw: RawAcme;

    before(async () => {
      ca = await start();
      trust = await readFile(ca.caFile, 'utf8');
    });
    after(() => ca.stop());
    beforeEach(async () => {
      raw = await rawAcme(ca.directoryUrl, trust);
    });
    afterEach(() => raw.close());

    const open = (account = 'account'): ReturnType<typeof watchedClient> =>
      watchedClient({
        directoryUrl: ca.directoryUrl,
        accountDirectory: join(folder(), account),
        caCertificates: trust,
      });
    const order = (names: readonly string[], wrongs?: Wrongs): Promise<RawAnswer> => {
      const identifiers = names.map((value) => ({ type: 'dns', value }));
      return raw.post(raw.directory['newOrder'] ?? '', { identifiers }, wrongs);
    };
    it('issues what was ordered, and openssl finds it good', async () => {
      const client = open();
      const { fullchain, privateKey } = await issueWith(client, NAMES, patient());
      client.close();
      const material = { privateKey, cert: '', chain: '', fullchain };
      assert.equal(createKeyMaker().mismatch(material, NAMES.map(parseDomainName), new Date()), null);
      const [root, chain] = [join(folder(), 'root.pem'), join(folder(), 'chain.pem')];
      await Promise.all([writeFile(root, await ca.root()), writeFile(chain, fullchain)]);
      const verify = ['verify', '-CAfile', root, '-untrusted', chain, '-verify_hostname', 'any.example.test'];
      assert.match(await runProgram('openssl', [...verify, chain]), /OK/);
      const nonces = noncesOf(client.exchanges);
      assert.equal(new Set(nonces).size, nonces.length);
    });

    it('finds an account again by its key', async () => {
      const url = await raw.register();
      const { status, headers } = await raw.post(
        raw.directory['newAccount'] ?? '',
        { onlyReturnExisting: true },
        { kid: null },
      );
      assert.deepEqual([status, headers['location']], [200, url]);
    });

    it('says that there is no account of a key that it does not know', async () => {
      const answer = await raw.post(raw.directory['newAccount'] ?? '', { onlyReturnExisting: true });
      refused(answer, 'accountDoesNotExist');
    });

    describe('asked to change the key of an account', () => {
      let next: RawAcme;
      let account: string;
      let url: string;
      beforeEach(async () => {
        next = await rawAcme(ca.directoryUrl, trust);
        account = await raw.register();
        url = raw.directory['keyChange'] ?? '';
      });
      afterEach(() => next.close());
      it('knows the account by the new key from then on, and not by the old one', async () => {
        const answer = await raw.post(url, next.inner(url, { account, oldKey: raw.jwk }));
        assert.equal(answer.status, 200);
        const { status, headers } = await found(next);
        assert.deepEqual([status, headers['location']], [200, account]);
        refused(await found(raw), 'accountDoesNotExist');
        refused(await order(['a.example.test']), 'malformed');
        const identifiers = [{ type: 'dns', value: 'a.example.test' }];
        const ordered = await next.post(raw.directory['newOrder'] ?? '', { identifiers }, { kid: account });
        assert.equal(ordered.status, 201);
      });

      it('keeps the old key where the inside is not right', async () => {
        const right = { account, oldKey: raw.jwk };
        for (const inner of [
          next.inner(url, { ...right, account: `${account}77` }),
          next.inner(url, { ...right, oldKey: next.jwk }),
          next.inner(`${url}x`, right),
          { ...next.inner(url, right), signature: randomSignature() },
          right,
        ])
          refused(await raw.post(url, inner), 'malformed');
        assert.equal((await found(raw)).headers['location'], account);
        refused(await found(next), 'accountDoesNotExist');
      });

      it('takes no key that another account has', async () => {
        const other = await next.register();
        const answer = await raw.post(url, next.inner(url, { account, oldKey: raw.jwk }));
        // RFC 8555 §7.3.5 wants 409 and the other account's URL; Pebble 2.4 answers 500 (2026-11).
        assert.ok(answer.status >= 400, `HTTP ${answer.status}`);
        if (answer.status !== 500)
          assert.deepEqual([answer.status, answer.headers['location']], [409, other]);
        assert.equal((await found(raw)).headers['location'], account);
        assert.equal((await found(next)).headers['location'], other);
      });

      it('does so for our client, also from a key of RSA', async () => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        await mkdir(join(folder(), 'rsa'));
        const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
        await writeFile(join(folder(), 'rsa', 'account.key'), pem, { mode: 0o600 });
        const client = open('rsa');
        const before = await client.account(patient());
        await client.changeAccountKey(patient());
        assert.equal((await client.lookAtAccount(patient())).account?.url, before);
        assert.notEqual(await readFile(join(folder(), 'rsa', 'account.key'), 'utf8'), pem);
        client.close();
      });
    });

    it('takes a nonce once, and none that it did not give', async () => {
      await raw.register();
      const nonce = await raw.nonce();
      assert.equal((await order(['a.example.test'], { nonce })).status, 201);
      refused(await order(['a.example.test'], { nonce }), 'badNonce');
      refused(await order(['a.example.test'], { nonce: 'bm9uY2U' }), 'badNonce');
    });

    it('takes no request that was signed for another URL', async () => {
      await raw.register();
      const answer = await order(['a.example.test'], { url: `${raw.directory['newOrder'] ?? ''}x` });
      assert.ok(answer.status >= 400 && answer.status < 500);
    });

    it('takes no signature of somebody else', async () => {
      await raw.register();
      refused(await order(['a.example.test'], { signature: randomSignature() }), 'malformed');
    });

    it('takes an order only from an account', async () => {
      const account = await raw.register();
      refused(await order(['a.example.test'], { kid: `${account}77` }), 'accountDoesNotExist');
      refused(await order(['a.example.test'], { kid: null }), 'malformed');
    });

    it('takes no body of another type', async () => {
      await raw.register();
      assert.equal((await order(['a.example.test'], { contentType: 'application/json' })).status, 415);
    });

    it('takes an order for names only', async () => {
      await raw.register();
      assert.equal((await order([])).status, 400);
      assert.equal((await order(['no name'])).status, 400);
    });

    it('shows an order to its account alone', async () => {
      await raw.register();
      const url = String((await order(['a.example.test'])).headers['location']);
      assert.equal((await raw.post(url, null)).body['status'], 'pending');
      const other = await rawAcme(ca.directoryUrl, trust);
      await other.register();
      assert.ok((await other.post(url, null)).status >= 400);
      other.close();
    });

    it('finalizes no order that is not ready', async () => {
      const client = open();
      await client.account(patient());
      const placed = await client.newOrder([parseDomainName('a.example.test')], {}, patient());
      const key = await createKeyMaker().privateKey('ec256');
      const error = await failure(client.finalize(placed, key, patient()));
      assert.equal(problemOf(error)?.type, 'orderNotReady');
      client.close();
    });

    it('finalizes no order with a request for other names', async () => {
      const client = open();
      await client.account(patient());
      const placed = await client.newOrder([parseDomainName('a.example.test')], {}, patient());
      const [authorization] = placed.authorizations;
      const { dns01 } = await client.authorization(authorization ?? '', patient());
      await client.respond(dns01?.url ?? '', patient());
      const ready = await settled(client, placed, 'pending', patient());
      const key = await createKeyMaker().privateKey('ec256');
      const names = [parseDomainName('b.example.test')];
      const error = await failure(client.finalize({ ...ready, names }, key, patient()));
      assert.equal(problemOf(error)?.type, 'unauthorized');
      client.close();
    });

    it('knows nothing of an order that was never placed', async () => {
      await raw.register();
      const url = String((await order(['a.example.test'])).headers['location']);
      assert.equal((await raw.post(`${url}77`, null)).status, 404);
    });

    it('revokes for the account and for the key, and says so the second time', async () => {
      const client = open();
      for (const byKey of [false, true]) {
        const { fullchain, privateKey } = await issueWith(client, NAMES, patient());
        const [cert = ''] = /-----BEGIN[^]*?-----END CERTIFICATE-----/.exec(fullchain) ?? [];
        const options = { reason: 'superseded', ...(byKey ? { privateKey } : {}) } as const;
        const stranger = open('stranger');
        await stranger.account(patient());
        await failure(stranger.revoke(cert, { reason: 'superseded' }, patient()));
        const another = await createKeyMaker().privateKey('ec256');
        await failure(client.revoke(cert, { reason: 'superseded', privateKey: another }, patient()));
        stranger.close();
        for (let times = 0; times < 2; times += 1) await client.revoke(cert, options, patient());
        assert.equal(client.exchanges.at(-1)?.answer.status, 400);
      }
      client.close();
    });
  });
}

function refused({ status, body }: RawAnswer, type: string): void {
  assert.ok(status >= 400 && status < 500, `HTTP ${status}`);
  assert.equal(body['type'], `urn:ietf:params:acme:error:${type}`);
}

/** What the CA says of the account of that key (RFC 8555 §7.3.1). */
function found(client: RawAcme): Promise<RawAnswer> {
  return client.post(client.directory['newAccount'] ?? '', { onlyReturnExisting: true }, { kid: null });
}
