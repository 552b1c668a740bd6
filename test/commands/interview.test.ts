import assert from 'node:assert/strict';
import { createInterview } from '../../src/commands/interview.ts';
import { advise } from '../../src/federation/advice.ts';
import { NAME, certificateFor, federation, json } from '../support/federation.ts';
import { type TestShell, createTestShell } from '../support/test-shell.ts';

function shellAt(columns?: number, answers: readonly string[] = []): TestShell {
  const left = [...answers];
  return {
    ...createTestShell(),
    ...(columns === undefined ? {} : { columns }),
    readLine: ({ ready } = {}) => {
      ready?.();
      return Promise.resolve(left.shift() ?? null);
    },
  };
}

describe('an interview', () => {
  const lab = federation();

  it('shows what a well-known file says without obeying it', async () => {
    const file = json(200, { 'm.server': '\u001b[2J\u0007\u009bgone' });
    const port = await lab.serve(certificateFor([NAME]), file);
    const dns = await lab.dns({ rows: [[NAME, 'A', '127.0.0.1']] });
    const pins = [{ host: NAME, port: 443, to: { address: '127.0.0.1', port } }];
    const sight = await lab.look(dns, { pins });
    const shell = shellAt();
    const interview = createInterview(shell);
    for (const line of [...sight.discovery.steps, ...advise(sight).text]) interview.say(line);
    const shown = shell.complained();
    assert.match(shown, /m\.server is "\\u001b\[2J\\u0007\\u\{9b\}gone"/);
    assert.doesNotMatch(shown, /(?!\n)\p{Cc}/u);
  });

  it('lets nobody else begin a line, in a question or an answer either', async () => {
    const shell = shellAt(undefined, ['\u001b[2J', 'y', 'y']);
    const interview = createInterview(shell);
    await interview.confirm('Agree to x\nWrote config.yaml\u0007', true);
    await interview.choose('Which\u0007?', [{ name: 'y', words: 'a\u202eb' }], 'y');
    assert.doesNotMatch(shell.complained(), /^Wrote|(?!\n)[\p{Cc}\p{Cf}]/mu);
    assert.match(shell.complained(), /"\\u\{1b\}\[2J" is neither yes nor no/);
  });

  it('keeps within the columns of the terminal, and of the usual one where none is told', async () => {
    const text = 'The quick brown fox jumps over the lazy dog and does so again. '.repeat(3).trim();
    for (const columns of [40, 60, 120, undefined]) {
      const shell = shellAt(columns, ['maybe', 'y', '']);
      const interview = createInterview(shell);
      interview.say(text, '  - ');
      await interview.confirm(`  ${text}`, true);
      await interview.choose(text, [{ name: 'name', words: text }], 'name');
      const lines = shell.complained().replaceAll(': ', ':\n').split('\n');
      const longest = Math.max(...lines.map((line) => line.length));
      const edge = columns ?? 80;
      assert.ok(longest <= edge && longest > edge - 8, `${edge}: ${longest}`);
      assert.match(
        shell.complained(),
        /^ {2}- The [^]*\n {4}\S[^]*\n {2}The [^]*\n {4}\S[^]*\n {2}1 {2}name {2}The/,
      );
    }
  });
});
