/**
 * A disk may be full, read-only or dying at every single thing that is asked of it. So one run of `renew` is refused
 * each of its file operations in turn; what is served stays, and a run on a disk that is well again makes everything well.
 */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTlsProbe } from '../../src/io/tls-probe.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { foreignUpdate } from '../support/zone-tools.ts';
import {
  type Homeserver,
  type Lab,
  type Outcome,
  startHomeserver,
  startLab,
  strayChallenges,
} from './lab.ts';

const NAME = 'example.test';
const SABOTEUR = fileURLToPath(new URL('../support/fail-at.mjs', import.meta.url));
/** Only against a walk that never ends. */
const MOST_POINTS = 600;
/** 1 walks through every operation; the default takes few of them, others for each kind of failure. */
const STRIDE = Number(process.env['FAULT_STRIDE'] ?? 41);
/** What docs/operations.md promises for a failure that is not a bug: failed, not deployed, a secret that cannot be read. */
const DOCUMENTED = [0, 3, 5, 78];
const ABOUT_FILES = ['E_STATE', 'E_OUTPUT', 'E_CERTIFICATE_STORE', 'E_SECRET'];

const KINDS: readonly (readonly [failure: string, on: 'once' | 'onwards', least: number])[] = [
  ['ENOSPC', 'once', 60],
  ['ENOSPC', 'onwards', 60],
  ['EDQUOT', 'once', 60],
  ['EROFS', 'onwards', 60],
  ['EIO', 'once', 100],
  ['EIO', 'onwards', 100],
  ['SHORT', 'once', 10],
];

