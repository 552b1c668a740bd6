import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { foreignUpdate } from '../support/zone-tools.ts';
import { type Lab, orders, startLab, strayChallenges } from './lab.ts';

const NAME = 'example.test';
const KILLER = fileURLToPath(new URL('../support/kill-at.mjs', import.meta.url));
/** Every point is walked through; this is only against a walk that never ends. */
const MOST_POINTS = 400;
/** Fewer would mean that the killer no longer sees what the program does. */
const LEAST_POINTS = 60;
/** 1 walks through every point; the default takes a third of them, a different third in each of the two walks. */
const STRIDE = Number(process.env['CRASH_STRIDE'] ?? 3);

describe('a run that dies', () => {
  let lab: Lab;

  before(async function () {
    this.timeout(30_000);
    lab = await startLab();
    await lab.configure({
      [NAME]: {
        provider: 'main',
        srv: [{ target: `matrix.${NAME}` }],
        certificate: {
          names: [`*.${NAME}`],
          outputs: [{ directory: join(lab.directory, 'tls') }],
          verify: 'none',
        },
      },
    });
  });
  after(() => lab.stop());

  for (const when of ['before', 'after'] as const)
    it(`leaves nothing behind, wherever it is killed (${when} it acts)`, async function () {
      this.timeout(600_000);
      let kills = 0;
      for (let point = when === 'before' ? 1 : 2; point < MOST_POINTS; point += STRIDE) {
        await startOver(lab);
        const { signal } = await lab.run(['renew', '--quiet'], {
          env: { NODE_OPTIONS: `--import=${KILLER}`, KILL_AT: `${point}`, KILL_WHEN: when },
        });
        await assertPair(lab, point);
        const healed = await lab.run(['renew', '--json']);
        assert.equal(healed.code, 0, `killed at ${point}: ${healed.stdout}${healed.stderr}`);
        assert.deepEqual(await strayChallenges(lab, NAME), [], `values left after a kill at ${point}`);
        // One order, or two where the first run died between asking and being answered.
        assert.ok((await orders(lab)) <= 2, `orders after a kill at ${point}`);
        await assertPair(lab, point);
        const quiet = await lab.run(['plan', '--exit-code', '--json']);
        assert.equal(quiet.code, 0, `the run after a kill at ${point} left work: ${quiet.stdout}`);
        if (signal === null) {
          assert.ok(kills >= LEAST_POINTS / STRIDE, `only ${kills} points`);
          return;
        }
        kills += 1;
      }
      assert.fail(`the program touches the world more than ${MOST_POINTS} times`);
    });
});

/** No record, no certificate, an empty ledger: each point gets the same start. */
async function startOver(lab: Lab): Promise<void> {
  await rm(lab.state, { recursive: true, force: true });
  await foreignUpdate(lab.dns, NAME, [`update delete _matrix-fed._tcp.${NAME}.`]);
}

/** What readers find is nothing, or a key and a certificate that belong together. */
async function assertPair(lab: Lab, point: number): Promise<void> {
  for (const folder of [join(lab.directory, 'tls'), join(lab.state, 'certificates', NAME)]) {
    const version = await readlink(join(folder, 'current')).catch(() => null);
    if (version === null) continue;
    const read = (file: string): Promise<string> => readFile(join(folder, version, file), 'utf8');
    const leaf = new X509Certificate(await read('fullchain.pem'));
    assert.ok(
      leaf.checkPrivateKey(createPrivateKey(await read('privkey.pem'))),
      `pair after a kill at ${point}`,
    );
  }
}
