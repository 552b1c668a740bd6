import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createSecureContext } from 'node:tls';
import { factsOf, parseChain } from '../src/certificate/x509.ts';
import type { CheckReport } from '../src/federation/check-report.ts';
import type { FindingCode } from '../src/federation/finding.ts';
import { leafAlone, selfSigned, withStaleRoot } from './support/bad-certificates.ts';
import {
  CORS,
  FED,
  GOOD_TARGET,
  LEGACY,
  type Setting,
  WELL_KNOWN,
  checkWorld,
  clientFile,
  codes,
  delegating,
  notFound,
  redirect,
  site,
  srv,
  versions,
} from './support/check-world.ts';
import {
  type Federation,
  type Handler,
  INTERMEDIATE,
  NAME,
  type Row,
  TARGET,
  certificateFor,
  federation,
  homeserver,
  json,
  serverKeys,
} from './support/federation.ts';
import { freePort } from './support/free-port.ts';
import { makeCertificate } from './support/x509-maker.ts';

/** A setting where one will do. */
type World = Setting | ((lab: Federation) => Promise<CheckReport>);

/** What people fall into again and again, by the threads that it was read in, and the same world put right. */
interface Pitfall {
  readonly title: string;
  /** All that is found. */
  readonly found: readonly FindingCode[];
  readonly world: World;
  readonly repaired: World;
}

const DAY_MS = 86_400_000;
const LOOPBACK = '127.0.0.1';
const WWW = `www.${NAME}`;
const BOTH_NAMES = certificateFor([NAME, TARGET]);
const N7: Row = ['n7.hoster.net', 'A', LOOPBACK];

/** Delegation by the file, with the homeserver at the host that it names. */
const byFile = (headers: Readonly<Record<string, string>> = {}): Setting => ({
  records: () => [],
  web: (port) => delegating(`${TARGET}:${port}`, headers),
  certificate: GOOD_TARGET,
});

/** A proxy that knows the homeserver by this name, and says so to others. */
const routing = (name: string, otherwise: Handler): Handler => {
  const behind = homeserver();
  return (request, response) => (request.headers.host === name ? behind : otherwise)(request, response);
};

/** A proxy that has a certificate for this name, and its own for all others. */
const choosing = (name: string): NonNullable<Setting['certificate']> => ({
  ...selfSigned('TRAEFIK DEFAULT CERT'),
  SNICallback: (asked, done) => done(null, asked === name ? createSecureContext(BOTH_NAMES) : undefined),
});

const pinned = (host: string, port: number, to: number, address = LOOPBACK) => ({
  host,
  port,
  to: { address, port: to },
});

/** Both versions of one certificate, a renewal apart. */
const [OLD, RENEWED] = [30, 1].map((days) =>
  makeCertificate({
    subject: NAME,
    names: [NAME],
    issuer: INTERMEDIATE,
    notBefore: new Date(Date.now() - days * DAY_MS),
  }),
);

function withInstalled(served: typeof OLD): Setting {
  assert.ok(served !== undefined && RENEWED !== undefined);
  return {
    certificate: { key: served.privateKey, cert: served.pem + INTERMEDIATE.pem },
    installed: { file: '/x/fullchain.pem', ...factsOf(parseChain(RENEWED.pem)[0]) },
  };
}

/** Behind Cloudflare's proxy, which passes 443 and not 8448. */
const proxied = (port: number): Setting => ({
  records: () => [srv(port, 'orange.example.org'), ['orange.example.org', 'A', '104.16.5.5']],
  pins: (at) => (port === 443 ? [pinned('104.16.5.5', port, at)] : [pinned('104.16.5.5', port, 1)]),
});

/** The apex sends everything to www, which serves the file. */
const viaWww = (answer: (port: number) => Handler): Setting => ({
  ...byFile(),
  webCertificate: certificateFor([NAME, WWW]),
  web: (port) => (request, response) =>
    (request.headers.host === NAME ? answer(port) : delegating(`${TARGET}:${port}`))(request, response),
  pins: (_port, web) => [pinned(WWW, 443, web)],
});

/** Homeserver and web server with one port for each family, of which some are closed. */
async function families(lab: Federation, file: readonly string[]): Promise<CheckReport> {
  const port = await lab.serve(GOOD_TARGET, homeserver());
  const handler = site(delegating(`${TARGET}:${port}`));
  const pins = await Promise.all(
    [LOOPBACK, '::1'].map(async (address) => {
      const open = file.includes(address);
      const at = open ? await lab.serve(certificateFor([NAME]), handler, address) : await freePort();
      return pinned(NAME, 443, at, address);
    }),
  );
  return lab.check(await lab.dns({ rows: [[TARGET, 'A', LOOPBACK]] }), { pins });
}

