import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBind } from '../support/bind.ts';
import { freePort } from '../support/free-port.ts';
import type { NameServer, NameServerOptions } from '../support/name-server.ts';
import { type Pebble, startPebble } from '../support/pebble.ts';
import { runProgram } from '../support/process.ts';
import { selfSigned } from '../support/self-signed.ts';

/** The built program: what is tested here is what people run. */
export const PROGRAM = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const HOMESERVER = fileURLToPath(new URL('../demo/homeserver.mjs', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
}

/** A name server, a CA that asks it, a folder for one installation, and the program to run in it. */
export interface Lab {
  readonly directory: string;
  readonly dns: NameServer;
  readonly pebble: Pebble;
  readonly configFile: string;
  readonly state: string;
  /** The provider block for `dns`. */
  readonly provider: Readonly<Record<string, unknown>>;
  /** Writes the config: the lab's own with `sites`, and whatever `more` replaces at the top. */
  configure(
    sites: Readonly<Record<string, unknown>>,
    more?: Readonly<Record<string, unknown>>,
  ): Promise<void>;
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  start(args: readonly string[], options?: RunOptions): ChildProcess;
  stop(): Promise<void>;
}

export interface LabOptions {
  readonly zones?: NameServerOptions['zones'];
  readonly keys?: NameServerOptions['keys'];
  readonly recursion?: boolean;
  readonly delegated?: NameServerOptions['delegated'];
  readonly startDns?: (options: NameServerOptions) => Promise<NameServer>;
  readonly pebble?: Omit<Parameters<typeof startPebble>[0], 'dnsServer'>;
}

export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const zones = options.zones ?? [{ name: 'example.test', records: ['matrix 60 IN A 127.0.0.1'] }];
  const directory = await mkdtemp(join(tmpdir(), 'delegated-e2e-'));
  const { keys, recursion = false, delegated = {} } = options;
  const dns = await (options.startDns ?? startBind)({
    zones,
    recursion,
    delegated,
    ...(keys === undefined ? {} : { keys }),
  });
  const server = `127.0.0.1:${dns.port}`;
  const pebble = await startPebble({ dnsServer: server, ...options.pebble });
  const configFile = join(directory, 'config.yaml');
  const state = join(directory, 'state');
  const secretFile = join(directory, 'tsig.secret');
  await writeFile(secretFile, `${dns.key.secret}\n`, { mode: 0o600 });
  const provider = {
    type: 'rfc2136',
    server,
    key: { name: dns.key.name, algorithm: dns.key.algorithm, secret: { file: secretFile } },
    nameServers: [server],
  };
  const start = (args: readonly string[], { env = {} }: RunOptions = {}): ChildProcess =>
    spawn(process.execPath, [PROGRAM, '-c', configFile, ...args], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  return {
    directory,
    dns,
    pebble,
    configFile,
    state,
    provider,
    start,
    run: (args, runOptions) => finish(start(args, runOptions)),
    async configure(sites, more = {}) {
      // JSON is YAML, and needs no library to be written.
      const config = {
        version: 1,
        state,
        resolvers: [server],
        acme: {
          ca: pebble.directoryUrl,
          termsOfServiceAgreed: true,
          caCertificates: pebble.caFile,
        },
        providers: { main: provider },
        sites,
        ...more,
      };
      await writeFile(configFile, JSON.stringify(config, null, 2), { mode: 0o600 });
    },
    async stop() {
      await Promise.allSettled([pebble.stop(), dns.stop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function finish(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode, stdout, stderr };
}

/** The answer section as dig prints it, short. */
export async function dig(lab: Pick<Lab, 'dns'>, name: string, type: string): Promise<string[]> {
  const args = ['@127.0.0.1', '-p', `${lab.dns.port}`, '+short', '+time=2', '+tries=2', name, type];
  return (await runProgram('dig', args))
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

/** Every challenge value that stands in a zone. */
export async function strayChallenges(lab: Pick<Lab, 'dns'>, zone: string): Promise<string[]> {
  const args = ['@127.0.0.1', '-p', `${lab.dns.port}`, '+noall', '+answer', '+time=5', zone, 'AXFR'];
  const text = await runProgram('dig', args);
  return text.split('\n').filter((line) => /\sTXT\s/.test(line) && !line.includes('heritage=delegated'));
}

export interface Homeserver {
  readonly port: number;
  readonly pidFile: string;
  /** Where it looks for `fullchain.pem` and `privkey.pem`. */
  readonly tls: string;
  stop(): Promise<void>;
}

/** Serves what lies in `DIRECTORY/tls`, a certificate of its own until then, and reads again on SIGHUP. */
export async function startHomeserver(directory: string): Promise<Homeserver> {
  const [tls, fallback] = [join(directory, 'tls'), join(directory, 'old-tls')];
  await mkdir(fallback, { recursive: true });
  const old = await selfSigned('old.test');
  await writeFile(join(fallback, 'privkey.pem'), old.privateKey);
  await writeFile(join(fallback, 'fullchain.pem'), old.fullchain);
  const [port, pidFile] = [await freePort(), join(directory, 'homeserver.pid')];
  const child = spawn(process.execPath, [HOMESERVER, tls, fallback, pidFile, `${port}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (child.exitCode !== null) throw new Error('the homeserver did not start');
  return {
    port,
    pidFile,
    tls,
    async stop() {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

/** Checked by somebody else's code: the chain up to Pebble's root, the name, the key. */
export async function opensslVerify(lab: Lab, folder: string, name: string): Promise<string> {
  const root = join(lab.directory, 'root.pem');
  await writeFile(root, await lab.pebble.root());
  const [cert, chain, key] = ['cert.pem', 'chain.pem', 'privkey.pem'].map((file) => join(folder, file));
  const verdict = await runProgram('openssl', [
    'verify',
    '-CAfile',
    root,
    '-untrusted',
    chain ?? '',
    '-verify_hostname',
    name,
    cert ?? '',
  ]);
  const fromCert = await runProgram('openssl', ['x509', '-in', cert ?? '', '-noout', '-pubkey']);
  const fromKey = await runProgram('openssl', ['pkey', '-in', key ?? '', '-pubout']);
  if (fromCert !== fromKey) throw new Error('key and certificate do not match');
  return verdict;
}

/** How many orders this installation has asked the CA for. */
export async function orders(lab: Pick<Lab, 'state'>): Promise<number> {
  const text = await readFile(join(lab.state, 'ledger.jsonl'), 'utf8').catch(() => '');
  // What became of challenges stands there as well.
  return text.split('\n').filter((line) => line !== '' && !line.includes('"challenges":')).length;
}

/** Every file below a folder, with its contents. */
export async function everyFile(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      files.set(path, await readFile(path, 'utf8'));
    }
  return files;
}
