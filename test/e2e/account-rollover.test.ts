import assert from 'node:assert/strict';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { accountDirectory } from '../../src/io/acme/account-directory.ts';
import { type Lab, startLab } from './lab.ts';

const NAME = 'example.test';
const KILLER = fileURLToPath(new URL('../support/kill-at.mjs', import.meta.url));
/** Every point is walked through; this is only against a walk that never ends. */
const MOST_POINTS = 120;
/** Fewer would mean that the killer no longer sees what the program does. */
const LEAST_POINTS = 15;
/** 1 walks through every point; the default takes a third of them, a different third in each of the two walks. */
const STRIDE = Number(process.env['CRASH_STRIDE'] ?? 3);

const shown = z.looseObject({
  accounts: z.tuple([z.looseObject({ url: z.string(), status: z.literal('valid'), thumbprint: z.string() })]),
});

describe('a change of the account key that dies', () => {
  let lab: Lab;
  let url: string;
  let thumbprint: string;

  before(async function () {
    this.timeout(30_000);
    lab = await startLab({ pebble: { env: { PEBBLE_WFE_NONCEREJECT: '0' } } });
    await lab.configure({
      [NAME]: { provider: 'main', srv: [{ target: `matrix.${NAME}` }], certificate: { verify: 'none' } },
    });
    const { code, stderr } = await lab.run(['renew', '--quiet']);
    assert.equal(code, 0, stderr);
    ({ url, thumbprint } = await show());
  });
  after(() => lab.stop());

  const show = async (): Promise<z.infer<typeof shown>['accounts'][0]> => {
    const { stdout, stderr } = await lab.run(['account', 'show', '--json']);
    return shown.parse(JSON.parse(stdout === '' ? stderr : stdout)).accounts[0];
  };
  const folder = (): string => accountDirectory(lab.state, lab.pebble.directoryUrl);

  for (const when of ['before', 'after'] as const)
    it(`leaves the account to the next renewal, wherever it is killed (${when} it acts)`, async function () {
      this.timeout(300_000);
      let kills = 0;
      const outcomes = new Set<'old' | 'new'>();
      for (let point = when === 'before' ? 1 : 2; point < MOST_POINTS; point += STRIDE) {
        const killed = await lab.run(['account', 'rollover', '--quiet'], {
          env: { NODE_OPTIONS: `--import=${KILLER}`, KILL_AT: `${point}`, KILL_WHEN: when },
        });
        // A certificate that is missing makes the renewal place an order, which asks for the account's key.
        await rm(join(lab.state, 'certificates'), { recursive: true });
        const healed = await lab.run(['renew', '--force', '--json']);
        assert.equal(healed.code, 0, `killed at ${point}: ${healed.stdout}${healed.stderr}`);
        const now = await show();
        assert.equal(now.url, url, `killed at ${point}`);
        const files = (await readdir(folder())).sort();
        // What was half written is swept by the next change of the key, so there never is more than one.
        const half = files.filter((file) => file.startsWith('.delegated-'));
        assert.ok(half.length <= (killed.signal === null ? 0 : 1), `killed at ${point}: ${half.join()}`);
        assert.deepEqual(files.slice(half.length), ['account.json', 'account.key'], `killed at ${point}`);
        assert.ok((await readFile(join(folder(), 'account.json'), 'utf8')).includes(url));
        if (killed.signal !== null) outcomes.add(now.thumbprint === thumbprint ? 'old' : 'new');
        ({ thumbprint } = now);
        if (killed.signal === null) {
          assert.equal(killed.code, 0, killed.stderr);
          assert.ok(kills >= LEAST_POINTS / STRIDE, `only ${kills} points`);
          assert.deepEqual([...outcomes], ['old', 'new'], 'no kill came after the CA had the new key');
          return;
        }
        kills += 1;
      }
      assert.fail(`the program touches the world more than ${MOST_POINTS} times`);
    });
});
