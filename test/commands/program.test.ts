import assert from 'node:assert/strict';
import { runProgram } from '../../src/commands/program.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { createTestShell } from '../support/test-shell.ts';

describe('the command line', () => {
  it('refuses what it does not know, and points to what was meant', async () => {
    const shell = createTestShell();
    for (const argv of [
      ['renwe'],
      ['renew', '--forse'],
      ['renew', '--every', 'often'],
      ['records'],
      ['records', 'x', '--format', 'pdf'],
      ['adopt'],
    ]) {
      const error = await assertRefused(runProgram(argv, shell), 'E_USAGE');
      assert.match(error.hint ?? '', /--help/);
    }
    const command = await assertRefused(runProgram(['renwe'], shell), 'E_USAGE');
    assert.equal(command.message, "unknown command 'renwe'");
    assert.equal(command.hint, 'did you mean renew? Else see `delegated --help`');
    const option = await assertRefused(runProgram(['renew', '--forse'], shell), 'E_USAGE');
    assert.equal(option.message, "unknown option '--forse'");
    assert.equal(option.hint, 'did you mean --force? Else see `delegated renew --help`');
    assert.equal(shell.complained(), '');
    assert.equal(shell.printed(), '');
  });

  it('says what there is to whoever names no command, on stderr, and that this was a mistake', async () => {
    for (const [argv, known] of [
      [[], /^ {2}renew /m],
      [['config'], /^ {2}schema /m],
      [['certificates', '--quiet'], /^ {2}rollback /m],
    ] as const) {
      const shell = createTestShell();
      assert.equal(await runProgram(argv, shell), 2);
      assert.match(shell.complained(), known);
      assert.equal(shell.printed(), '');
    }
    const error = await assertRefused(runProgram(['config', '--json'], createTestShell()), 'E_USAGE');
    assert.equal(error.message, 'delegated config: no command is named');
    assert.match(error.hint ?? '', /there are check, schema, init; see `delegated config --help`/);
  });

  it('points to the help of the command that was meant', async () => {
    const error = await assertRefused(runProgram(['provider', 'test', 'main'], createTestShell()), 'E_USAGE');
    assert.match(error.message, /--zone/);
    assert.equal(error.hint, 'see `delegated provider test --help`');
  });

  it('takes the options that work everywhere before and after the name of a command', async () => {
    for (const argv of [
      ['-c', '/nonexistent/one.yaml', 'plan'],
      ['plan', '-c', '/nonexistent/one.yaml'],
      ['config', 'check', '--config', '/nonexistent/one.yaml'],
      ['--config', '/nonexistent/one.yaml', 'config', 'check'],
    ])
      await assert.rejects(runProgram(argv, createTestShell()), noSuch('one.yaml'), argv.join(' '));
  });

  it('reads the config that the environment names, unless an option names one', async () => {
    const shell = createTestShell({ DELEGATED_CONFIG: '/nonexistent/two.yaml' });
    await assert.rejects(runProgram(['status'], shell), noSuch('two.yaml'));
    await assert.rejects(runProgram(['status', '-c', '/nonexistent/one.yaml'], shell), noSuch('one.yaml'));
  });
});

/** By code, since what is loaded later is loaded anew under mocha, and its classes are others. */
function noSuch(file: string): { readonly code: string; readonly message: RegExp } {
  return { code: 'E_CONFIG', message: new RegExp(`/nonexistent/${file.replace('.', '\\.')}`) };
}
