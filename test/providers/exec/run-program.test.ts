import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createExec } from '../../../providers/exec/index.ts';
import { execOptions } from '../../../providers/exec/options.ts';
import { parseDomainName, under } from '../../../src/dns/domain-name.ts';
import type { DelegatedError } from '../../../src/errors.ts';
import type { Change, DnsProvider } from '../../../src/provider.ts';
import { assertRefused, rejection } from '../../conformance/expectations.ts';
import { digest, testCtx } from '../../conformance/target.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { THIS_PROCESS } from '../../support/this-process.ts';

const ZONE = parseDomainName('example.test');
const NAME = under('_acme-challenge', ZONE);
const ADD: Change = { op: 'add', name: NAME, type: 'TXT', ttl: 60, values: [digest('value')] };
const TOKEN = 'canary-token';

async function shell(script: string, settings: object = {}): Promise<DnsProvider> {
  const env = { PATH: process.env['PATH'], LANG: 'C.UTF-8', OURS: 'must not be inherited' };
  const options = { command: ['/bin/sh', '-c', script, 'sh'], environment: { TOKEN }, ...settings };
  return createExec(execOptions.parse(options), { env, kill: THIS_PROCESS.kill });
}

const lego = (script: string, settings: object = {}): Promise<DnsProvider> =>
  shell(script, { zones: ['example.test'], ...settings });

/** Speaks JSON: tells its capabilities, and does the rest as told. */
const json = (script: string): Promise<DnsProvider> =>
  shell(
    `read -r line; case "$line" in *capabilities*) echo '{"ok":true,"result":{"types":["SRV","TXT"]}}';; *) ${script};; esac`,
    { protocol: 'json' },
  );

async function applied(provider: DnsProvider, signal?: AbortSignal): Promise<DelegatedError> {
  return rejection(provider.apply({ id: ZONE, name: ZONE }, [ADD], testCtx(signal)));
}

const answers = async (answer: unknown): Promise<DelegatedError> =>
  applied(await json(`printf '%s' '${JSON.stringify(answer)}'`));

