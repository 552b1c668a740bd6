import { type Command, CommanderError } from 'commander';
import { DelegatedError } from '../errors.ts';

/** "unknown command 'renwe'", and on a line of its own what was meant. */
const WITH_GUESS = /^(.*)\n\(Did you mean (.+)\?\)$/s;

const BARE = 'commander.help';

/** Whether no command was named, which commander answers by the help. */
export function isBare(thrown: unknown): boolean {
  return (
    thrown instanceof DelegatedError && thrown.cause instanceof CommanderError && thrown.cause.code === BARE
  );
}

/** What was wrong on the command line, in the words of this program; the help that is named is that of the command. */
export function usageError(error: CommanderError, command: Command): DelegatedError {
  const help = `see \`${pathOf(command)} --help\``;
  if (error.code === BARE) {
    const names = command.commands.map((each) => each.name());
    return new DelegatedError('E_USAGE', `${pathOf(command)}: no command is named`, {
      hint: `there are ${names.join(', ')}; ${help}`,
      cause: error,
    });
  }
  const text = error.message.replace(/^error: /, '');
  const [, said = text, guess] = WITH_GUESS.exec(text) ?? [];
  return new DelegatedError('E_USAGE', said, {
    hint: guess === undefined ? help : `did you mean ${guess}? Else ${help}`,
    cause: error,
  });
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
