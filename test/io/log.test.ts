import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';
import { type LogFormat, type LogLevel, createLog } from '../../src/io/log.ts';
import { createRedactor } from '../../src/io/redaction.ts';
import type { Log } from '../../src/ports.ts';

const CANARY = 'canary-5f0c"\\x';

interface Written {
  readonly log: Log;
  readonly lines: string[];
}

function open(
  format: LogFormat,
  { level = 'debug', colour = false }: { level?: LogLevel; colour?: boolean } = {},
): Written {
  const redactor = createRedactor();
  redactor.register(CANARY);
  const lines: string[] = [];
  const log = createLog({ level, format, colour, redactor, write: (text) => lines.push(text) });
  return { log, lines };
}

function failure(): Error {
  const inner = new Error(`vendor said ${CANARY}`);
  return Object.assign(new Error('cannot write the record', { cause: inner }), { code: 'E_TEST' });
}

describe('createLog', () => {
  it('has written a line when the call returns', () => {
    const { log, lines } = open('json');
    log.info('one');
    assert.equal(lines.length, 1);
  });

  it('writes nothing below its level', () => {
    const { log, lines } = open('tty', { level: 'warn' });
    log.debug('one');
    log.info('two');
    log.warn('three');
    log.error('four');
    assert.deepEqual(
      lines.map((line) => line.slice(9)),
      ['WARN  three\n', 'ERROR four\n'],
    );
  });

  it('writes one JSON object a line, with level, time and message', () => {
    const { log, lines } = open('json');
    log.warn('hello\nthere', { site: 'example.org', absent: undefined });
    const [line = ''] = lines;
    assert.match(line, /^[^\n]+\n$/);
    const { time, ...entry } = z.record(z.string(), z.unknown()).parse(JSON.parse(line));
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(entry, { level: 'warn', site: 'example.org', msg: 'hello\nthere' });
  });

  it('keeps fields apart from what every line has', () => {
    const { log, lines } = open('json');
    log.info('hello', { level: 'mine', msg: 'mine', time: 'mine' });
    const entry = z.record(z.string(), z.unknown()).parse(JSON.parse(lines[0] ?? ''));
    assert.equal(entry['level'], 'info');
    assert.equal(entry['msg'], 'hello');
    assert.equal(entry['level_'], 'mine');
  });

  it('gives the journal a priority and no time, on every line', () => {
    const { log, lines } = open('journal');
    log.debug('one');
    log.info('two', { site: 'example.org', reason: 'a b', empty: '', n: 1 });
    log.warn('three\nfour');
    log.error('five');
    assert.deepEqual(lines, [
      '<7>one\n',
      '<6>two site=example.org reason="a b" empty="" n=1\n',
      '<4>three\n<4>four\n',
      '<3>five\n',
    ]);
  });

  it('is short for a person at a terminal, in colour if wanted', () => {
    const plain = open('tty');
    plain.log.info('issued', { site: 'example.org' });
    assert.match(plain.lines[0] ?? '', /^\d\d:\d\d:\d\d INFO {2}issued site=example\.org\n$/);
    const coloured = open('tty', { colour: true });
    coloured.log.error('failed');
    assert.equal(coloured.lines[0]?.slice(9), '\u001b[31mERROR\u001b[0m failed\n');
  });

  it('tells a person what an error says and why, and keeps its stack for the others', () => {
    const tty = open('tty');
    tty.log.error('failed', { cause: failure() });
    assert.match(
      tty.lines[0] ?? '',
      / ERROR failed cause="cannot write the record: vendor said \[redacted\]"\n$/,
    );
    const json = open('json');
    json.log.error('failed', { cause: failure() });
    const line = json.lines[0] ?? '';
    assert.match(line, /"code":"E_TEST"/);
    assert.match(line, /"stack":"Error: cannot write the record\\n/);
    assert.match(line, /"message":"vendor said \[redacted\]"/);
  });

  it('lets no secret out by message, field, stack or cause, in any format', () => {
    for (const format of ['tty', 'journal', 'json'] as const) {
      const { log, lines } = open(format);
      log.error(`a ${CANARY}`, {
        [CANARY]: 1,
        field: CANARY,
        nested: { deep: [CANARY] },
        error: failure(),
        set: new Set([CANARY]),
        json: JSON.stringify({ body: CANARY }),
        basic: Buffer.from(`user:${CANARY}`).toString('base64'),
      });
      const text = lines.join('');
      assert.equal(text.includes('canary'), false, text);
      assert.equal(text.includes(Buffer.from('canary').toString('base64').slice(2, 8)), false, text);
      if (format === 'json') JSON.parse(text);
    }
  });

  it('survives an error that is its own cause, and fields that go in circles', () => {
    const { log, lines } = open('json');
    const error = new Error('round');
    error.cause = error;
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    log.error('failed', { error, circle });
    assert.equal(lines.length, 1);
    JSON.parse(lines[0] ?? '');
  });

  it('does not let another server paint our terminal', () => {
    const { log, lines } = open('tty');
    log.info('said \u001b[2J\u0007', { banner: '\u001b[31mred\u009b' });
    assert.equal(/(?!\n)\p{Cc}/u.test(lines.join('')), false);
  });

  it('loads pino with the first line that is written', async () => {
    const module = fileURLToPath(new URL('../../src/io/log.ts', import.meta.url));
    const script = `
      import { createRequire } from 'node:module';
      const { createLog } = await import(${JSON.stringify(module)});
      const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/pino/'));
      const redactor = { redact: (text) => text };
      const log = createLog({ level: 'warn', format: 'json', colour: false, redactor, write() {} });
      log.info('nothing');
      const before = loaded();
      log.warn('something');
      console.log(JSON.stringify([before, loaded()]));`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
    assert.deepEqual(JSON.parse(stdout), [false, true]);
  });
});
