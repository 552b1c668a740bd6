import { Command, CommanderError, Option } from 'commander';
import { REVOCATION_REASONS } from '../acme/revocation-reason.ts';
import { PROXIES } from '../matrix/well-known-proxies.ts';
import { parseDuration } from './duration.ts';
import { recordsCommand } from './records.ts';
import { renewCommand } from './renew.ts';
import type { GlobalOptions, Shell } from './shell.ts';
import { statusCommand } from './status.ts';
import { adoptCommand, planCommand, syncCommand } from './sync.ts';
import { isBare, usageError } from './usage-error.ts';

/**
 * The command line. What only some commands need (the scheduler, the ACME client, the adapters) is loaded when it is
 * needed; the rest is one file, because every further file costs a quiet `renew` a millisecond.
 * @returns the exit code
 * @throws DelegatedError E_USAGE, and whatever the command throws
 */
export async function runProgram(argv: readonly string[], shell: Shell): Promise<number> {
  let code = 0;
  const program = build(shell, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (thrown) {
    // Help that was asked for, or the version.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    // The help that commander has printed says all that an error could, but for a script.
    if (isBare(thrown) && !argv.includes('--json')) return USAGE;
    throw thrown;
  }
}

/** The exit code for a command line that cannot be meant. */
const USAGE = 2;

const REASONS = Object.keys(REVOCATION_REASONS);

type Run = (
  flags: GlobalOptions & Readonly<Record<string, unknown>>,
  args: readonly string[],
) => Promise<number>;

function build(shell: Shell, done: (code: number) => void): Command {
  const program = new Command('delegated')
    .description('Matrix server delegation by SRV records, with the certificate that they demand')
    .version(shell.version, '--version');
  globalOptions(program, shell);

  const add = (parent: Command, name: string, summary: string, run: Run): Command => {
    const command = parent.command(name).description(summary);
    globalOptions(command, shell);
    command.action(async (...given: unknown[]) => {
      const flags = { ...program.opts(), ...command.optsWithGlobals() };
      done(await run(flags, command.args));
      void given;
    });
    return command;
  };

  add(program, 'run', 'the daemon, in the foreground', async (flags) =>
    (await import('./run.ts')).runCommand(flags, shell),
  );
  add(
    program,
    'renew',
    'reconcile the records, renew what is due, deploy and prove it',
    async (flags, sites) => renewCommand(sites, flags, shell),
  )
    .argument('[sites...]', 'server names; none means all of the config')
    .option(
      '--force',
      'renew although nothing is due, and go past the limit of orders and the look at SRV targets',
    )
    .option('--dry-run', "rehearse at the CA's staging directory, write nothing")
    .option('--wait', 'wait for the lock instead of giving up')
    .option(
      '--every <duration>',
      'how often this is run, such as 12h: renew what the CA wants renewed before the next run',
      parseDuration,
    );
  add(program, 'sync', 'reconcile the SRV records only', async (flags, sites) =>
    syncCommand(sites, flags, shell),
  )
    .argument('[sites...]', 'server names; none means all of the config')
    .option('--force', 'change records although that could cut federation');
  add(program, 'plan', 'what renew would do, changing nothing', async (flags, sites) =>
    planCommand(sites, flags, shell),
  )
    .argument('[sites...]', 'server names; none means all of the config')
    .option('--exit-code', 'exit with 10 when something would change');
  add(program, 'adopt', 'take over records that exist and are not ours', async (flags, [site = '']) =>
    adoptCommand(site, flags, shell),
  )
    .argument('<site>', 'server name')
    .option('--force', 'change records although that could cut federation');
  add(
    program,
    'status',
    'records, certificate, next renewal and last error of each site',
    async (flags, sites) => statusCommand(sites, flags, shell),
  ).argument('[sites...]', 'server names; none means all of the config');
  add(program, 'check', 'what any federation peer sees of a server; needs no config', async (flags, names) =>
    (await import('./check.ts')).checkCommand(names, flags, shell),
  )
    .argument('<server-names...>', 'as in @user:SERVER_NAME')
    .option('--resolver <address>', "ask this name server, as HOST:PORT, instead of the system's")
    .option(
      '--resolve <host:port:address>',
      'connect there for this host and port, as curl does; may be repeated',
      more,
    )
    .option('--ca-file <file>', 'trust these CAs too (PEM)')
    .option('--certificate <file>', 'what should be served (PEM), where no config tells')
    .addOption(
      new Option('--format <format>', 'how to write it').choices(['text', 'federation-tester', 'tap']),
    );
  add(program, 'notify', 'send a test message to whom the config tells', async (flags) =>
    (await import('./notify.ts')).notifyCommand(flags, shell),
  );
  add(program, 'doctor', 'everything that would make renew fail, before it does', async (flags, sites) =>
    (await import('./doctor.ts')).doctorCommand(sites, flags, shell),
  ).argument('[sites...]', 'server names; none means all of the config');
  add(program, 'records', 'what to publish by hand where no API can', async (flags, [site = '']) =>
    recordsCommand(site, flags, shell),
  )
    .argument('<site>', 'server name')
    .addOption(
      new Option('--format <format>', 'how to write it').choices(['text', 'zone', 'terraform', 'octodns']),
    );
  add(
    program,
    'well-known',
    'the well-known files, or the config of a proxy for them',
    async (flags, [site = '']) => (await import('./well-known.ts')).wellKnownCommand(site, flags, shell),
  )
    .argument('<site>', 'server name')
    .addOption(new Option('--for <program>', 'what answers on port 443').choices(PROXIES));
  addCertificateCommands(program, add, shell);
  addAccountCommands(program, add, shell);
  addProviderCommands(program, add, shell);
  addConfigCommands(program, add, shell);
  return program;
}

function addCertificateCommands(
  program: Command,
  add: (parent: Command, name: string, summary: string, run: Run) => Command,
  shell: Shell,
): void {
  const certificates = program.command('certificates').description('the certificates in the state directory');
  globalOptions(certificates, shell);
  add(
    certificates,
    'list',
    'what is live for each site, and how many versions are kept',
    async (flags, names) => (await import('./certificate-versions.ts')).listCommand(names, flags, shell),
  ).argument('[sites...]', 'server names; none means all of the config');
  add(certificates, 'show', 'every version that is kept for a site', async (flags, [site = '']) =>
    (await import('./certificate-versions.ts')).showCommand(site, flags, shell),
  ).argument('<site>', 'server name');
  add(
    certificates,
    'rollback',
    'make an earlier version live again, and hold renewals off',
    async (flags, [site = '']) => (await import('./rollback.ts')).rollbackCommand(site, flags, shell),
  )
    .argument('<site>', 'server name')
    .option(
      '--to <version>',
      'this one, as `certificates show` names it (default: the one before the live one)',
    )
    .option('--release', 'let renewals go on, which a rollback holds off');
  add(
    certificates,
    'import',
    'take over key and chain from another ACME client',
    async (flags, [directory = '']) => (await import('./import.ts')).importCommand(directory, flags, shell),
  )
    .argument('<directory>', 'folder of certbot, lego, acme.sh, dehydrated or Caddy that holds the files')
    .option('--site <site>', 'for this site only (default: every site that it is right for)')
    .option('--account', 'its account at the CA too, where there is none of ours yet');
  add(certificates, 'revoke', 'have the CA declare the live certificate void', async (flags, [site = '']) =>
    (await import('./certificates.ts')).revokeCommand(site, flags, shell),
  )
    .argument('<site>', 'server name')
    .addOption(new Option('--reason <reason>', 'why (default: unspecified)').choices(REASONS))
    .option('--by-key', "sign with the certificate's own key: it was ordered by another account");
}

function addAccountCommands(
  program: Command,
  add: (parent: Command, name: string, summary: string, run: Run) => Command,
  shell: Shell,
): void {
  const account = program.command('account').description('the accounts at the CAs');
  globalOptions(account, shell);
  const ca = '--ca <ca>';
  add(account, 'show', 'status, contact, key thumbprint and CAA record of each account', async (flags) =>
    (await import('./account.ts')).accountShowCommand(flags, shell),
  ).option(ca, 'at this CA only, by the name or URL in the config (default: all)');
  add(account, 'rollover', 'give the account another key, at the CA and on disk', async (flags) =>
    (await import('./account.ts')).accountRolloverCommand(flags, shell),
  ).option(ca, 'at this CA, by the name or URL in the config (default: the first)');
  add(account, 'deactivate', 'close the account for good', async (flags) =>
    (await import('./account.ts')).accountDeactivateCommand(flags, shell),
  )
    .option(ca, 'at this CA, by the name or URL in the config (default: the first)')
    .option('--yes', 'without asking: where there is no terminal, it is wanted')
    .option('--force', 'although an order is open');
}

function addProviderCommands(
  program: Command,
  add: (parent: Command, name: string, summary: string, run: Run) => Command,
  shell: Shell,
): void {
  const provider = program.command('provider').description('the DNS providers');
  globalOptions(provider, shell);
  add(provider, 'list', 'the types that there are, and what each can do', async (flags) =>
    (await import('./provider-list.ts')).providerListCommand(flags, shell),
  );
  add(provider, 'check', 'try credentials and rights, changing nothing', async (flags, names) =>
    (await import('./provider-check.ts')).providerCheckCommand(names, flags, shell),
  ).argument('[names...]', 'names of providers in the config; none means all of them');
  add(
    provider,
    'test',
    'try a provider on a zone of yours, and remove what that made',
    async (flags, [name = '']) =>
      (await import('./provider-test.ts')).providerTestCommand(name, flags, shell),
  )
    .argument('<name>', 'name of a provider in the config')
    .requiredOption('--zone <zone>', 'name or id of a zone; what is written there lies below a random label');
}

function addConfigCommands(
  program: Command,
  add: (parent: Command, name: string, summary: string, run: Run) => Command,
  shell: Shell,
): void {
  const config = program.command('config').description('the config file');
  globalOptions(config, shell);
  add(config, 'check', 'read the config and say what is wrong with it', async (flags) =>
    (await import('./config.ts')).configCheckCommand(flags, shell),
  );
  add(config, 'schema', 'print the JSON Schema, for editors', async () =>
    (await import('./config.ts')).configSchemaCommand(shell),
  );
  add(
    config,
    'init',
    'write a config to start from; on a terminal it asks, looks and explains',
    async (flags, [name]) => (await import('./init.ts')).configInitCommand(name, flags, shell),
  )
    .argument('[server-name]', 'the server_name of your homeserver; asked for on a terminal')
    .option('--yes', 'ask nothing, take what is usual')
    .option('--target <host>', 'the host that runs it (default: matrix.SERVER_NAME)')
    .option('--provider <type>', 'the type of the DNS provider (default: rfc2136)')
    .option('--ca <ca>', 'the CA (default: letsencrypt)')
    .option('--email <address>', 'contact for the CA')
    .option('--state <directory>', 'where the state is kept (default: /var/lib/delegated)')
    .option(
      '--resolver <address>',
      "ask this name server, as HOST:PORT, instead of the system's; may be repeated",
      more,
    )
    .option(
      '--name-server <address>',
      'ask this one whether a record is served, instead of those of the zone; may be repeated',
      more,
    )
    .option('--ca-file <file>', 'trust these CAs too (PEM), for a CA of your own');
}

/** For an option that may be repeated. */
function more(value: string, before?: readonly string[]): readonly string[] {
  return [...(before ?? []), value];
}

/** On every command, so that they work before and after its name. */
function globalOptions(command: Command, shell: Shell): void {
  command
    .option('-c, --config <file>', 'the config (default: $DELEGATED_CONFIG or /etc/delegated/config.yaml)')
    .option('--json', 'one JSON document on stdout')
    .option('--quiet', 'only errors')
    .option('--verbose', 'log every step')
    .option('--no-color', 'no colours')
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : usageError(error, command);
    })
    .configureOutput({ writeOut: shell.out, writeErr: shell.err, outputError: () => undefined })
    .showSuggestionAfterError(true);
}
