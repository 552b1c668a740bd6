import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { authFailure } from '../../../providers/google/auth-failure.ts';
import { googleOptions } from '../../../providers/google/options.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { DnsProvider } from '../../../src/provider.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';
import { startHttpRelay } from '../../support/http-relay.ts';
import { freePort } from '../../support/free-port.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Stage, externalAccount, setStage } from './target.ts';

const NAME = parseDomainName('example.test');
const KEY = 'a-private-key-that-nobody-may-see';

describe('the credentials of google', () => {
  const folder = temporaryFolder();
  let stage: Stage;
  beforeEach(async () => {
    stage = await setStage();
    stage.fake.addZone({ name: 'example-test', dnsName: NAME });
  });
  afterEach(() => stage.stop());

  const file = (text: string): string => {
    const path = join(folder(), 'key.json');
    writeFileSync(path, text);
    return path;
  };

  it('are exchanged once for many calls', async () => {
    const provider = stage.open();
    await Promise.all([find(provider), find(provider), find(provider)]);
    await find(provider);
    assert.equal(stage.fake.exchanges, 1);
  });

  it('may be the text of the file as well', async () => {
    const token = join(folder(), 'token');
    writeFileSync(token, stage.fake.subjectToken);
    const credentials = JSON.stringify(externalAccount(stage.fake, token));
    assert.notEqual(await find(stage.open({ keyFile: undefined, credentials })), null);
  });

  it('are taken anew after a token was revoked', async () => {
    const provider = stage.open();
    await find(provider);
    stage.fake.accessToken = 'ya29.another-token-of-the-fake';
    await assertRefused(find(provider), 'E_PROVIDER_AUTH');
    await find(provider);
    assert.equal(stage.fake.exchanges, 2);
  });

  it('that the token endpoint refuses are named by its code', async () => {
    const error = await assertRefused(
      find(stage.open({ keyFile: stage.keyFileFor('another-machine') })),
      'E_PROVIDER_AUTH',
    );
    assert.match(error.message, /invalid_grant/);
    assert.equal(error.outcome, 'not-applied');
  });

  it('that cannot be tried now may be tried again', async () => {
    const token = join(folder(), 'token');
    writeFileSync(token, stage.fake.subjectToken);
    const away = { ...externalAccount(stage.fake, token), token_url: `http://127.0.0.1:${await freePort()}` };
    const error = await assertRefused(
      find(stage.open({ keyFile: file(JSON.stringify(away)) })),
      'E_PROVIDER_UNAVAILABLE',
    );
    assert.equal(error.retry.kind, 'backoff');
  });

  it('are asked for anew when the token endpoint did not answer', async () => {
    const relay = await startHttpRelay(stage.fake.url);
    try {
      relay.fault = () => (relay.requests.length === 1 ? { kind: 'stall' } : null);
      const token = join(folder(), 'token');
      writeFileSync(token, stage.fake.subjectToken);
      const slow = { ...externalAccount(stage.fake, token), token_url: `${relay.url}/v1/token` };
      const provider = stage.open({ keyFile: file(JSON.stringify(slow)), timeout: 0.5 });
      const error = await assertRefused(find(provider), 'E_PROVIDER_TIMEOUT');
      assert.equal(error.outcome, 'not-applied');
      assert.notEqual(await find(provider), null);
      assert.equal(relay.requests.length, 2);
    } finally {
      await relay.stop();
    }
  });

  it('are not lost to the others when the first who asked is stopped', async () => {
    const provider = stage.open();
    const stop = new AbortController();
    const first = assertRefused(provider.findZone(NAME, testCtx(stop.signal)), 'E_ABORTED');
    const second = find(provider);
    stop.abort();
    await first;
    assert.notEqual(await second, null);
  });

  it('that are no file, or no JSON, are told without what stands there', async () => {
    await assertRefused(find(stage.open({ keyFile: join(folder(), 'absent') })), 'E_SECRET');
    for (const text of [KEY, `{"type": "service_account", ${KEY}`, `{"private_key": "${KEY}"}`]) {
      const error = await assertRefused(find(stage.open({ keyFile: file(text) })), 'E_SECRET');
      assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(KEY));
    }
  });

  it('whose file is put right are taken without a restart', async () => {
    const provider = stage.open({ keyFile: file('{}') });
    await assertRefused(find(provider), 'E_SECRET');
    const token = join(folder(), 'token');
    writeFileSync(token, stage.fake.subjectToken);
    file(JSON.stringify(externalAccount(stage.fake, token)));
    assert.notEqual(await find(provider), null);
  });

  it('of a service account are hidden from all output, and from the error of a key that is none', async () => {
    const hidden: string[] = [];
    const keyFile = file(
      JSON.stringify({ type: 'service_account', client_email: 'a@b.example', private_key: KEY }),
    );
    const provider = stage.open({ keyFile }, { hide: (secret) => hidden.push(secret) });
    const error = await assertRefused(find(provider), 'E_PROVIDER_AUTH');
    assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(KEY));
    assert.deepEqual(hidden, [KEY]);
  });

  it('that are nowhere are missed at once where no metadata server is to be asked', async () => {
    const script = `
      const { createGoogle } = await import('./providers/google/index.ts');
      const { googleOptions } = await import('./providers/google/options.ts');
      const { testCtx } = await import('./test/conformance/target.ts');
      const provider = createGoogle(googleOptions.parse({ project: 'p' }), { now: () => new Date(), hide() {} });
      await provider.findZone('example.test.', testCtx()).catch(({ code, hint }) => console.log(code, hint));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { env: { PATH: '/nowhere', HOME: folder(), METADATA_SERVER_DETECTION: 'none' }, timeout: 15_000 },
    );
    assert.match(stdout, /^E_PROVIDER_AUTH set keyFile or credentials/);
  });

  it('are refused in the config when there are two, or when they are no JSON', () => {
    assert.match(issues({ keyFile: 'a', credentials: '{"type":"service_account"}' }), /both set/);
    assert.match(issues({ credentials: KEY }), /^expected the JSON text/);
    assert.equal(issues({ keyFile: 'a' }), '');
  });
});

describe('authFailure', () => {
  it('tells what passes from what stays', () => {
    const cases = [
      [{ response: { status: 400, data: { error: 'invalid_grant' } } }, 'E_PROVIDER_AUTH', 'never'],
      [{ response: { status: 401, data: { error: 'invalid_client' } } }, 'E_PROVIDER_AUTH', 'never'],
      [{ response: { status: 403, data: KEY } }, 'E_PROVIDER_AUTH', 'never'],
      [{ response: { status: 503, data: KEY } }, 'E_PROVIDER_UNAVAILABLE', 'backoff'],
      [{ response: { status: 429 } }, 'E_PROVIDER_UNAVAILABLE', 'backoff'],
      [{ code: 'ECONNRESET' }, 'E_PROVIDER_UNAVAILABLE', 'backoff'],
      [{ cause: { code: 'ENOTFOUND' } }, 'E_PROVIDER_UNAVAILABLE', 'backoff'],
      [{ code: 'ENOENT' }, 'E_PROVIDER_AUTH', 'never'],
      [{}, 'E_PROVIDER_AUTH', 'never'],
    ] as const;
    for (const [fields, code, retry] of cases) {
      const error = authFailure(gaxios(fields));
      assert.deepEqual([error.code, error.retry.kind], [code, retry], JSON.stringify(fields));
      assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(KEY));
    }
  });
});

function issues(settings: unknown): string {
  return (googleOptions.safeParse(settings).error?.issues ?? []).map(({ message }) => message).join();
}

/** As the library throws them: with the request, and so with its secrets. */
function gaxios(fields: object): Error {
  return Object.assign(new Error(`request failed with ${KEY}`), { config: { data: KEY } }, fields);
}

function find(provider: DnsProvider): Promise<unknown> {
  return provider.findZone(NAME, testCtx());
}
