import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { ROOT_CA, certificateFor, federation, homeserver, json, serverKeys } from '../support/federation.ts';
import { freePort } from '../support/free-port.ts';
import { type Lab, type Outcome, dig, startLab } from './lab.ts';

const NAME = 'example.test';
const SRV = `_matrix-fed._tcp.${NAME}`;
const [OLD, NEW] = [`matrix.${NAME}`, `new.${NAME}`];
const GOOD = homeserver(json(200, serverKeys({ server_name: NAME })));

interface Site {
  readonly records: readonly { readonly action: string }[];
  readonly errors: readonly { readonly code: string; readonly message: string }[];
  readonly warnings?: readonly { readonly code: string }[];
}

interface Target {
  readonly target: string;
  readonly port: number;
  readonly until?: string;
}

/** The built program, BIND, and TLS servers in the place of homeservers. */
/** The first request after a look at one address, which makes three. */
const AFTER_A_LOOK = 4;

describe('a switch of the SRV records, end to end', () => {
  const servers = federation();
  let lab: Lab;
  let oldPort: number;

  beforeEach(async function () {
    this.timeout(60_000);
    const records = ['matrix 60 IN A 127.0.0.1', 'new 60 IN A 127.0.0.1'];
    lab = await startLab({ zones: [{ name: NAME, records }] });
    oldPort = await servers.serve(certificateFor([NAME]), GOOD);
    await configure({ target: OLD, port: oldPort });
    const { code, stdout, stderr } = await lab.run(['sync', '--json']);
    assert.equal(code, 0, stdout + stderr);
    assert.equal(only(stdout).warnings, undefined);
  });
  afterEach(() => lab.stop());

  async function configure(...srv: readonly Target[]): Promise<void> {
    const caCertificates = join(lab.directory, 'roots.pem');
    await writeFile(caCertificates, ROOT_CA.pem);
    const acme = { ca: lab.pebble.directoryUrl, termsOfServiceAgreed: true, caCertificates };
    await lab.configure({ [NAME]: { provider: 'main', srv, certificate: 'none' } }, { acme });
  }

  async function published(): Promise<string[]> {
    return (await dig(lab, SRV, 'SRV')).map((line) => line.split(' ').slice(2).join(' '));
  }

  const old = (): string => `${oldPort} ${OLD}.`;

  it('to a dead target is refused with what is wrong, and made when it is forced', async function () {
    this.timeout(60_000);
    const dead = await freePort();
    await configure({ target: NEW, port: dead });
    const refused = await lab.run(['renew', '--json']);
    assert.equal(refused.code, 3, refused.stderr);
    const [error] = only(refused.stdout).errors;
    assert.equal(error?.code, 'E_SWITCH_REFUSED');
    assert.match(error.message, new RegExp(`Nothing listens on port ${dead} of ${NEW}`));
    assert.deepEqual(await published(), [old()]);
    const forced = await lab.run(['sync', '--force', '--json']);
    assert.equal(forced.code, 0, forced.stdout);
    assert.ok(only(forced.stdout).warnings?.some(({ code }) => code === 'CONNECTION_REFUSED'));
    assert.deepEqual(await published(), [`${dead} ${NEW}.`]);
  });

  it('after which the homeserver fails is taken back', async function () {
    this.timeout(120_000);
    const port = await serveUntil(AFTER_A_LOOK, () => undefined);
    await configure({ target: NEW, port });
    const { code, stdout, stderr } = await lab.run(['sync', '--json']);
    assert.equal(code, 3, stderr);
    const [error] = only(stdout).errors;
    assert.equal(error?.code, 'E_SWITCH_UNDONE');
    assert.match(error.message, /answers with status 503/);
    assert.deepEqual(await published(), [old()]);
    assert.deepEqual(await openSwitches(), []);
  });

  it('is proven by the next run when this one is killed at it', async function () {
    this.timeout(60_000);
    const proving = new AbortController();
    const port = await serveUntil(AFTER_A_LOOK, () => proving.abort());
    await configure({ target: NEW, port });
    const child = lab.start(['sync']);
    proving.signal.addEventListener('abort', () => child.kill('SIGKILL'));
    await once(child, 'close');
    assert.equal(child.signalCode, 'SIGKILL');
    assert.deepEqual(await published(), [`${port} ${NEW}.`]);
    assert.deepEqual(await openSwitches(), [`${NAME}.json`]);
    healthy = true;
    const { code, stdout, stderr } = await lab.run(['renew', '--json']);
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(
      only(stdout).records.map(({ action }) => action),
      ['keep'],
    );
    assert.deepEqual(await openSwitches(), []);
  });

  it('may leave the old target beside the new one until a moment', async function () {
    this.timeout(60_000);
    const port = await servers.serve(certificateFor([NAME]), GOOD);
    await configure({ target: NEW, port }, { target: OLD, port: oldPort, until: '2100-01-01T00:00:00Z' });
    assert.equal((await lab.run(['sync'])).code, 0);
    assert.deepEqual((await published()).sort(), [`${port} ${NEW}.`, old()].sort());
    assert.match(
      (await lab.run(['plan'])).stdout,
      /TARGET_UNTIL: .* is published until 2100-01-01T00:00:00Z/,
    );
    await configure({ target: NEW, port }, { target: OLD, port: oldPort, until: '2026-01-01T00:00:00Z' });
    const { code, stdout } = await lab.run(['renew']);
    assert.equal(code, 0, stdout);
    assert.deepEqual(await published(), [`${port} ${NEW}.`]);
  });

  let healthy = false;

  /** Good for the two requests of a look, then broken. @param onRequest told of that request, counted from 1 */
  async function serveUntil(broken: number, onRequest: () => void): Promise<number> {
    healthy = false;
    let asked = 0;
    const handler: RequestListener = (request, response) => {
      asked += 1;
      if (asked === broken) onRequest();
      if (asked < broken || healthy) GOOD(request, response);
      else json(503, {})(request, response);
    };
    return servers.serve(certificateFor([NAME]), handler);
  }

  async function openSwitches(): Promise<string[]> {
    return readdir(join(lab.state, 'switches'));
  }
});

function only(stdout: Outcome['stdout']): Site {
  const document: unknown = JSON.parse(stdout);
  assert.ok(isReport(document), stdout);
  const [site] = document.sites;
  assert.ok(site !== undefined);
  return site;
}

function isReport(value: unknown): value is { readonly sites: readonly Site[] } {
  return typeof value === 'object' && value !== null && 'sites' in value && Array.isArray(value.sites);
}