const PITFALLS: readonly Pitfall[] = [
  // matrix-federation-tester#61, matrix-spec#1176
  {
    title: 'a certificate for the SRV target',
    found: ['CERT_FOR_SRV_TARGET'],
    world: { certificate: GOOD_TARGET },
    repaired: {},
  },
  {
    title: 'a certificate for the SRV target of the host that well-known names',
    found: ['CERT_FOR_SRV_TARGET'],
    world: {
      records: (port) => [[`_matrix-fed._tcp.${TARGET}`, 'SRV', `1 1 ${port} n7.hoster.net`], N7],
      web: () => delegating(TARGET),
      certificate: certificateFor(['*.hoster.net']),
    },
    repaired: {
      records: (port) => [[`_matrix-fed._tcp.${TARGET}`, 'SRV', `1 1 ${port} n7.hoster.net`], N7],
      web: () => delegating(TARGET),
      certificate: GOOD_TARGET,
    },
  },
  // matrix-federation-tester#133, #93
  {
    title: 'a proxy that knows the SRV target, and not the name that peers send',
    found: ['KEYS_STATUS'],
    world: { certificate: BOTH_NAMES, homeserver: routing(TARGET, notFound) },
    repaired: { certificate: BOTH_NAMES, homeserver: routing(NAME, notFound) },
  },
  {
    title: 'a proxy that calls that name misdirected',
    found: ['KEYS_STATUS'],
    world: { certificate: BOTH_NAMES, homeserver: routing(TARGET, json(421, '')) },
    repaired: { certificate: BOTH_NAMES, homeserver: routing(NAME, json(421, '')) },
  },
  {
    title: 'a proxy that hangs up on that name',
    found: ['HTTP_FAILED'],
    world: {
      certificate: BOTH_NAMES,
      homeserver: routing(TARGET, ({ socket }) => socket.destroy()),
    },
    repaired: { certificate: BOTH_NAMES, homeserver: routing(NAME, ({ socket }) => socket.destroy()) },
  },
  {
    title: 'a proxy that has its own certificate only for that name',
    found: ['CERT_PROXY_DEFAULT'],
    world: { certificate: choosing(TARGET) },
    repaired: { certificate: choosing(NAME) },
  },
  // matrix-federation-tester#104
  {
    title: 'a well-known file beside an SRV record that leads elsewhere',
    found: ['SRV_SHADOWED'],
    world: { ...byFile(), records: () => [srv(1)] },
    repaired: { ...byFile(), records: (port) => [srv(port)] },
  },
  // fed-tester-ui#25
  {
    title: 'a port in m.server, which switches SRV off',
    found: ['SRV_OFF_BY_PORT'],
    world: { ...byFile(), records: () => [[`_matrix-fed._tcp.${TARGET}`, 'SRV', `1 1 1 ${TARGET}`]] },
    repaired: {
      ...byFile(),
      web: () => delegating(TARGET),
      records: (port) => [[`_matrix-fed._tcp.${TARGET}`, 'SRV', `1 1 ${port} ${TARGET}`]],
    },
  },
  // synapse#1627
  {
    title: 'no port in m.server, where 443 is meant',
    found: ['CONNECTION_REFUSED', 'WELL_KNOWN_NO_PORT'],
    world: {
      ...byFile(),
      web: () => delegating(TARGET),
      pins: (port) => [pinned(TARGET, 443, port), pinned(TARGET, 8448, 1)],
    },
    repaired: {
      ...byFile(),
      web: () => delegating(`${TARGET}:443`),
      pins: (port) => [pinned(TARGET, 443, port), pinned(TARGET, 8448, 1)],
    },
  },
  // element-hq/synapse#19201
  {
    title: 'an SRV target that is an alias',
    found: ['SRV_TARGET_CNAME'],
    world: { records: (port) => [srv(port, 'alias.example.org'), ['alias.example.org', 'CNAME', TARGET]] },
    repaired: { records: (port) => [srv(port, 'alias.example.org'), ['alias.example.org', 'A', LOOPBACK]] },
  },
  // synapse#6589, #9774, #7762, matrix-federation-tester#92
  {
    title: 'SERVFAIL for an SRV record that is not even needed',
    found: ['SRV_UNANSWERED'],
    world: { records: () => [], says: { [LEGACY]: 'SERVFAIL' } },
    repaired: { records: () => [], says: { [LEGACY]: 'NXDOMAIN' } },
  },
  {
    title: 'silence for the SRV record',
    found: ['SRV_UNANSWERED'],
    world: { records: () => [], says: { [FED]: 'silent' } },
    repaired: { records: () => [] },
  },
  {
    title: 'signatures of the SRV record that do not hold',
    found: ['DNSSEC_BOGUS'],
    world: { says: { [FED]: 'bogus' } },
    repaired: {},
  },
  {
    title: 'a wildcard that answers for the SRV record',
    found: ['SRV_WILDCARD'],
    world: { records: (port) => [[`*._tcp.${NAME}`, 'SRV', `1 1 ${port} ${TARGET}`]] },
    repaired: { records: (port) => [srv(port), [`*._tcp.${NAME}`, 'SRV', `1 1 ${port} ${TARGET}`]] },
  },
  // synapse#5429
  {
    title: 'the leaf without its chain',
    found: ['CERT_CHAIN_INCOMPLETE'],
    world: { certificate: leafAlone() },
    repaired: {},
  },
  // YunoHost-Apps/synapse_ynh#147, synapse#7098
  {
    title: 'a renewal that what serves it was not told of',
    found: ['CERT_NOT_INSTALLED'],
    world: withInstalled(OLD),
    repaired: withInstalled(RENEWED),
  },
  // element-hq/synapse#16228
  {
    title: "port 8448 behind Cloudflare's proxy",
    found: ['CLOUDFLARE_PORT'],
    world: proxied(8448),
    repaired: proxied(443),
  },
  // element-hq/synapse#8098, matrix-federation-tester#108, synapse#5292
  {
    title: 'a well-known URL that redirects to itself',
    found: ['WELL_KNOWN_REDIRECT'],
    world: { web: () => redirect(WELL_KNOWN) },
    repaired: viaWww(() => redirect(WELL_KNOWN.replace(NAME, WWW), 302)),
  },
  {
    title: 'an apex that redirects to www for good, with the method kept',
    found: ['WELL_KNOWN_REDIRECT_308'],
    world: viaWww(() => redirect(WELL_KNOWN.replace(NAME, WWW), 308)),
    repaired: viaWww(() => redirect(WELL_KNOWN.replace(NAME, WWW), 301)),
  },
  {
    title: 'an apex that redirects to the home page of www',
    found: ['WELL_KNOWN_NOT_JSON'],
    world: {
      ...viaWww(() => redirect(`https://${WWW}/`)),
      records: (port) => [srv(port)],
      certificate: BOTH_NAMES,
      web: () => (request, response) =>
        (request.headers.host === NAME ? redirect(`https://${WWW}/`) : json(200, '<html>'))(
          request,
          response,
        ),
    },
    repaired: viaWww(() => redirect(WELL_KNOWN.replace(NAME, WWW))),
  },
  {
    title: 'a redirect to plain HTTP',
    found: ['WELL_KNOWN_REDIRECT_HTTP'],
    world: async (lab) => {
      const port = await lab.serve(GOOD_TARGET, homeserver());
      const plain = await lab.listen(createHttpServer(delegating(`${TARGET}:${port}`)));
      return checkWorld(lab, { ...byFile(), port, web: () => redirect(`http://${NAME}:${plain}/server`) });
    },
    repaired: byFile(),
  },
  // matrix-federation-tester#106, #44
  {
    title: 'a URL for m.server',
    found: ['WELL_KNOWN_BAD_SERVER'],
    world: { web: () => delegating(`https://${TARGET}`) },
    repaired: byFile(),
  },
  {
    title: 'the file of clients in the place of the one of servers',
    found: ['WELL_KNOWN_NO_SERVER'],
    world: { web: () => clientFile() },
    repaired: byFile(),
  },
  {
    title: 'a web site that answers every path with its page',
    found: ['WELL_KNOWN_NOT_JSON'],
    world: { web: () => json(200, '<!doctype html>') },
    repaired: {},
  },
  // matrix-docker-ansible-deploy#4763, #4224
  {
    title: 'a file of clients without CORS',
    found: ['CLIENT_FILE_CORS'],
    world: { client: json(200, { 'm.homeserver': { base_url: `https://${NAME}/hs` } }) },
    repaired: { client: clientFile(`https://${NAME}/hs`) },
  },
  {
    title: 'a file of clients that is no JSON by its content type',
    found: ['CLIENT_FILE_TYPE'],
    world: {
      client: json(
        200,
        { 'm.homeserver': { base_url: `https://${NAME}/hs` } },
        { ...CORS, 'content-type': 'application/octet-stream' },
      ),
    },
    repaired: { client: clientFile(`https://${NAME}/hs`) },
  },
  // element-hq/synapse#6895, matrix-federation-tester#121
  {
    title: 'an AAAA record where nothing listens',
    found: ['ADDRESS_DOWN'],
    world: { records: (port) => [srv(port), [TARGET, 'AAAA', '::1']] },
    repaired: { records: (port) => [srv(port), [TARGET, 'AAAA', '::1']], address: '::' },
  },
  {
    title: 'a well-known file that is there by IPv6 only',
    found: ['WELL_KNOWN_SPLIT'],
    world: (lab) => families(lab, ['::1']),
    repaired: (lab) => families(lab, [LOOPBACK, '::1']),
  },
  // matrix-federation-tester#113, #98
  {
    title: 'port 443 that drops everything before SRV is looked at',
    found: ['WELL_KNOWN_SLOW'],
    world: async (lab) => checkWorld(lab, { webPort: await lab.full() }),
    repaired: {},
  },
  // matrix-docker-ansible-deploy#241, #903, synapse#3057
  {
    title: 'the record of identity servers for the one of homeservers',
    found: ['SRV_MISSPELT'],
    world: { records: (port) => [[`_matrix-identity._tcp.${NAME}`, 'SRV', `1 1 ${port} ${TARGET}`]] },
    repaired: {},
  },
  {
    title: 'the zone twice in the name of the record',
    found: ['SRV_MISSPELT'],
    world: { records: (port) => [[`${FED}.${NAME}`, 'SRV', `1 1 ${port} ${TARGET}`]] },
    repaired: {},
  },
  {
    title: 'the deprecated record alone',
    found: ['SRV_LEGACY_ONLY'],
    world: { records: (port) => [[LEGACY, 'SRV', `10 5 ${port} ${TARGET}`]] },
    repaired: { records: (port) => [srv(port), [LEGACY, 'SRV', `10 5 ${port} ${TARGET}`]] },
  },
  // element-hq/chaos#3, synapse#5836
  {
    title: 'a well-known file that peers keep for days',
    found: ['WELL_KNOWN_CACHED_LONG'],
    world: byFile({ 'cache-control': 'max-age=86401' }),
    repaired: byFile({ 'cache-control': 'max-age=86400' }),
  },
  {
    title: 'an SRV record that resolvers keep for days',
    found: ['SRV_TTL_LONG'],
    world: { ttl: 86_401 },
    repaired: { ttl: 86_400 },
  },
  // fed-tester-ui#24
  {
    title: 'a proxy that writes paths anew',
    found: ['PATH_DECODED'],
    world: {
      homeserver: (request, response) => {
        request.url = decodeURIComponent(request.url ?? '');
        homeserver()(request, response);
      },
    },
    repaired: {},
  },
  // matrix-federation-tester#101
  {
    title: 'another homeserver than the one that is meant',
    found: ['KEYS_WRONG_NAME'],
    world: { homeserver: homeserver(json(200, serverKeys({ server_name: TARGET }))) },
    repaired: { homeserver: homeserver(json(200, serverKeys({ server_name: NAME }))) },
  },
  // synapse#10949
  {
    title: 'an expired cross-signature in the chain',
    found: ['CERT_CHAIN_STALE'],
    world: { certificate: withStaleRoot() },
    repaired: {},
  },
  // syphon#709
  {
    title: 'SRV alone, which clients do not read, beside a web site',
    found: ['CLIENT_FILE_MISSING'],
    world: { client: notFound },
    repaired: {},
  },
  {
    title: 'SRV alone, without any web server',
    found: ['CLIENT_FILE_MISSING'],
    world: { web: null },
    repaired: {
      client: notFound,
      web: () => (request, response) =>
        (request.url === '/_matrix/client/versions' ? versions : notFound)(request, response),
    },
  },
];

