/** The built program before a farm of name servers, with Pebble as the judge, who asks a resolver that remembers. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer } from 'dns-packet';
import type { Endpoint } from '../../src/ports.ts';
import { createCachingResolver } from '../fakes/dns-cache.ts';
import { type RunningFarm, startFarm } from '../fakes/dns-farm-client.ts';
import { type Farm, createFarm } from '../fakes/dns-farm.ts';
import { type FakeEndpoint, type FakeWebhook, startFakeWebhook } from '../fakes/webhook.ts';
import type { StubHandler } from '../support/dns-stub.ts';
import { type Pebble, startPebble } from '../support/pebble.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Homeserver, type Outcome, PROGRAM, finish, startHomeserver } from './lab.ts';

const APEX = 'example.test';
const RESOLVER = '203.0.113.53';
const SERVERS = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
/** What a resolver that is asked too early remembers for longer than any run takes. */
const NEGATIVE_TTL = 3_600;
const now = (): number => performance.now();

describe('renew before name servers that lag', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let webhook: FakeWebhook;
  let farm: Farm;
  let running: RunningFarm;
  let pebble: Pebble;
  let homeserver: Homeserver;
  /** For each question for a challenge that the resolver got: how many servers did not have the value then? */
  let laggingWhenAsked: number[];

  beforeEach(async () => {
    laggingWhenAsked = [];
    webhook = await startFakeWebhook({ zones: [APEX] });
    webhook.endpoints = [
      { dnsName: `matrix.${APEX}`, recordType: 'A', targets: ['127.0.0.1'], recordTTL: 60 },
    ];
    const servers = SERVERS.map((address, index) => ({ name: `ns${index + 1}.${APEX}`, address }));
    farm = createFarm({ apex: APEX, servers, now, negativeTtl: NEGATIVE_TTL, records: recordsOf(webhook) });
    const addresses = servers.map(({ name, address }): Answer => ({
      type: 'A',
      name,
      ttl: 60,
      data: address,
    }));
    const resolver = createCachingResolver({ farms: [farm], now, records: addresses });
    let published = webhook.endpoints;
    const upToDate =
      (handler: StubHandler): StubHandler =>
      (question) => {
        if (webhook.endpoints !== published) farm.publish(recordsOf(webhook));
        published = webhook.endpoints;
        return handler(question);
      };
    const watched: StubHandler = (question) => {
      const values = farm.records().filter((each) => each.type === 'TXT' && each.name === question.name);
      if (question.name.startsWith('_acme-challenge'))
        laggingWhenAsked.push(
          farm.servers.filter(
            (server) =>
              values.length === 0 ||
              !values.every(
                (each) => each.type === 'TXT' && farm.serves(server, each.name, String(each.data)),
              ),
          ).length,
        );
      return resolver.handler(question);
    };
    running = await startFarm(
      new Map([
        [RESOLVER, upToDate(watched)],
        ...farm.servers.map((server) => [server.address, upToDate(farm.handler(server))] as const),
      ]),
    );
    pebble = await startPebble({ dnsServer: text(endpointOf(RESOLVER)) });
    homeserver = await startHomeserver(folder());
  });
  afterEach(async () => {
    await Promise.allSettled([homeserver.stop(), pebble.stop(), running.stop(), webhook.stop()]);
  });

  function endpointOf(address: string): Endpoint {
    const endpoint = running.endpoints.get(address);
    assert.ok(endpoint);
    return endpoint;
  }

  async function run(...args: readonly string[]): Promise<Outcome> {
    const file = join(folder(), 'config.yaml');
    const config = {
      version: 1,
      state: join(folder(), 'state'),
      resolvers: [text(endpointOf(RESOLVER))],
      propagation: { timeout: 5 },
      acme: { ca: pebble.directoryUrl, termsOfServiceAgreed: true, caCertificates: pebble.caFile },
      providers: {
        main: {
          type: 'webhook',
          url: webhook.url,
          nameServers: SERVERS.map((address) => text(endpointOf(address))),
        },
      },
      sites: {
        [APEX]: {
          provider: 'main',
          srv: [{ target: `matrix.${APEX}`, port: homeserver.port }],
          certificate: {
            outputs: [{ directory: homeserver.tls }],
            reload: { signal: 'HUP', pidFile: homeserver.pidFile },
            verifyTimeout: 5,
          },
        },
      },
    };
    await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
    return finish(spawn(process.execPath, [PROGRAM, '-c', file, ...args], { env }));
  }

  it('waits for the slowest, and the resolver of the CA is asked when all have the value', async () => {
    for (const [index, server] of farm.servers.entries()) server.lagMs = index * 400;
    const { code, stdout, stderr } = await run('renew', '--json');
    assert.equal(code, 0, stdout + stderr);
    assert.ok(laggingWhenAsked.length > 0);
    assert.deepEqual(new Set(laggingWhenAsked), new Set([0]));
  });

  it('fails where one never catches up, names it, takes the value back, and leaves the CA alone', async () => {
    const sync = await run('sync', '--json');
    assert.equal(sync.code, 0, sync.stdout + sync.stderr);
    const [, stuck] = farm.servers;
    assert.ok(stuck);
    stuck.lagMs = Infinity;
    const { code, stdout } = await run('renew', '--json');
    assert.equal(code, 3, stdout);
    assert.match(stdout, /"E_NOT_PROPAGATED"/);
    for (const { address } of farm.servers)
      assert.equal(stdout.includes(`${text(endpointOf(address))} (`), address === stuck.address, stdout);
    assert.deepEqual(laggingWhenAsked, []);
    assert.deepEqual(
      webhook.endpoints.filter(({ dnsName }) => dnsName.startsWith('_acme-challenge')),
      [],
    );
  });
});

function text({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

function recordsOf({ endpoints }: FakeWebhook): Answer[] {
  return endpoints.flatMap(answersOf);
}

function answersOf({ dnsName: name, recordType, targets, recordTTL: ttl = 60 }: FakeEndpoint): Answer[] {
  return targets.flatMap((target): Answer[] => {
    if (recordType === 'A') return [{ type: 'A', name, ttl, data: target }];
    if (recordType === 'TXT') return [{ type: 'TXT', name, ttl, data: target.replace(/^"|"$/g, '') }];
    if (recordType !== 'SRV') return [];
    const [priority, weight, port, host = ''] = target.split(' ');
    const data = {
      priority: Number(priority),
      weight: Number(weight),
      port: Number(port),
      target: host.replace(/\.$/, ''),
    };
    return [{ type: 'SRV', name, ttl, data }];
  });
}
