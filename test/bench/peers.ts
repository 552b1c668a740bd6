import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NameServer } from '../support/name-server.ts';
import type { Pebble } from '../support/pebble.ts';

/** What every contender gets: the same name server, the same CA, the same two names, a folder of its own. */
export interface Course {
  readonly dns: NameServer;
  readonly pebble: Pebble;
  readonly names: readonly [string, string];
  readonly folder: string;
}

export interface Contender {
  readonly name: string;
  /** What it proves before it asks the CA, for the table. */
  readonly proves: string;
  /** Everything that is done once per installation: accounts, credentials, hooks. Not measured. */
  prepare(course: Course): Promise<void>;
  /** What one round leaves in the way of the next. Not measured. */
  reset?(course: Course): Promise<void>;
  /** One certificate, from the start of the process to files on disk. Measured. */
  issue(course: Course): Promise<void>;
}

export async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn(command, args, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${printed.slice(-1_500)}`);
  return printed;
}

/** A hook that speaks DNS UPDATE through nsupdate, for the contenders that bring no DNS client of their own. */
async function writeUpdateHook(file: string, { dns }: Course, body: string): Promise<void> {
  const text = `#!/bin/sh
update() { # add|delete NAME VALUE …
  { echo 'server 127.0.0.1 ${dns.port}'
    op=$1; shift
    while [ $# -ge 2 ]; do
      if [ "$op" = add ]; then echo "update add $1. 60 TXT \\"$2\\""; else echo "update delete $1. TXT \\"$2\\""; fi
      echo send; shift 2
    done; } | nsupdate -k ${dns.keyFile}
}
${body}`;
  await writeFile(file, text);
  await chmod(file, 0o755);
}

export const lego: Contender = {
  name: 'lego',
  proves: 'nothing (its check switched off)',
  prepare: (course) => legoRun(course, 'account.example.test'),
  issue: (course) => legoRun(course, ...course.names),
};

async function legoRun({ dns, pebble, folder }: Course, ...names: string[]): Promise<void> {
  const server = `127.0.0.1:${dns.port}`;
  const options = [
    '--path',
    folder,
    '--server',
    pebble.directoryUrl,
    '--accept-tos',
    '--email',
    'bench@example.test',
  ];
  await run(
    'lego',
    [
      ...options,
      '--dns',
      'rfc2136',
      '--dns.resolvers',
      server,
      '--dns.disable-cp',
      ...names.flatMap((name) => ['-d', name]),
      'run',
    ],
    {
      LEGO_CA_CERTIFICATES: pebble.caFile,
      RFC2136_NAMESERVER: server,
      RFC2136_TSIG_ALGORITHM: `${dns.key.algorithm}.`,
      RFC2136_TSIG_KEY: `${dns.key.name}.`,
      RFC2136_TSIG_SECRET: dns.key.secret,
      RFC2136_SEQUENCE_INTERVAL: '0',
      RFC2136_POLLING_INTERVAL: '1',
      RFC2136_PROPAGATION_TIMEOUT: '10',
    },
  );
}

export const certbot: Contender = {
  name: 'certbot',
  proves: 'nothing (waits 0 s)',
  async prepare({ dns, pebble, folder }) {
    const credentials = [
      'dns_rfc2136_server = 127.0.0.1',
      `dns_rfc2136_port = ${dns.port}`,
      `dns_rfc2136_name = ${dns.key.name}.`,
      `dns_rfc2136_secret = ${dns.key.secret}`,
      `dns_rfc2136_algorithm = ${dns.key.algorithm.toUpperCase()}`,
      '',
    ];
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'rfc2136.ini'), credentials.join('\n'), { mode: 0o600 });
    await run('certbot', ['register', ...certbotOptions(pebble, folder)], {
      REQUESTS_CA_BUNDLE: pebble.caFile,
    });
  },
  async issue({ pebble, folder, names }) {
    const dns = [
      '--dns-rfc2136',
      '--dns-rfc2136-credentials',
      join(folder, 'rfc2136.ini'),
      '--dns-rfc2136-propagation-seconds',
      '0',
    ];
    const domains = names.flatMap((name) => ['-d', name]);
    await run(
      'certbot',
      ['certonly', ...certbotOptions(pebble, folder), '--force-renewal', ...dns, ...domains],
      {
        REQUESTS_CA_BUNDLE: pebble.caFile,
      },
    );
  },
};

function certbotOptions(pebble: Pebble, folder: string): string[] {
  const folders = [
    '--config-dir',
    join(folder, 'c'),
    '--work-dir',
    join(folder, 'w'),
    '--logs-dir',
    join(folder, 'l'),
  ];
  return ['-n', '--agree-tos', '-m', 'bench@example.test', '--server', pebble.directoryUrl, ...folders];
}

export const dehydrated: Contender = {
  name: 'dehydrated',
  proves: 'nothing',
  async prepare(course) {
    const { folder, pebble, names } = course;
    await mkdir(join(folder, 'wk'), { recursive: true });
    await writeUpdateHook(
      join(folder, 'hook'),
      course,
      `stage=$1; shift
case $stage in deploy_challenge) op=add;; clean_challenge) op=delete;; *) exit 0;; esac
n=$#
while [ $n -ge 3 ]; do d=$1; v=$3; shift 3; set -- "$@" "_acme-challenge.$d" "$v"; n=$((n - 3)); done
update $op "$@"
`,
    );
    await writeFile(join(folder, 'domains.txt'), `${names.join(' ')}\n`);
    const config = [
      `CA="${pebble.directoryUrl}"`,
      'CHALLENGETYPE="dns-01"',
      `BASEDIR="${folder}"`,
      `WELLKNOWN="${join(folder, 'wk')}"`,
      `HOOK="${join(folder, 'hook')}"`,
      'HOOK_CHAIN=yes',
      `CURL_OPTS="--cacert ${pebble.caFile}"`,
      'KEY_ALGO=prime256v1',
      '',
    ];
    await writeFile(join(folder, 'config'), config.join('\n'));
    await run('dehydrated', ['--config', join(folder, 'config'), '--register', '--accept-terms']);
  },
  async issue({ folder }) {
    await run('dehydrated', ['--config', join(folder, 'config'), '-c', '-x']);
  },
};

export const uacme: Contender = {
  name: 'uacme',
  proves: 'nothing',
  async prepare(course) {
    await mkdir(course.folder, { recursive: true });
    await writeUpdateHook(
      join(course.folder, 'hook'),
      course,
      `[ "$2" = dns-01 ] || exit 1
case $1 in begin) update add "_acme-challenge.$3" "$5";; *) update delete "_acme-challenge.$3" "$5";; esac
`,
    );
    await uacmeRun(course, ['new']);
  },
  // It keeps the old certificate under the second of its issue, and gives up when there is one of that second already.
  async reset({ folder, names: [name] }) {
    const dated = (await readdir(join(folder, name))).filter((file) => /^cert-\d+\.pem$/.test(file));
    await Promise.all(dated.map((file) => rm(join(folder, name, file))));
  },
  issue: (course) => uacmeRun(course, ['-f', '-h', join(course.folder, 'hook'), 'issue', ...course.names]),
};

/** Its TLS library reads the system's bundle and nothing else, so it gets one of its own in a mount namespace. */
async function uacmeRun({ pebble, folder }: Course, args: readonly string[]): Promise<void> {
  const script = 'mount --bind "$1" /etc/ssl/certs/ca-certificates.crt && shift && exec "$@"';
  const command = ['uacme', '-y', '-t', 'EC', '-a', pebble.directoryUrl, '-c', folder, ...args];
  await run('unshare', ['-m', 'sh', '-c', script, 'bench', pebble.caFile, ...command]);
}
