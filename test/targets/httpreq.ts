import assert from 'node:assert/strict';
import { createHttpreq } from '../../providers/httpreq/index.ts';
import { httpreqOptions } from '../../providers/httpreq/options.ts';
import { parseDomainName, under } from '../../src/dns/domain-name.ts';
import type { Change, DnsProvider } from '../../src/provider.ts';
import { assertRefused, rejection } from '../conformance/expectations.ts';
import { type ConformanceTarget, digest, testCtx } from '../conformance/target.ts';
import { startFakeHttpreq } from '../fakes/httpreq.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpRelay } from '../support/http-relay.ts';
import { startMuteServer } from '../support/mute-server.ts';

const PASSWORD = 'canary-of-httpreq';
const WRONG = 'canary-that-is-wrong';
const ZONE = parseDomainName('example.test');

function open(endpoint: string, more: object = {}): DnsProvider {
  const settings = { endpoint, zones: ['example.test'], username: 'delegated', password: PASSWORD, ...more };
  return createHttpreq(httpreqOptions.parse(settings), { now: () => new Date() });
}

/** The adapter before what plays its vendor. */
export async function httpreqTarget(): Promise<ConformanceTarget> {
  const [server, mute] = await Promise.all([
    startFakeHttpreq({ zone: ZONE, username: 'delegated', password: PASSWORD }),
    startMuteServer(),
  ]);
  return {
    provider: open(server.url),
    zone: ZONE,
    secrets: [PASSWORD, WRONG, Buffer.from(`delegated:${PASSWORD}`).toString('base64')],
    answeredAlone: ['findZone', 'readRRsets'],
    takes: (value) => /^\p{ASCII}*$/u.test(value),
    snapshot: async () => server.snapshot(),
    async write(rrset) {
      assert.ok(rrset.type === 'TXT');
      server.write(rrset.name, rrset.values);
    },
    erase: async ({ name }) => server.write(name, []),
    alias: async () => assert.fail('nobody would see it'),
    mute: async () => open(`http://127.0.0.1:${mute.port}`),
    broken: async () => [open(server.url, { password: WRONG }), open(`http://127.0.0.1:${await freePort()}`)],
    http: { upstream: server.url, open: (url) => open(url), pageSize: Infinity },
    async stop() {
      await Promise.all([server.stop(), mute.stop()]);
    },
  };
}
