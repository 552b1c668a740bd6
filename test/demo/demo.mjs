// `npm run demo`: the main job, once, on this machine. Everything that is shown is done by the product's own commands;
// this file only sets the stage (a CA, a homeserver, a config) and looks at the result with other people's tools.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const PROGRAM = here('../../dist/src/main.js');
const NAME = 'example.test';
const bold = (text) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);
const say = (text) => process.stdout.write(`${text}\n`);
const PATH = `${process.env.PATH}:/usr/sbin`;

const folder = mkdtempSync(join(tmpdir(), 'delegated-demo-'));
const children = [];

requirePrograms({ pebble: 'pebble', dig: 'bind9-dnsutils', openssl: 'openssl' });
try {
  await demo();
} finally {
  for (const child of children.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
}

async function demo() {
  const [dnsPort, acmePort, managementPort, tlsPort] = await freePorts(4);
  const dns = `127.0.0.1:${dnsPort}`;
  say(bold('The stage: Pebble as the CA, a small TLS server as the homeserver, both on this machine.'));
  makeCertificate('ca', 'demo CA for the CA', 'IP:127.0.0.1');
  makeCertificate('old', 'the old certificate', 'DNS:old.test');
  await startPebble(dns, acmePort, managementPort);
  await start(
    'homeserver',
    process.execPath,
    [
      here('homeserver.mjs'),
      join(folder, 'tls'),
      join(folder, 'old'),
      join(folder, 'homeserver.pid'),
      String(tlsPort),
    ],
    'ready',
  );

  const config = `version: 1
state: ${folder}/state
resolvers: ["${dns}"]
acme:
  ca: https://127.0.0.1:${acmePort}/dir
  caCertificates: ${folder}/ca/fullchain.pem
  termsOfServiceAgreed: true
providers:
  self:
    type: builtin                 # the name server inside delegated
    listen: ["${dns}"]
    zones: [${NAME}]
    addresses: { ns.${NAME}: ["127.0.0.1"], matrix.${NAME}: ["127.0.0.1"] }
    nameServers: ["${dns}"]
sites:
  ${NAME}:
    provider: self
    srv: [ { target: matrix.${NAME}, port: ${tlsPort}, priority: 10, weight: 5 } ]
    certificate:
      outputs: [ { directory: ${folder}/tls } ]
      reload: { signal: HUP, pidFile: ${folder}/homeserver.pid }
`;
  writeFileSync(join(folder, 'config.yaml'), config, { mode: 0o600 });
  say(`\n${bold('The config:')}\n\n${config.replace(/^/gm, '  ')}`);

  show('delegated plan');
  say(bold('$ delegated run &        # the daemon: it serves the zone, and does what the plan says'));
  const log = await start(
    'delegated',
    process.execPath,
    [PROGRAM, '-c', join(folder, 'config.yaml'), 'run', '--verbose'],
    'next work at',
  );
  for (const line of log.split('\n').filter((text) => text.startsWith('{'))) {
    const { level, msg, time: _, ...fields } = JSON.parse(line);
    if (level !== 'debug') say(`  ${msg} ${JSON.stringify(fields)}`);
  }
  say('');
  show('delegated status');
  other('What dig sees', 'dig', [
    '@127.0.0.1',
    '-p',
    String(dnsPort),
    '+noall',
    '+answer',
    `_matrix-fed._tcp.${NAME}`,
    'SRV',
  ]);
  other('What a federation peer is served', 'sh', [
    '-c',
    `openssl s_client -connect 127.0.0.1:${tlsPort} -servername ${NAME} </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -enddate -ext subjectAltName`,
  ]);
  writeFileSync(join(folder, 'root.pem'), await rootOf(managementPort));
  show(`delegated check ${NAME} --resolver ${dns} --ca-file ${folder}/root.pem`);
  show('delegated renew');
  say(bold('The second run had nothing to do. That is all.'));
}

/** Runs one of our commands, and shows it as a person would have typed it. */
function show(line) {
  say(bold(`$ ${line}`));
  const { status } = spawnSync(
    process.execPath,
    [PROGRAM, '-c', join(folder, 'config.yaml'), ...line.split(' ').slice(1)],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  if (status !== 0) throw new Error(`\`${line}\` ended with ${status}`);
  say('');
}

function other(title, command, args) {
  say(bold(`${title}:`));
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH },
  });
  if (status !== 0 || stdout.trim() === '') throw new Error(`${command}: ${stderr}`);
  say(stdout.trimEnd().replace(/^/gm, '  '));
  say('');
}

async function startPebble(dns, acmePort, managementPort) {
  const pebble = {
    listenAddress: `127.0.0.1:${acmePort}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: join(folder, 'ca', 'fullchain.pem'),
    privateKey: join(folder, 'ca', 'privkey.pem'),
    httpPort: 5002,
    tlsPort: 5001,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
    certificateValidityPeriod: 90 * 86_400,
  };
  writeFileSync(join(folder, 'pebble.json'), JSON.stringify({ pebble }));
  await start(
    'pebble',
    'pebble',
    ['-config', join(folder, 'pebble.json'), '-dnsserver', dns],
    'ACME directory available',
    {
      PEBBLE_VA_NOSLEEP: '1',
    },
  );
}

/** What the certificates of this Pebble chain up to; each start of it makes another one. */
async function rootOf(managementPort) {
  const ca = readFileSync(join(folder, 'ca', 'fullchain.pem'));
  const [response] = await once(get(`https://127.0.0.1:${managementPort}/roots/0`, { ca }), 'response');
  return text(response);
}

/** Starts something that stays, waits until it says the words, returns what it has said. */
async function start(name, command, args, words, env = {}) {
  const child = spawn(command, args, {
    env: { ...process.env, PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let printed = '';
  await new Promise((resolve, reject) => {
    const listen = (text) => {
      printed += text;
      if (printed.includes(words)) resolve();
    };
    child.stdout.setEncoding('utf8').on('data', listen);
    child.stderr.setEncoding('utf8').on('data', listen);
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`${name} ended: ${printed}`)));
  });
  return printed;
}

function makeCertificate(where, name, alternative) {
  mkdirSync(join(folder, where));
  const [key, cert] = ['privkey.pem', 'fullchain.pem'].map((file) => join(folder, where, file));
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternative}`, '-days', '2'];
  const made = spawnSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(made.stderr);
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** On a fresh Debian the stage is missing; root gets it, others get the line to type. */
function requirePrograms(packages) {
  const missing = Object.entries(packages).filter(
    ([program]) =>
      spawnSync('sh', ['-c', `command -v ${program}`], { env: { ...process.env, PATH } }).status !== 0,
  );
  if (missing.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${missing.map(([, name]) => name).join(' ')}`;
  const as = process.getuid() === 0 ? '' : spawnSync('sudo', ['-n', 'true']).status === 0 ? 'sudo -n ' : null;
  if (as === null) {
    say(
      `The demo needs some Debian packages. Run this once, then \`npm run demo\` again:\n\n  sudo ${install}\n`,
    );
    process.exit(1);
  }
  say(`installing ${missing.map(([, name]) => name).join(', ')} …`);
  const command = `(${as}apt-get update && ${as}env DEBIAN_FRONTEND=noninteractive ${install}) 2>&1`;
  const { status, stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  if (status !== 0) {
    say(stdout.slice(-2_000));
    process.exit(1);
  }
}