describe('a look from outside at what people fall into again and again', () => {
  const lab = federation();
  const look = (world: World): Promise<CheckReport> =>
    typeof world === 'function' ? world(lab) : checkWorld(lab, world);

  for (const { title, found, world, repaired } of PITFALLS) {
    it(`finds ${title}, and nothing besides: ${found.join(', ')}`, async () => {
      const report = await look(world);
      assert.deepEqual(codes(report), found);
      for (const { message, fix } of report.findings) {
        assert.match(message, /^\S.*\.$/);
        // One sentence, or a question and what follows from it.
        assert.match(fix, /^\S[^\n]*[^.]$/);
      }
    });

    it(`finds nothing once it is repaired: ${title}`, async () => {
      const report = await look(repaired);
      assert.deepEqual(report.findings, []);
      assert.equal(report.ok, true);
    });
  }

  // synapse#8982: only well-known delegates, an SRV record says where to connect.
  it('never calls an SRV record a delegation: peers go on speaking to the server name', async () => {
    const { certName, host, steps } = await checkWorld(lab, {});
    assert.deepEqual([certName, host], [NAME, NAME]);
    assert.deepEqual(
      steps.filter((step) => step.includes('delegates') && !step.includes('/.well-known/')),
      [],
    );
    assert.match(steps.at(-1) ?? '', /want a certificate for example\.org\.$/);
  });
});