describe('a program of the user', () => {
  const folder = temporaryFolder();

  it('is killed with all that it started when it is stopped, and nobody knows what it did', async () => {
    const pipe = join(folder(), 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    // The pipe ends when the last process that holds it does.
    const provider = await lego('exec 3>"$PIPE"; sleep 600 & echo started >&3; wait', {
      environment: { PIPE: pipe },
    });
    const held = createReadStream(pipe);
    const stop = new AbortController();
    const pending = applied(provider, stop.signal);
    await once(held, 'data');
    const since = performance.now();
    stop.abort();
    const error = await pending;
    assert.deepEqual([error.code, error.outcome], ['E_ABORTED', 'unknown']);
    await once(held.resume(), 'end');
    assert.ok(performance.now() - since < 250);
  });

  it('is killed when it takes too long', async () => {
    const error = await applied(await lego('sleep 600 & wait', { timeout: 0.05 }));
    assert.deepEqual([error.code, error.outcome], ['E_PROVIDER_TIMEOUT', 'unknown']);
    assert.match(error.message, /did not end within 0\.05 s/);
  });

  it('is killed when it prints more than it should', async () => {
    const error = await applied(await lego('yes'));
    assert.deepEqual([error.code, error.outcome], ['E_PROVIDER_UNAVAILABLE', 'unknown']);
    assert.match(error.message, /more than 1 MiB/);
  });

  it('is shown by its last words, without its secrets', async () => {
    const error = await applied(await lego('yes word | head -500 >&2; echo "bad $TOKEN" >&2; exit 7'));
    assert.match(error.message, /ended with status 7: ….*bad \[secret\]$/);
    assert.ok(error.message.length < 500 && !error.message.includes(TOKEN));
    assert.equal(error.outcome, 'unknown');
  });

  it('inherits three variables, and has those of the config', async () => {
    const error = await applied(await lego('env | cut -d= -f1 | sort | tr "\\n" " " >&2; exit 1'));
    // PWD and such are the shell's own.
    const names = (error.message.split(': ').at(-1) ?? '')
      .split(' ')
      .filter((name) => !/^(PWD|SHLVL|_|OLDPWD)$/.test(name));
    assert.deepEqual(names, ['LANG', 'PATH', 'TOKEN']);
  });

  it('is done when it has ended, whatever it left in the background', async () => {
    const provider = await lego('sleep 20 & exit 0');
    const since = performance.now();
    const receipt = await provider.apply({ id: ZONE, name: ZONE }, [ADD], testCtx());
    assert.deepEqual(receipt, { changed: true });
    assert.ok(performance.now() - since < 5_000);
  });

  it('gets what lego would give it', async () => {
    const error = await applied(await lego('echo "$#" "$@" >&2; exit 1'));
    assert.ok(error.message.endsWith(`: 3 present ${NAME} ${digest('value')}`), error.message);
  });

  it('that is not there is named, and was surely not asked', async () => {
    const provider = await lego('', { command: [join(folder(), 'absent')] });
    const error = await applied(provider);
    assert.deepEqual([error.code, error.outcome], ['E_PROVIDER_UNSUPPORTED', 'not-applied']);
    assert.match(error.message, /absent cannot be started \(ENOENT\)/);
    const [item] = await provider.check(testCtx());
    assert.equal(item?.ok, false);
    await writeFile(join(folder(), 'absent'), '', { mode: 0o644 });
    assert.equal((await provider.check(testCtx()))[0]?.ok, false, 'it may not be executed');
  });

  it('that failed after the first of several values has done a part', async () => {
    const provider = await lego('[ "$3" = first ]');
    const changes: Change[] = [{ ...ADD, values: ['first', '\u0000'] }];
    const error = await rejection(provider.apply({ id: ZONE, name: ZONE }, changes, testCtx()));
    assert.deepEqual(
      [error.code, error.outcome],
      ['E_PROVIDER_REJECTED', 'not-applied'],
      'seen before any run',
    );
    const second: Change[] = [{ ...ADD, values: ['first', 'second'] }];
    assert.equal(
      (await rejection(provider.apply({ id: ZONE, name: ZONE }, second, testCtx()))).outcome,
      'unknown',
    );
  });
});

describe('a program that speaks JSON', () => {
  it('names what went wrong by a code of ours, when to come back, and what it did', async () => {
    const error = { code: 'E_PROVIDER_RATE_LIMITED', message: 'slowly', retryAfterMs: 30_000 };
    const limited = await answers({ ok: false, error });
    assert.deepEqual([limited.code, limited.outcome], ['E_PROVIDER_RATE_LIMITED', 'not-applied']);
    assert.ok(limited.retry.kind === 'at');
    assert.ok(Math.abs(limited.retry.at.getTime() - Date.now() - 30_000) < 5_000);
    assert.match(limited.message, /answers: slowly/);
    const part = await answers({
      ok: false,
      error: { code: 'E_PROVIDER_FORBIDDEN', message: 'no', outcome: 'partial', hint: 'ask' },
    });
    assert.deepEqual([part.code, part.outcome, part.hint], ['E_PROVIDER_FORBIDDEN', 'partial', 'ask']);
    assert.equal(part.retry.kind, 'never');
  });

  it('is not believed when it says what the protocol does not know', async () => {
    const wrong: readonly unknown[] = [
      'done',
      { ok: true },
      { ok: true, result: { changed: 'yes' } },
      { ok: false, error: { code: 'E_BUG', message: 'no' } },
      { ok: 1, result: { changed: true } },
    ];
    for (const answer of wrong) {
      const error = await answers(answer);
      assert.deepEqual(
        [error.code, error.outcome],
        ['E_PROVIDER_UNAVAILABLE', 'unknown'],
        JSON.stringify(answer),
      );
    }
  });

  it('is not believed when it says that all is well and fails', async () => {
    const error = await applied(await json(`echo '{"ok":true,"result":{"changed":true}}'; exit 2`));
    assert.match(error.message, /ended with status 2/);
  });

  it('must answer for every key, and for that key', async () => {
    const zone = { id: ZONE, name: ZONE };
    const keys = [{ name: NAME, type: 'TXT' as const }];
    const other = { name: ZONE, type: 'TXT', ttl: 60, values: ['"x"'] };
    for (const result of [[], [other], [{ ...other, name: NAME, values: ['"open'] }], [null, null]]) {
      const provider = await json(`printf '%s' '${JSON.stringify({ ok: true, result })}'`);
      await assertRefused(provider.readRRsets(zone, keys, testCtx()), 'E_PROVIDER_UNAVAILABLE');
    }
  });

  it('that cannot tell what it can do is not used', async () => {
    await assertRefused(shell('echo oops', { protocol: 'json' }), 'E_PROVIDER_UNAVAILABLE');
  });
});

describe('the settings of exec', () => {
  it('name zones for lego, and none for JSON', () => {
    const good = [{ zones: ['example.test'] }, { protocol: 'json' }];
    const bad = [
      {},
      { protocol: 'json', zones: ['example.test'] },
      { zones: ['example.test'], environment: { '1': 'x' } },
    ];
    for (const each of good) assert.ok(execOptions.safeParse({ command: ['/x'], ...each }).success);
    for (const each of bad) assert.ok(!execOptions.safeParse({ command: ['/x'], ...each }).success);
    assert.ok(!execOptions.safeParse({ command: '/x present', zones: ['example.test'] }).success);
  });
});
