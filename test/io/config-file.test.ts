import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DelegatedError } from '../../src/errors.ts';
import { type ConfigWorld, loadConfig } from '../../src/io/config-file.ts';
import { createRedactor } from '../../src/io/redaction.ts';
import { TYPES, configText } from '../config/check-text.ts';

const CANARY = 'Y2FuYXJ5LWNhbmFyeQ==';
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

describe('loadConfig', () => {
  let folder: string;
  let file: string;
  let warnings: string[];
  let world: ConfigWorld;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'delegated-config-'));
    file = join(folder, 'config.yaml');
    warnings = [];
    world = {
      env: {},
      redactor: createRedactor(),
      log: { debug: silent, info: silent, warn: (message) => warnings.push(message), error: silent },
      types: TYPES,
    };
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function write(text: string, mode = 0o600): Promise<void> {
    await writeFile(file, text);
    await chmod(file, mode);
  }

  async function writeSecret(text = `${CANARY}\n`, mode = 0o600): Promise<string> {
    const path = join(folder, 'secret');
    await writeFile(path, text);
    await chmod(path, mode);
    return path;
  }

  async function refusal(more: Partial<ConfigWorld> = {}): Promise<DelegatedError> {
    const error: unknown = await loadConfig(file, { ...world, ...more }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof DelegatedError, String(error));
    assert.equal(`${error.message}${error.hint ?? ''}`.includes(CANARY), false);
    return error;
  }

  async function secretOf(form: string, more: Partial<ConfigWorld> = {}): Promise<unknown> {
    await write(withSecret(form));
    const { providers } = await loadConfig(file, { ...world, ...more });
    return providers.get('main')?.options;
  }

  it('reads a secret from a file, without the line end behind it', async () => {
    const path = await writeSecret(`${CANARY}\r\n\n`);
    assert.deepEqual(await secretOf(`{ file: ${path} }`), options(CANARY));
    assert.equal(world.redactor.redact(`x ${CANARY}`), 'x [redacted]');
    assert.deepEqual(warnings, []);
  });

  it('looks for a relative secret file beside the config', async () => {
    await writeSecret();
    assert.deepEqual(await secretOf('{ file: secret }'), options(CANARY));
  });

  it('reads a secret from the environment', async () => {
    assert.deepEqual(await secretOf('{ env: TSIG }', { env: { TSIG: CANARY } }), options(CANARY));
  });

  it("reads a secret from systemd's credentials", async () => {
    await writeSecret(CANARY, 0o400);
    const env = { CREDENTIALS_DIRECTORY: folder };
    assert.deepEqual(await secretOf('{ credential: secret }', { env }), options(CANARY));
  });

  it('reads the key of an account binding in the same ways', async () => {
    const path = await writeSecret();
    await write(configText({ top: `acme: { eab: { kid: x, hmacKey: { file: ${path} } } }\n` }));
    assert.deepEqual((await loadConfig(file, world)).acme.eab, { kid: 'x', hmacKey: CANARY });
  });

  it('names the place in the config for a secret that cannot be had', async () => {
    const place = `${file}:6:37: providers.main.key.secret`;
    const cases: [string, string, Record<string, string>][] = [
      ['{ env: TSIG }', `${place}: the environment has no variable TSIG`, {}],
      ['{ env: TSIG }', `${place}: the secret from env TSIG is empty`, { TSIG: '\n' }],
      ['{ file: /nowhere/at/all }', `${place}: /nowhere/at/all does not exist`, {}],
      [`{ file: ${folder} }`, `${place}: ${folder} is not a file with a secret`, {}],
      ['{ credential: tsig }', `${place}: there is no $CREDENTIALS_DIRECTORY, so no credential tsig`, {}],
      [
        '{ credential: ../x }',
        `${place}: "../x" is not the name of a credential`,
        { CREDENTIALS_DIRECTORY: folder },
      ],
      [
        '{ credential: tsig }',
        `${place}: ${join(folder, 'tsig')} does not exist`,
        { CREDENTIALS_DIRECTORY: folder },
      ],
    ];
    for (const [form, message, env] of cases) {
      await write(withSecret(form));
      const error = await refusal({ env });
      assert.equal(error.code, 'E_SECRET');
      assert.equal(error.message, message);
      assert.notEqual(error.hint, undefined);
    }
  });

  it('names every secret that cannot be had', async () => {
    await write(
      configText({ top: 'acme: { eab: { kid: x, hmacKey: { env: EAB } } }\n' }).replace(
        'c2VjcmV0',
        '{ env: TSIG }',
      ),
    );
    const { message } = await refusal();
    assert.equal(message.split('\n').length, 2);
    assert.match(message, /2:33: acme\.eab\.hmacKey: .* EAB\n.*7:37: providers\.main\.key\.secret: .* TSIG$/);
  });

  it('refuses a secret file that others can read, write or execute', async () => {
    for (const mode of [0o604, 0o602, 0o601]) {
      const path = await writeSecret(CANARY, mode);
      await write(withSecret(`{ file: ${path} }`));
      const error = await refusal();
      assert.equal(error.code, 'E_SECRET');
      assert.match(error.message, /can be read by others$/);
      assert.equal(error.hint, `chmod o= ${path}`);
    }
  });

  it('warns of a secret file of ours that its group can read', async () => {
    const path = await writeSecret(CANARY, 0o640);
    await secretOf(`{ file: ${path} }`);
    assert.deepEqual(warnings, [`${path} holds a secret and is open to its group`]);
  });

  it('does not wait for a FIFO', async () => {
    const path = join(folder, 'fifo');
    execFileSync('mkfifo', ['-m', '600', path]);
    await write(withSecret(`{ file: ${path} }`));
    assert.equal((await refusal()).code, 'E_SECRET');
  });

  it('has the adapter check a secret that was read, and repeats nothing of it', async () => {
    const path = await writeSecret('no base64: canary');
    await write(withSecret(`{ file: ${path} }`));
    const error = await refusal();
    assert.equal(error.code, 'E_CONFIG');
    assert.equal(error.message, `${file}:6:37: providers.main.key.secret: expected base64`);
  });

  it('lists every problem before it looks for a secret', async () => {
    await write(
      withSecret('{ file: /nowhere }')
        .replace('provider: main', 'provider: mian')
        .replace('127.0.0.1:5300', '5'),
    );
    const error = await refusal();
    assert.equal(error.code, 'E_CONFIG');
    assert.deepEqual(error.message.split('\n'), [
      `${file}:5:13: providers.main.server: expected a text`,
      `${file}:9:15: sites."example.org".provider: there is no provider "mian" — did you mean "main"?`,
    ]);
  });

  it('can leave the secrets where they are', async () => {
    await write(withSecret('{ file: /nowhere }'));
    const { providers } = await loadConfig(file, { ...world, secrets: 'leave' });
    assert.deepEqual(providers.get('main')?.options, options('(not read)'));
  });

  it('knows the secrets that stand in the file, and warns when others can read it', async () => {
    await write(withSecret(CANARY), 0o644);
    await loadConfig(file, world);
    assert.equal(world.redactor.redact(CANARY), '[redacted]');
    assert.deepEqual(warnings, [`${file} holds a secret and can be read by others`]);
  });

  it('knows them before it complains of anything', async () => {
    await write(withSecret(`${CANARY}, nam: x`));
    assert.equal((await refusal()).code, 'E_CONFIG');
    assert.equal(world.redactor.redact(CANARY), '[redacted]');
  });

  it('does not warn of a file without a secret', async () => {
    const path = await writeSecret();
    await write(withSecret(`{ file: ${path} }`), 0o644);
    await loadConfig(file, world);
    assert.deepEqual(warnings, []);
  });

  it('reads the roots of a private CA', async () => {
    const path = join(folder, 'ca.pem');
    await writeFile(path, PEM);
    await write(configText({ top: `acme: { caCertificates: ${path} }\n` }));
    assert.equal((await loadConfig(file, world)).acme.caCertificates, PEM);
  });

  it('points at roots that are not there, or are none', async () => {
    const path = join(folder, 'ca.pem');
    await write(configText({ top: `acme: { caCertificates: ${path} }\n` }));
    assert.equal(
      (await refusal()).message,
      `${file}:2:25: acme.caCertificates: ${path}: there is no such file`,
    );
    await writeFile(path, 'hello');
    assert.equal(
      (await refusal()).message,
      `${file}:2:25: acme.caCertificates: ${path} holds no PEM certificate`,
    );
  });

  it('takes no other encoding than UTF-8, and says where it begins', async () => {
    const text = configText().replace('example.org', 'caf\u00e9.org');
    await writeFile(file, Buffer.from(text, 'latin1'));
    assert.match((await refusal()).message, /config\.yaml:8:6: this is not UTF-8/);
    await writeFile(file, Buffer.from(`\uFEFF${configText()}`, 'utf16le'));
    assert.match((await refusal()).message, /config\.yaml:1:1: this is not UTF-8/);
    await write(`# \uFFFD, and caf\u00e9\r\n${configText()}`);
    assert.equal((await loadConfig(file, world)).sites.length, 1);
  });

  it('says that there is no config', async () => {
    const missing = await refusal();
    assert.equal(missing.code, 'E_CONFIG');
    assert.equal(missing.message, `${file}: there is no such file`);
    assert.match(missing.hint ?? '', /config init/);
    await mkdir(file);
    assert.equal((await refusal()).message, `${file}: it is a folder`);
  });

  it('knows the absolute path of the file', async () => {
    await write(configText());
    assert.equal((await loadConfig(file, world)).file, file);
  });
});

function withSecret(form: string): string {
  return configText().replace('c2VjcmV0', form);
}

function options(secret: string): unknown {
  return { server: '127.0.0.1:5300', key: { name: 'delegated', secret } };
}

function silent(): void {
  // Only warnings count here.
}