describe('a run on a broken disk', () => {
  let lab: Lab;
  let homeserver: Homeserver;
  let kept: string;
  let old: string;
  let scratch: string;

  async function configure(...names: readonly string[]): Promise<void> {
    await lab.configure({
      [NAME]: {
        provider: 'main',
        srv: [{ target: `matrix.${NAME}`, port: homeserver.port }],
        certificate: {
          names,
          outputs: [
            { directory: homeserver.tls },
            { directory: join(lab.directory, 'copies'), layout: 'copies' },
          ],
          reload: { signal: 'HUP', pidFile: homeserver.pidFile },
          verifyTimeout: 5,
        },
      },
    });
  }

  before(async function () {
    this.timeout(60_000);
    lab = await startLab();
    homeserver = await startHomeserver(lab.directory);
    scratch = await mkdtemp(join(tmpdir(), 'delegated-faults-'));
    await foreignUpdate(lab.dns, NAME, [`update add _acme-challenge.${NAME}. 60 TXT "of somebody else"`]);
    await configure(`matrix.${NAME}`);
    const first = await lab.run(['renew', '--json']);
    assert.equal(first.code, 0, first.stdout + first.stderr);
    old = await leafIn(homeserver.tls);
    kept = join(scratch, 'before');
    for (const folder of ['state', 'tls', 'copies'])
      await cp(join(lab.directory, folder), join(kept, folder), { recursive: true, verbatimSymlinks: true });
    // Other names are a reason to renew at once, and the ledger counts them from nothing.
    await configure(`matrix.${NAME}`, `*.${NAME}`);
  });
  after(async () => {
    await homeserver.stop();
    await lab.stop();
    await rm(scratch, { recursive: true, force: true });
  });

  for (const [index, [failure, on, least]] of KINDS.entries())
    it(`keeps what is served, and heals (${failure}, ${on})`, async function () {
      this.timeout(900_000);
      for (let point = 1 + (index % STRIDE); point < MOST_POINTS; point += STRIDE) {
        await startOver();
        const told = join(scratch, 'count');
        const hurt = await lab.run(['renew', '--json'], {
          env: {
            NODE_OPTIONS: `--import=${SABOTEUR}`,
            FAIL_AT: `${point}`,
            FAIL_WITH: failure,
            FAIL_ON: on,
            FAIL_UNDER: `${lab.directory}/`,
            FAIL_COUNT_FILE: told,
          },
        });
        const asked = Number(await readFile(told, 'utf8'));
        const where = `${failure} ${on} at ${point} of ${asked}`;
        try {
          assertHonest(hurt);
          await assertServed(hurt.code === 0, hurt.stdout);
          const ordered = await ordersOfBoth();
          const known = await knownOrder();
          const healed = await lab.run(['renew', '--json']);
          assert.equal(healed.code, 0, `${healed.stdout}${healed.stderr}`);
          const stray = await strayChallenges(lab, NAME);
          assert.deepEqual(
            stray.map((line) => /"(.*)"/.exec(line)?.[1]),
            ['of somebody else'],
          );
          assert.ok([1, 2].includes(await ordersOfBoth()), 'more than two orders');
          if (known || hurt.code === 0) assert.ok(ordered > 0, 'an order that nobody counted');
          if (known) assert.equal(await ordersOfBoth(), ordered, 'another order, although one was good');
          await assertServed(true, healed.stdout);
          const quiet = await lab.run(['plan', '--exit-code', '--json']);
          assert.equal(quiet.code, 0, `work is left: ${quiet.stdout}`);
        } catch (cause) {
          throw new Error(`${where}: exit ${hurt.code}\n${hurt.stdout}\n${hurt.stderr}`, { cause });
        }
        if (asked < point) {
          assert.ok(asked >= least, `only ${asked} operations`);
          return;
        }
      }
      assert.fail(`more than ${MOST_POINTS} operations`);
    });

  /** The old certificate stands everywhere and is served. */
  async function startOver(): Promise<void> {
    for (const folder of ['state', 'tls', 'copies']) {
      await rm(join(lab.directory, folder), { recursive: true, force: true });
      await cp(join(kept, folder), join(lab.directory, folder), { recursive: true, verbatimSymlinks: true });
    }
    process.kill(Number(await readFile(homeserver.pidFile, 'utf8')), 'SIGHUP');
    while ((await served()) !== old);
  }

  async function assertServed(isNew: boolean, said: string): Promise<void> {
    const leaf = await leafIn(homeserver.tls);
    // Four files cannot be swapped as one: a disk that takes one rename and then none at all leaves a mix, and is told of.
    const isMix = / of 4 files in .*copies were replaced/.test(said);
    const copy = isMix ? old : await leafIn(join(lab.directory, 'copies'));
    assert.ok([old, leaf].includes(copy), 'the copies are of a third certificate');
    assert.ok(!isMix || !isNew);
    if (isNew) assert.notEqual(leaf, old);
    if (isNew) assert.equal(copy, leaf);
    assert.ok([old, leaf].includes(await served()), 'the homeserver serves neither the old nor the new one');
    if (isNew) assert.equal(await served(), leaf);
  }

  async function served(): Promise<string> {
    const endpoint = { address: '127.0.0.1', port: homeserver.port };
    return createTlsProbe().servedLeaf(endpoint, parseDomainName(NAME), {
      signal: AbortSignal.timeout(10_000),
    });
  }

  async function ordersOfBoth(): Promise<number> {
    const text = await readFile(join(lab.state, 'ledger.jsonl'), 'utf8');
    const orders = text.split('\n').filter((line) => line.endsWith('}') && !line.includes('"challenges":'));
    return orders.filter((line) => line.includes('"*.')).length;
  }

  async function knownOrder(): Promise<boolean> {
    const text = await readFile(join(lab.state, 'journal', `${NAME}.json`), 'utf8').catch(() => '');
    return text.includes('orderUrl');
  }

  /** Says which file and what to do, and not that it is a bug. */
  function assertHonest({ code, stdout, stderr }: Outcome): void {
    assert.ok(DOCUMENTED.includes(code ?? -1), `exit code ${code}`);
    assert.doesNotMatch(stdout + stderr, /E_BUG|^\s+at |Unhandled/m);
    const errors = errorsIn(JSON.parse(stdout));
    assert.equal(errors.length === 0, code === 0);
    for (const { code: errorCode, message, hint } of errors) {
      if (!ABOUT_FILES.includes(errorCode)) continue;
      assert.ok(message.includes(lab.directory), `which file? ${message}`);
      assert.ok((hint ?? '') !== '', `what to do? ${message}`);
    }
  }
});

interface Told {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

function errorsIn(document: {
  readonly sites: readonly { readonly errors: readonly Told[] }[];
  readonly errors?: readonly Told[];
}): readonly Told[] {
  return [...(document.errors ?? []), ...document.sites.flatMap(({ errors }) => errors)];
}

/** SHA-256 of the certificate in a folder, which has to be the one of the key beside it. */
async function leafIn(folder: string): Promise<string> {
  const leaf = new X509Certificate(await readFile(join(folder, 'fullchain.pem')));
  const key = createPrivateKey(await readFile(join(folder, 'privkey.pem')));
  assert.ok(leaf.checkPrivateKey(key), `the pair in ${folder} does not match`);
  return leaf.fingerprint256.replaceAll(':', '').toLowerCase();
}
