import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { type LabCa, makeLabCa } from './lab-ca.ts';
import { type RunningProcess, startProcess } from './process.ts';

/** The CA that RFC 8555 is tried out with, on free loopback ports. */
export interface Pebble {
  readonly directoryUrl: string;
  readonly managementUrl: string;
  /** PEM file of what a client has to trust for the API. */
  readonly caFile: string;
  /** What the issued certificates chain up to, PEM; from 1 on with PEBBLE_ALTERNATE_ROOTS. */
  root(index?: number): Promise<string>;
  /** What it says of a certificate, by its serial in hexadecimal. */
  status(serial: string): Promise<unknown>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
  /** Ends it and keeps its files: a CA that is out of order. */
  halt(): Promise<void>;
  /** It forgets everything: accounts, orders, its own keys. */
  restart(): Promise<void>;
}

export interface PebbleOptions {
  /** `127.0.0.1:port`: whom it asks for the challenges. */
  readonly dnsServer: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly validitySeconds?: number;
  readonly eab?: { readonly kid: string; readonly hmacKey: string };
  /** Refuse what old clients do wrong. */
  readonly strict?: boolean;
}

const READY_MS = 10_000;
const POLL_MS = 15;

/** Between the kernel's naming a port and Pebble's binding it, anybody may come first. */
const PORT_ATTEMPTS = 5;

export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await tryPorts(options);
    } catch (error) {
      const taken = error instanceof Error && error.message.includes('address already in use');
      if (!taken || attempt === PORT_ATTEMPTS) throw error;
    }
}

async function tryPorts(options: PebbleOptions): Promise<Pebble> {
  const directory = await mkdtemp(join(tmpdir(), 'delegated-pebble-'));
  const ca = await makeLabCa(directory);
  const [port, management] = [await freePort(), await freePort()];
  const config = join(directory, 'pebble.json');
  await writeFile(config, JSON.stringify({ pebble: settings(ca, port, management, options) }));
  const directoryUrl = `https://127.0.0.1:${port}/dir`;
  const managementUrl = `https://127.0.0.1:${management}`;
  const start = async (): Promise<RunningProcess> => {
    const args = [
      '-config',
      config,
      '-dnsserver',
      options.dnsServer,
      ...(options.strict === true ? ['-strict'] : []),
    ];
    const pebble = await startProcess('pebble', args, {
      log: join(directory, 'log'),
      cwd: directory,
      env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_AUTHZREUSE: '0', ...options.env },
    });
    try {
      await ready(pebble, directoryUrl, ca.certificate);
    } catch (error) {
      await pebble.stop();
      throw error;
    }
    return pebble;
  };
  let pebble = await start().catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  return {
    directoryUrl,
    managementUrl,
    caFile: ca.certificateFile,
    root: (index = 0) => fetchText(`${managementUrl}/roots/${index}`, ca.certificate),
    async status(serial) {
      const answer = await fetchText(`${managementUrl}/cert-status-by-serial/${serial}`, ca.certificate);
      const { Status, Reason }: { readonly Status: string; readonly Reason?: number } = JSON.parse(answer);
      return { Status, Reason };
    },
    async stop() {
      await pebble.stop();
      await rm(directory, { recursive: true, force: true });
    },
    halt: () => pebble.stop(),
    async restart() {
      await pebble.stop();
      pebble = await start();
    },
  };
}

function settings(
  ca: LabCa,
  port: number,
  management: number,
  { validitySeconds, eab }: PebbleOptions,
): unknown {
  return {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: ca.serverCertificateFile,
    privateKey: ca.serverKeyFile,
    httpPort: 5002,
    tlsPort: 5001,
    ocspResponderURL: '',
    certificateValidityPeriod: validitySeconds ?? 90 * 86_400,
    externalAccountBindingRequired: eab !== undefined,
    ...(eab === undefined ? {} : { externalAccountMACKeys: { [eab.kid]: eab.hmacKey } }),
  };
}

async function ready(pebble: RunningProcess, url: string, ca: string): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    const answer = await Promise.race([fetchText(url, ca).catch(() => ''), pebble.died]);
    if (answer.includes('newOrder')) return;
    await delay(POLL_MS);
  }
  throw new Error(`pebble is not ready after ${READY_MS} ms: ${await readFile(pebble.log, 'utf8')}`);
}

function fetchText(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { ca, agent: false }, (response) => {
      text(response).then(resolve, reject);
    })
      .on('error', reject)
      .end();
  });
}
