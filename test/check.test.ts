import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { factsOf, parseChain } from '../src/certificate/x509.ts';
import type { Pin } from '../src/check-names.ts';
import type { Endpoint } from '../src/ports.ts';
import { FINDINGS, type FindingCode } from '../src/federation/finding.ts';
import type { CheckReport } from '../src/federation/check-report.ts';
import {
  API_CORS,
  CORS,
  FED,
  GOOD,
  GOOD_TARGET,
  LEGACY,
  type Setting,
  VERSIONS,
  WELL_KNOWN,
  checkWorld,
  clientFile,
  clientWeb,
  codes,
  delegating,
  notFound,
  redirect,
  site,
  srv,
  versions,
} from './support/check-world.ts';
import {
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
import { leafAlone, ofUnknownCa, selfSigned, withStaleRoot } from './support/bad-certificates.ts';
import { freePort } from './support/free-port.ts';
import { makeCertificate } from './support/x509-maker.ts';

const DAY_MS = 86_400_000;

/** One that is called as it is asked for. */
const namesake: Handler = (request, response) =>
  homeserver(json(200, serverKeys({ server_name: request.headers.host })))(request, response);

describe('a look at a server from outside', () => {
  const lab = federation();

  /** Every code that a broken world has brought up. */
  const seen = new Set<string>();

  const check = (setting: Setting): Promise<CheckReport> => checkWorld(lab, setting);

  /** These and no others. */
  function assertFound(report: CheckReport, expected: readonly FindingCode[]): void {
    assert.deepEqual(codes(report), expected);
    for (const code of expected) seen.add(code);
  }

  describe('has nothing to say of', () => {
    const healthy: Readonly<Record<string, readonly [Setting, string]>> = {
      'SRV with a web server that says 404 to peers, and has a file for clients': [{}, '4'],
      'SRV with a web server that says 410 to peers': [{ web: () => json(410, '') }, '4'],
      'SRV with a TTL of a day': [{ ttl: 86_400 }, '4'],
      'SRV as the safety net of a well-known file, with a TTL of a week': [
        {
          web: (port) => delegating(`${TARGET}:${port}`),
          certificate: certificateFor([NAME, TARGET]),
          ttl: 604_800,
        },
        '3.2',
      ],
      'SRV without a file for clients, which find the homeserver on port 443 of the name itself': [
        {
          client: notFound,
          web: () => (request, response) =>
            (request.url === '/_matrix/client/versions' ? versions : notFound)(request, response),
        },
        '4',
      ],
      'SRV without a file for clients, where the homeserver of the name itself is down': [
        {
          client: notFound,
          web: () => (request, response) =>
            (request.url === '/_matrix/client/versions' ? json(502, '') : notFound)(request, response),
        },
        '4',
      ],
      'a well-known file of clients behind a redirect that browsers follow': [
        {
          client: (request, response) =>
            (request.url?.endsWith('?2') === true
              ? clientFile()
              : json(302, '', { location: '/.well-known/matrix/client?2', ...CORS }))(request, response),
        },
        '4',
      ],
      'both SRV records alike': [
        { records: (port) => [srv(port), [LEGACY, 'SRV', `10 5 ${port} ${TARGET}`]] },
        '4',
      ],
      'a well-known file with a port': [
        { records: () => [], web: (port) => delegating(`${TARGET}:${port}`), certificate: GOOD_TARGET },
        '3.2',
      ],
      'a well-known file that may be kept for a day, and none for clients': [
        {
          records: () => [],
          web: (port) => delegating(`${TARGET}:${port}`, { 'cache-control': 'max-age=86400' }),
          certificate: GOOD_TARGET,
          client: notFound,
        },
        '3.2',
      ],
      'a well-known file with a port, and SRV as its safety net': [
        {
          web: (port) => delegating(`${TARGET}:${port}`),
          certificate: certificateFor([NAME, TARGET]),
        },
        '3.2',
      ],
      'a well-known file without a port, and SRV at the host that it names': [
        {
          records: (port) => [[`_matrix-fed._tcp.${TARGET}`, 'SRV', `1 1 ${port} ${TARGET}`]],
          web: () => delegating(TARGET),
          certificate: GOOD_TARGET,
        },
        '3.3',
      ],
      'port 8448 of the name itself': [{ records: () => [] }, '6'],
      'a wildcard beside the SRV record, which nobody reads': [
        { records: (port) => [srv(port), [`*._tcp.${NAME}`, 'SRV', '1 1 1 other.example.org']] },
        '4',
      ],
      'a server name with a port': [{ records: () => [], name: `${NAME}:PORT`, homeserver: namesake }, '2'],
      'an IP address': [
        {
          records: () => [],
          name: '127.0.0.1:PORT',
          certificate: certificateFor(['127.0.0.1']),
          homeserver: namesake,
        },
        '1',
      ],
      'a wildcard certificate': [
        {
          records: () => [],
          web: (port) => delegating(`${TARGET}:${port}`),
          certificate: certificateFor([`*.${NAME}`]),
        },
        '3.2',
      ],
    };
    for (const [title, [setting, step]] of Object.entries(healthy))
      it(`${title} (step ${step})`, async () => {
        const report = await check(setting);
        assert.deepEqual(report.findings, []);
        assert.deepEqual([report.ok, report.step, report.targets.map(({ ok }) => ok)], [true, step, [true]]);
        assert.match(report.verdict, /federates: peers find it, trust it and get its keys/);
      });
  });

  /** Each world is the healthy one with one thing broken. */
  const broken: readonly (readonly [FindingCode, string, Setting, RegExp])[] = [
    [
      'WELL_KNOWN_NOT_JSON',
      'a well-known URL that serves a page',
      { web: () => json(200, '<html>') },
      /is no JSON object/,
    ],
    [
      'WELL_KNOWN_NO_SERVER',
      'a well-known file of clients',
      { web: () => json(200, { 'm.homeserver': {} }) },
      /m\.server/,
    ],
    [
      'WELL_KNOWN_BAD_SERVER',
      'm.server with a scheme',
      { web: () => delegating(`https://${TARGET}`) },
      /it is a URL/,
    ],
    ['WELL_KNOWN_REDIRECT', 'redirects in a circle', { web: () => redirect(WELL_KNOWN) }, /go in a circle/],
    [
      'WELL_KNOWN_REDIRECT',
      'redirects without end',
      {
        web: () => (request, response) =>
          redirect(`/?${Number(/\?(\d+)/.exec(request.url ?? '')?.[1] ?? 0) + 1}`)(request, response),
      },
      /are more than 20/,
    ],
    [
      'WELL_KNOWN_REDIRECT',
      'a redirect to another protocol',
      { web: () => redirect(`ftp://${NAME}/`) },
      /lead to neither HTTPS nor HTTP/,
    ],
    [
      'WELL_KNOWN_REDIRECT',
      'a redirect to a port where nothing listens',
      { web: () => redirect(`https://${NAME}:1/`) },
      /redirects to example\.org:1, which gives no answer/,
    ],
    [
      'CLIENT_FILE_BROKEN',
      'a redirect of clients to plain HTTP',
      { client: redirect(`http://${NAME}/client`) },
      /where browsers do not follow/,
    ],
    ['WELL_KNOWN_REDIRECT', 'a redirect to nowhere', { web: () => json(302, '') }, /do not say where to/],
    [
      'WELL_KNOWN_REDIRECT',
      'a redirect to a host without an address',
      { web: () => redirect('https://nowhere.example.org/') },
      /nowhere\.example\.org, which has no address/,
    ],
    [
      'WELL_KNOWN_REDIRECT_308',
      'a permanent redirect that keeps the method',
      {
        records: () => [],
        certificate: GOOD_TARGET,
        web: (port) => (request, response) =>
          (request.url === '/there' ? delegating(`${TARGET}:${port}`) : redirect('/there', 308))(
            request,
            response,
          ),
      },
      /status 308/,
    ],
    ['WELL_KNOWN_STATUS', 'a web server out of order', { web: () => json(502, '') }, /status 502/],
    [
      'WELL_KNOWN_TOO_LARGE',
      'a well-known file of 60 KiB',
      { web: () => json(200, { 'm.server': NAME, more: 'x'.repeat(60_000) }) },
      /larger than 50 KiB/,
    ],
    [
      'WELL_KNOWN_TLS',
      'a web server with the certificate of another name',
      { webCertificate: GOOD_TARGET, web: () => delegating(TARGET) },
      /is for another name/,
    ],
    [
      'WELL_KNOWN_TLS',
      'a web server that signed its certificate itself',
      { webCertificate: selfSigned(NAME), web: () => delegating(TARGET) },
      /not to be trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    ],
    [
      'WELL_KNOWN_SLOW',
      'a web server that never answers',
      { web: () => () => undefined },
      /waits for its time-out/,
    ],
    [
      'WELL_KNOWN_CACHED_LONG',
      'a well-known file that may be kept for a week',
      {
        records: () => [],
        web: (port) => delegating(`${TARGET}:${port}`, { 'cache-control': 'public, max-age=604800' }),
        certificate: GOOD_TARGET,
      },
      /Synapse keeps .*\/server for 48 hours, the longest that it keeps any/,
    ],
    [
      'SRV_TTL_LONG',
      'SRV records that may be kept for a week',
      { ttl: 604_800 },
      /may keep the SRV record _matrix-fed\._tcp\.example\.org for 7 days/,
    ],
    [
      'SRV_SHADOWED',
      'a well-known file that leads elsewhere than SRV',
      {
        web: (port) => delegating(`${TARGET}:${port}`),
        certificate: GOOD_TARGET,
        records: () => [srv(1)],
      },
      /is not read while the well-known file delegates to/,
    ],
    [
      'SRV_OFF_BY_PORT',
      'a port in m.server',
      {
        web: (port) => delegating(`${TARGET}:${port}`),
        certificate: GOOD_TARGET,
        records: () => [[`_matrix-fed._tcp.${TARGET}`, 'SRV', `1 1 8008 ${TARGET}`]],
      },
      /a port there switches SRV off/,
    ],
    [
      'SRV_OFF_BY_NAME',
      'a port in the server name',
      { name: `${NAME}:PORT` },
      /because the server name .* has a port/,
    ],
    [
      'SRV_UNANSWERED',
      'SERVFAIL for the SRV name',
      { says: { [FED]: 'SERVFAIL' } },
      /Synapse servers do not federate/,
    ],
    ['SRV_UNANSWERED', 'silence for the SRV name', { says: { [FED]: 'silent' } }, /no usable answer/],
    [
      'SRV_UNANSWERED',
      'SERVFAIL for the deprecated name, where nothing else is published',
      { records: () => [], says: { [LEGACY]: 'SERVFAIL' } },
      /_matrix\._tcp/,
    ],
    [
      'DNSSEC_BOGUS',
      'signatures of the SRV name that do not hold',
      { says: { [FED]: 'bogus' } },
      /refuse to answer for this server/,
    ],
    [
      'DNSSEC_BOGUS',
      'signatures of the addresses that do not hold',
      { says: { [TARGET]: 'bogus' } },
      /refuse to answer for this server/,
    ],
    [
      'SRV_TARGET_CNAME',
      'an SRV target that is an alias',
      { records: (port) => [srv(port, 'alias.example.org'), ['alias.example.org', 'CNAME', TARGET]] },
      /is an alias \(CNAME\), which RFC 2782 forbids/,
    ],
    ['SRV_NOT_AVAILABLE', 'an SRV record that says no', { records: () => [srv(0, '.')] }, /no such service/],
    [
      'SRV_LEGACY_ONLY',
      'the deprecated SRV record alone',
      { records: (port) => [[LEGACY, 'SRV', `10 5 ${port} ${TARGET}`]] },
      /Only the deprecated/,
    ],
    [
      'SRV_TWINS_DIFFER',
      'two SRV records that differ',
      { records: (port) => [srv(port), [LEGACY, 'SRV', `10 5 1 ${TARGET}`]] },
      /old and new peers go to different places/,
    ],
    [
      'SRV_MISSPELT',
      'an underscore for a hyphen',
      { records: (port) => [[`_matrix_fed._tcp.${NAME}`, 'SRV', `10 5 ${port} ${TARGET}`]] },
      /a name that no peer asks for/,
    ],
    [
      'SRV_MISSPELT',
      "the zone's name twice",
      { records: (port) => [[`${FED}.${NAME}`, 'SRV', `10 5 ${port} ${TARGET}`]] },
      /_matrix-fed\._tcp\.example\.org\.example\.org/,
    ],
    [
      'SRV_WILDCARD',
      'a wildcard in the place of the record',
      { records: (port) => [[`*._tcp.${NAME}`, 'SRV', `10 5 ${port} ${TARGET}`]] },
      /only because a wildcard does/,
    ],
    [
      'SRV_SEVERAL_TARGETS',
      'two targets',
      {
        records: (port) => [
          srv(port),
          srv(port, 'second.example.org'),
          ['second.example.org', 'A', '127.0.0.1'],
        ],
      },
      /several SRV targets/,
    ],
    [
      'NO_ADDRESS',
      'an SRV target without an address',
      { records: (port) => [srv(port, 'gone.example.org')] },
      /gone/,
    ],
    [
      'ADDRESS_UNANSWERED',
      'SERVFAIL for the addresses',
      { says: { [TARGET]: 'SERVFAIL' } },
      /addresses of matrix\.example\.org cannot be found out/,
    ],
    [
      'PRIVATE_ADDRESS',
      'an address of this machine only',
      { lab: false },
      /cannot be reached from the internet/,
    ],
    [
      'ADDRESS_DOWN',
      'one of two addresses where nothing listens',
      { records: (port) => [srv(port), [TARGET, 'A', '127.0.0.2']] },
      /while other addresses do/,
    ],
    [
      'CERT_FOR_SRV_TARGET',
      'a certificate for the SRV target',
      { certificate: GOOD_TARGET },
      /it must be for example\.org/,
    ],
    [
      'CERT_WRONG_NAME',
      'the certificate of somebody else',
      { certificate: certificateFor(['*.elsewhere.org']) },
      /not for example\.org/,
    ],
    [
      'CERT_WRONG_NAME',
      'a wildcard certificate, which does not cover the name above it',
      { records: () => [], certificate: certificateFor([`*.${NAME}`]) },
      /is for \*\.example\.org, which covers the names below example\.org, and not example\.org itself/,
    ],
    [
      'CERT_FOR_SRV_TARGET',
      'a wildcard certificate that covers the SRV target, and not the name above it',
      { certificate: certificateFor([`*.${NAME}`]) },
      /for \*\.example\.org, and so for the SRV target matrix\.example\.org; it must be for example\.org/,
    ],
    [
      'CERT_PROXY_DEFAULT',
      "a proxy's own certificate",
      { certificate: selfSigned('TRAEFIK DEFAULT CERT') },
      /Traefik serves its built-in certificate/,
    ],
    [
      'CERT_EXPIRED',
      'an expired certificate',
      { certificate: certificateFor([NAME], { notAfter: new Date(Date.now() - 1_000) }) },
      /expired at/,
    ],
    [
      'CERT_NOT_YET_VALID',
      'a certificate of tomorrow',
      { certificate: certificateFor([NAME], { notBefore: new Date(Date.now() + DAY_MS) }) },
      /is not valid before/,
    ],
    [
      'CERT_EXPIRES_SOON',
      'a certificate in its last sixth',
      {
        certificate: certificateFor([NAME], {
          notBefore: new Date(Date.now() - 80 * DAY_MS),
          notAfter: new Date(Date.now() + 10 * DAY_MS),
        }),
      },
      /should have been renewed by now/,
    ],
    [
      'CERT_CHAIN_INCOMPLETE',
      'a leaf alone',
      { certificate: leafAlone() },
      /without the intermediate "lab intermediate"/,
    ],
    [
      'CERT_CHAIN_STALE',
      'a chain with an expired cross-signature behind a good one',
      { certificate: withStaleRoot() },
      /contains "lab root", which expired/,
    ],
    [
      'CERT_UNTRUSTED',
      'a certificate that signed itself',
      { certificate: selfSigned(NAME) },
      /it signed itself \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    ],
    [
      'CERT_UNTRUSTED',
      'a CA that nobody knows',
      { certificate: ofUnknownCa() },
      /its CA "unknown root" is not known/,
    ],
    [
      'TLS_TOO_OLD',
      'TLS 1.1',
      { certificate: { ...GOOD, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } },
      /does not speak TLS 1\.2/,
    ],
    [
      'CLIENT_FILE_MISSING',
      'a web server with nothing for clients',
      { client: notFound },
      /have to type the URL of the homeserver/,
    ],
    ['CLIENT_FILE_MISSING', 'no web server', { web: null }, /Clients do not read SRV records/],
    ['CLIENT_FILE_BROKEN', 'a page for clients', { client: json(200, '<html>', CORS) }, /it is no JSON/],
    ['CLIENT_FILE_BROKEN', 'status 500 for clients', { client: json(500, {}) }, /status 500/],
    [
      'CLIENT_FILE_BROKEN',
      'an identity server without a URL',
      { client: json(200, { 'm.homeserver': { base_url: 'https://a.org' }, 'm.identity_server': {} }, CORS) },
      /its m\.identity_server has no base_url/,
    ],
    [
      'CLIENT_FILE_CORS',
      'a file of clients without CORS',
      { client: json(200, { 'm.homeserver': { base_url: `https://${NAME}/hs` } }) },
      /lacks "Access-Control-Allow-Origin/,
    ],
    [
      'CLIENT_FILE_CORS',
      'a redirect of clients without CORS',
      {
        client: (request, response) =>
          (request.url?.endsWith('?2') === true ? clientFile() : redirect('/.well-known/matrix/client?2'))(
            request,
            response,
          ),
      },
      /lacks "Access-Control-Allow-Origin/,
    ],
    [
      'CLIENT_FILE_TYPE',
      'a file of clients as text',
      {
        client: json(
          200,
          { 'm.homeserver': { base_url: `https://${NAME}/hs` } },
          { ...CORS, 'content-type': 'text/plain' },
        ),
      },
      /content type text\/plain/,
    ],
    [
      'CLIENT_API_DOWN',
      'a base_url that leads to no homeserver',
      { client: clientFile(`https://${NAME}/elsewhere`) },
      /elsewhere\/_matrix\/client\/versions, which lists no versions/,
    ],
    [
      'CLIENT_API_DOWN',
      'a base_url of plain HTTP',
      { client: clientFile(`http://${NAME}/hs`) },
      /lists no versions/,
    ],
    [
      'CLIENT_FILE_PREFLIGHT',
      'a file of clients that knows GET only',
      {
        client: (request, response) =>
          (request.method === 'OPTIONS' ? json(405, '') : clientFile())(request, response),
      },
      /what they ask for with OPTIONS/,
    ],
    [
      'CLIENT_API_CORS',
      'a homeserver whose proxy drops the CORS headers',
      { client: clientFile(), api: json(200, VERSIONS) },
      /cannot log in/,
    ],
    [
      'CLIENT_API_CORS',
      'a homeserver that allows every header but the one with the token',
      { client: clientFile(), api: json(200, VERSIONS, { ...CORS, 'access-control-allow-headers': '*' }) },
      /cannot log in/,
    ],
    [
      'CLIENT_API_CORS',
      'a homeserver whose proxy redirects OPTIONS',
      {
        client: clientFile(),
        api: (request, response) =>
          (request.method === 'OPTIONS' ? json(301, '', { ...API_CORS, location: '/hs/' }) : versions)(
            request,
            response,
          ),
      },
      /cannot log in/,
    ],
    ['KEYS_STATUS', 'a proxy without a route', { homeserver: json(404, 'not here') }, /status 404/],
    [
      'KEYS_NOT_JSON',
      'a web site in the place of the homeserver',
      { homeserver: json(200, '<html>') },
      /no JSON object/,
    ],
    [
      'KEYS_CONTENT_TYPE',
      'the wrong content type',
      { homeserver: homeserver(json(200, serverKeys(), { 'content-type': 'text/plain' })) },
      /text\/plain/,
    ],
    [
      'KEYS_WRONG_NAME',
      'another homeserver',
      { homeserver: homeserver(json(200, serverKeys({ server_name: 'other.org' }))) },
      /calls itself other\.org/,
    ],
    [
      'KEYS_EXPIRED',
      'keys of yesterday',
      { homeserver: homeserver(json(200, serverKeys({ valid_until_ts: Date.now() - DAY_MS }))) },
      /are valid until/,
    ],
    [
      'KEYS_NO_ED25519',
      'no key',
      { homeserver: homeserver(json(200, serverKeys({ verify_keys: {} }))) },
      /no ed25519 key/,
    ],
    [
      'KEYS_SIGNATURE',
      'an answer that was changed on its way',
      { homeserver: homeserver(json(200, serverKeys({}, { added: 1 }))) },
      /not signed by its key ed25519:lab/,
    ],
    [
      'VERSION_STATUS',
      'a proxy that passes the keys only',
      {
        homeserver: (request, response) =>
          (request.url?.startsWith('/_matrix/key/') === true ? homeserver() : notFound)(request, response),
      },
      /version does not answer/,
    ],
    [
      'PATH_DECODED',
      'a proxy that decodes the path, as nginx does with a slash after the port',
      {
        homeserver: (request, response) => {
          request.url = decodeURIComponent(request.url ?? '');
          homeserver()(request, response);
        },
      },
      /decodes the paths/,
    ],
    [
      'HTTP_FAILED',
      'a homeserver that hangs up after the handshake',
      { homeserver: (request) => request.socket.destroy() },
      /no whole HTTP answer/,
    ],
  ];

  describe('finds', () => {
    for (const [code, title, setting, message] of broken)
      it(`${title}: ${code}`, async () => {
        const report = await check(setting);
        const found = report.findings.find((each) => each.code === code);
        assert.ok(
          found,
          `only ${report.findings.map((each) => each.code).join(', ') || 'nothing'} was found`,
        );
        assert.match(found.message, message);
        assert.notEqual(found.fix, '');
        seen.add(code);
        const errors = report.findings.filter(({ severity }) => severity === 'error');
        assert.equal(report.ok, errors.length === 0);
      });

    it('what both SRV names answer, and how long resolvers keep it', async () => {
      const { srv: names } = await check({ says: { [LEGACY]: 'SERVFAIL' } });
      const [fed, legacy] = names;
      assert.deepEqual([names.length, fed?.name, fed?.ttl, fed?.error], [2, FED, 300, null]);
      assert.match(fed?.records.join() ?? '', /^10 5 \d+ matrix\.example\.org\.$/);
      assert.deepEqual([legacy?.name, legacy?.records, legacy?.ttl], [LEGACY, [], null]);
      assert.match(legacy?.error ?? '', /answers SERVFAIL/);
    });

    it('one zone with bad signatures once, however many of its names are asked for: DNSSEC_BOGUS', async () => {
      const says = { [FED]: 'bogus', [LEGACY]: 'bogus' } as const;
      const report = await check({ says, records: () => [] });
      assertFound(report, ['DNSSEC_BOGUS']);
      assert.match(
        report.findings[0]?.evidence.join('\n') ?? '',
        /^_matrix-fed\._tcp.* SERVFAIL, and knows it .*\n_matrix\._tcp/,
      );
    });

    it('authoritative servers that disagree: SRV_SERVERS_DISAGREE', async () => {
      const port = await lab.serve(GOOD, homeserver());
      const rows: readonly Row[] = [
        [NAME, 'SOA', `ns1.${NAME}`],
        [NAME, 'NS', `ns1.${NAME}`],
        [NAME, 'NS', `ns2.${NAME}`],
        [`ns1.${NAME}`, 'A', '127.0.0.1'],
        [`ns2.${NAME}`, 'A', '127.0.0.1'],
        [TARGET, 'A', '127.0.0.1'],
      ];
      const [fresh, stale] = await Promise.all([
        lab.dns({ rows: [...rows, srv(port)] }),
        lab.dns({ rows: [...rows, srv(8448)] }),
      ]);
      const web = await clientWeb(lab);
      const agreeing = [web, pin(`ns1.${NAME}`, fresh.endpoint), pin(`ns2.${NAME}`, fresh.endpoint)];
      assert.deepEqual(codes(await lab.check(fresh, { pins: agreeing })), []);
      const report = await lab.check(fresh, {
        pins: [web, pin(`ns1.${NAME}`, fresh.endpoint), pin(`ns2.${NAME}`, stale.endpoint)],
      });
      assertFound(report, ['SRV_SERVERS_DISAGREE']);
      assert.match(report.findings[0]?.evidence.join('\n') ?? '', /ns2\.example\.org.*: 10 5 8448/);
    });

    it('a well-known file that differs from address to address: WELL_KNOWN_SPLIT', async () => {
      const port = await lab.serve(certificateFor([TARGET]), homeserver());
      const webs = [site(delegating(`${TARGET}:${port}`)), notFound];
      const pins = await Promise.all(
        webs.map(async (web, index) => {
          const address = `127.0.0.${index + 1}`;
          return { host: NAME, port: 443, to: { address, port: await lab.serve(GOOD, web, address) } };
        }),
      );
      const dns = await lab.dns({ rows: [[TARGET, 'A', '127.0.0.1']] });
      const report = await lab.check(dns, { pins });
      assertFound(report, ['WELL_KNOWN_SPLIT']);
      assert.deepEqual(report.findings[0]?.evidence, [
        `127.0.0.1: delegates to ${TARGET}:${port}`,
        '127.0.0.2: status 404',
      ]);
    });

    it('a proxy without a route for where the well-known file leads, and says what peers ask it for', async () => {
      const { findings } = await check({
        certificate: certificateFor([TARGET]),
        web: (port) => delegating(`${TARGET}:${port}`),
        homeserver: json(404, 'not here'),
      });
      const fix = findings.find(({ code }) => code === 'KEYS_STATUS')?.fix ?? '';
      assert.match(fix, /"Host: matrix\.example\.org:\d+" \(SNI matrix\.example\.org\)/);
    });

    it('a redirect to plain HTTP, and follows it as peers do: WELL_KNOWN_REDIRECT_HTTP', async () => {
      const port = await lab.serve(GOOD_TARGET, homeserver());
      const plain = await lab.listen(createHttpServer(delegating(`${TARGET}:${port}`)));
      const web = await lab.serve(GOOD, site(redirect(`http://${NAME}:${plain}/server?1`)));
      const dns = await lab.dns({
        rows: [
          [NAME, 'A', '127.0.0.1'],
          [TARGET, 'A', '127.0.0.1'],
        ],
      });
      const pins = [{ host: NAME, port: 443, to: { address: '127.0.0.1', port: web } }];
      const report = await lab.check(dns, { pins });
      assert.deepEqual([report.ok, report.step], [true, '3.2']);
      assertFound(report, ['WELL_KNOWN_REDIRECT_HTTP']);
    });

    it('a redirect to plain HTTP that goes silent, within its time: WELL_KNOWN_REDIRECT', async () => {
      const plain = await lab.listen(createHttpServer(() => undefined));
      const report = await check({ web: () => redirect(`http://${NAME}:${plain}/`) });
      assert.match(
        report.findings.find(({ code }) => code === 'WELL_KNOWN_REDIRECT')?.message ?? '',
        /gives no answer \(no answer within \d+ ms\)/,
      );
    });

    it('an address that still serves the old certificate after a renewal: CERT_NOT_INSTALLED', async () => {
      const [old, renewed] = [30, 1].map((days) =>
        makeCertificate({
          subject: NAME,
          names: [NAME],
          issuer: INTERMEDIATE,
          notBefore: new Date(Date.now() - days * DAY_MS),
        }),
      );
      assert.ok(old !== undefined && renewed !== undefined);
      const installed = { file: '/x/fullchain.pem', ...factsOf(parseChain(renewed.pem)[0]) };
      const places = await Promise.all(
        [renewed, old].map(async ({ privateKey, pem }, index) => {
          const address = `127.0.0.${index + 1}`;
          const credentials = { key: privateKey, cert: pem + INTERMEDIATE.pem };
          return { address, port: await lab.serve(credentials, homeserver(), address) };
        }),
      );
      const web = await clientWeb(lab);
      const at = async (shown: readonly Endpoint[]): Promise<CheckReport> => {
        const rows = shown.map(({ address }): Row => [TARGET, 'A', address]);
        const dns = await lab.dns({ rows: [srv(8448), ...rows] });
        const pins = shown.map((to) => ({ host: TARGET, port: 8448, to }));
        return lab.check(dns, { installed, pins: [web, ...pins] });
      };
      assert.deepEqual(codes(await at(places.slice(0, 1))), []);
      const report = await at(places);
      assertFound(report, ['CERT_NOT_INSTALLED']);
      const { message, evidence } = report.findings[0] ?? { message: '', evidence: [] };
      assert.match(message, /^An older certificate/);
      assert.deepEqual(
        evidence.map((line) => line.replace(/:.*/, '')),
        ['127.0.0.2 port 8448', 'on disk'],
      );
    });

    it('an alias of an alias for a target, and whose certificate is served there: CERT_FOR_SRV_TARGET', async () => {
      const report = await check({
        certificate: certificateFor(['*.Hoster.net']),
        records: (port) => [
          srv(port, 'alias.example.org'),
          ['alias.example.org', 'CNAME', 'c1.example.net'],
          ['c1.example.net', 'CNAME', 'node7.hoster.net'],
          ['node7.hoster.net', 'A', '127.0.0.1'],
        ],
      });
      assertFound(report, ['SRV_TARGET_CNAME', 'CERT_FOR_SRV_TARGET']);
      const [alias, certificate] = report.findings;
      assert.match(alias?.fix ?? '', /point to node7\.hoster\.net itself/);
      assert.deepEqual(alias?.evidence, [
        'alias.example.org. CNAME c1.example.net.',
        'c1.example.net. CNAME node7.hoster.net.',
      ]);
      assert.match(
        certificate?.message ?? '',
        /is for \*\.hoster\.net, and so for node7\.hoster\.net, the host behind the SRV target alias\.example\.org; it must be for example\.org/,
      );
      assert.match(
        report.steps.join('\n'),
        /an alias of c1\.example\.net, that of node7\.hoster\.net and has/,
      );
    });

    it('no file for clients only where it is known that there is none: CLIENT_FILE_MISSING', async () => {
      const port = await lab.serve(GOOD, homeserver());
      const rows: readonly Row[] = [srv(port), [TARGET, 'A', '127.0.0.1']];
      const [without, unknown] = await Promise.all([
        lab.dns({ rows }),
        lab.dns({ rows, says: { [NAME]: 'SERVFAIL' } }),
      ]);
      assertFound(await lab.check(without), ['CLIENT_FILE_MISSING']);
      assertFound(await lab.check(unknown), []);
      // Nothing can be tried at a multicast group.
      const far = { host: NAME, port: 443, to: { address: '224.0.0.1', port: 443 } };
      const closed = { ...far, to: { address: '127.0.0.1', port: await freePort() } };
      assertFound(await lab.check(without, { pins: [closed] }), ['CLIENT_FILE_MISSING']);
      assertFound(await lab.check(without, { pins: [closed, far] }), []);
      // Browsers go on to the next address as well.
      const web = { ...far, to: { address: '::1', port: await lab.serve(GOOD, site(notFound), '::1') } };
      assertFound(await lab.check(without, { pins: [closed, web] }), []);
    });

    it('nothing in how long a file is kept that delegates nothing', async () => {
      const file = json(200, { 'm.homeserver': {} }, { 'cache-control': 'max-age=604800' });
      assertFound(await check({ web: () => file }), ['WELL_KNOWN_NO_SERVER']);
    });

    it('nothing to tell clients of where the SRV record says that there is no homeserver', async () => {
      const report = await check({ records: () => [srv(0, '.')], client: notFound });
      assertFound(report, ['SRV_NOT_AVAILABLE']);
    });

    it('a misspelt record beside the right one, and does not ask for what is there: SRV_MISSPELT', async () => {
      const identity = `_matrix-identity._tcp.${NAME}`;
      const wrong = (port: number): Row => [identity, 'SRV', `1 1 ${port} ${TARGET}`];
      const [beside, alone] = await Promise.all([
        check({ records: (port) => [srv(port), wrong(port)] }),
        check({ records: (port) => [wrong(port)] }),
      ]);
      assertFound(beside, ['SRV_MISSPELT']);
      assert.equal(beside.findings[0]?.fix, `remove it; the record at ${FED} is there already`);
      assert.equal(alone.findings[0]?.fix, `publish it at ${FED} and remove this one`);
    });

    it('the full TTL, of which a resolver shows the rest alone: SRV_TTL_LONG', async () => {
      const port = await lab.serve(GOOD, homeserver());
      const rows: readonly Row[] = [
        [NAME, 'SOA', `ns1.${NAME}`],
        [NAME, 'NS', `ns1.${NAME}`],
        [`ns1.${NAME}`, 'A', '127.0.0.1'],
        [TARGET, 'A', '127.0.0.1'],
        srv(port),
      ];
      const [resolver, authority] = await Promise.all([
        lab.dns({ rows, ttl: 600 }),
        lab.dns({ rows, ttl: 259_200 }),
      ]);
      const pins = [await clientWeb(lab), pin(`ns1.${NAME}`, authority.endpoint)];
      const report = await lab.check(resolver, { pins });
      assertFound(report, ['SRV_TTL_LONG']);
      assert.match(report.findings[0]?.message ?? '', /for 3 days/);
      assert.match(report.findings[0]?.evidence.join() ?? '', /\(TTL 259200\)$/);
    });

    it('a port where nothing listens: CONNECTION_REFUSED', async () => {
      const report = await check({ port: await freePort() });
      assertFound(report, ['CONNECTION_REFUSED']);
      assert.equal(report.ok, false);
    });

    it('nothing that delegates, and 8448 closed: WELL_KNOWN_MISSING', async () => {
      const report = await check({ port: await freePort(), records: () => [] });
      assertFound(report, ['CONNECTION_REFUSED', 'WELL_KNOWN_MISSING']);
    });

    it('m.server without a port, and 8448 closed: WELL_KNOWN_NO_PORT', async () => {
      const closed = { address: '127.0.0.1', port: await freePort() };
      const open = { address: '127.0.0.1', port: await lab.serve(GOOD_TARGET, homeserver()) };
      const web = {
        address: '127.0.0.1',
        port: await lab.serve(GOOD, site(delegating(TARGET), clientFile())),
      };
      const dns = await lab.dns({
        rows: [
          [NAME, 'A', '127.0.0.1'],
          [TARGET, 'A', '127.0.0.1'],
        ],
      });
      const at = (to: Endpoint): Promise<CheckReport> => {
        const pins = [
          { host: NAME, port: 443, to: web },
          { host: TARGET, port: 8448, to },
        ];
        return lab.check(dns, { pins });
      };
      assertFound(await at(open), []);
      assertFound(await at(closed), ['CONNECTION_REFUSED', 'WELL_KNOWN_NO_PORT']);
    });

    it('a name server that is asked in vain: NAME_SERVER_LAME', async () => {
      const port = await lab.serve(GOOD, homeserver());
      const rows: readonly Row[] = [
        [NAME, 'SOA', `ns1.${NAME}`],
        [NAME, 'NS', `ns1.${NAME}`],
        [NAME, 'NS', `ns2.${NAME}`],
        [`ns1.${NAME}`, 'A', '127.0.0.1'],
        [`ns2.${NAME}`, 'A', '127.0.0.1'],
        [TARGET, 'A', '127.0.0.1'],
        srv(port),
      ];
      const good = await lab.dns({ rows });
      const refusing = await lab.dns({ rows: [], says: { [FED]: 'REFUSED', [LEGACY]: 'REFUSED' } });
      const silent = await lab.dns({ rows: [], says: { [FED]: 'silent', [LEGACY]: 'silent' } });
      const web = await clientWeb(lab);
      const beside = async ({ endpoint }: { readonly endpoint: Endpoint }): Promise<CheckReport> =>
        lab.check(good, { pins: [web, pin(`ns1.${NAME}`, good.endpoint), pin(`ns2.${NAME}`, endpoint)] });
      assert.deepEqual(codes(await beside(good)), []);
      // Silence may be a firewall between it and this machine.
      assert.deepEqual(codes(await beside(silent)), []);
      const report = await beside(refusing);
      assertFound(report, ['NAME_SERVER_LAME']);
      assert.match(report.findings[0]?.evidence.join() ?? '', /it answers REFUSED/);
    });

    it('the servers of a zone that was given away for the record alone, and not those above it', async () => {
      const port = await lab.serve(GOOD, homeserver());
      const rows: readonly Row[] = [
        [NAME, 'SOA', `ns1.${NAME}`],
        [NAME, 'NS', `ns1.${NAME}`],
        [FED, 'SOA', `ns2.${NAME}`],
        [FED, 'NS', `ns2.${NAME}`],
        [`ns1.${NAME}`, 'A', '127.0.0.1'],
        [`ns2.${NAME}`, 'A', '127.0.0.1'],
        [TARGET, 'A', '127.0.0.1'],
        srv(port),
      ];
      const below = await lab.dns({ rows });
      const above = await lab.dns({ rows, says: { [FED]: 'REFUSED' } });
      const asked = async (servers: readonly [Endpoint, Endpoint]): Promise<string[]> => {
        const pins = servers.map((server, index) => pin(`ns${index + 1}.${NAME}`, server));
        return codes(await lab.check(below, { pins: [await clientWeb(lab), ...pins] }));
      };
      assert.deepEqual(await asked([above.endpoint, below.endpoint]), []);
      assert.deepEqual(await asked([below.endpoint, above.endpoint]), ['NAME_SERVER_LAME']);
    });

    it('a port that speaks something else: NOT_TLS', async () => {
      const port = await lab.listen(
        createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      );
      assertFound(await check({ port }), ['NOT_TLS']);
    });

    it('a private address that nobody answers at, although the resolver is our own: PRIVATE_ADDRESS', async () => {
      const closed = { address: '127.0.0.1', port: await freePort() };
      const open = { address: '127.0.0.1', port: await lab.serve(GOOD, homeserver()) };
      const dns = await lab.dns({ rows: [srv(8448), [TARGET, 'A', '10.1.2.3']] });
      const web = await clientWeb(lab);
      const at = (to: Endpoint, own: boolean): Promise<CheckReport> =>
        lab.check(dns, { pins: [web, { host: '10.1.2.3', port: 8448, to }], lab: own });
      assertFound(await at(closed, true), ['PRIVATE_ADDRESS', 'CONNECTION_REFUSED']);
      assertFound(await at(open, false), ['PRIVATE_ADDRESS']);
      assertFound(await at(open, true), []);
    });

    it("port 8448 behind Cloudflare's proxy: CLOUDFLARE_PORT", async () => {
      const closed = { address: '127.0.0.1', port: await freePort() };
      const web = await clientWeb(lab);
      for (const [address, type] of [
        ['104.16.5.5', 'A'],
        ['2606:4700::5', 'AAAA'],
      ] as const) {
        const dns = await lab.dns({ rows: [srv(8448), [TARGET, type, address]] });
        const report = await lab.check(dns, { pins: [web, { host: address, port: 8448, to: closed }] });
        assertFound(report, ['CLOUDFLARE_PORT']);
      }
      // 443 is passed, so a closed one has another reason.
      const dns = await lab.dns({ rows: [srv(443), [TARGET, 'A', '104.16.5.5']] });
      const report = await lab.check(dns, { pins: [web, { host: '104.16.5.5', port: 443, to: closed }] });
      assertFound(report, ['CONNECTION_REFUSED']);
    });

    it('a port that drops connections: CONNECTION_TIMEOUT', async () => {
      const port = await lab.full();
      assertFound(await check({ port }), ['CONNECTION_TIMEOUT']);
    });

    it('addresses that this machine has no way to: ADDRESS_NOT_TRIED, and NOTHING_TRIED if there is no other', async () => {
      // TCP to a multicast group: the kernel itself says ENETUNREACH.
      const unreachable: Row = ['far.example.org', 'A', '224.0.0.1'];
      const some = await check({ records: (port) => [srv(port), srv(port, 'far.example.org'), unreachable] });
      assertFound(some, ['PRIVATE_ADDRESS', 'SRV_SEVERAL_TARGETS', 'ADDRESS_NOT_TRIED']);
      assert.equal(some.findings.find(({ code }) => code === 'ADDRESS_NOT_TRIED')?.severity, 'info');
      const none = await check({ records: (port) => [srv(port, 'far.example.org'), unreachable] });
      assertFound(none, ['PRIVATE_ADDRESS', 'NOTHING_TRIED']);
      assert.equal(none.ok, false);
    });

    it('a proxy that refuses the name in SNI, as HAProxy does with strict-sni: TLS_NAME_REFUSED', async () => {
      // A fatal alert, 112 "unrecognized_name" (RFC 6066 §3).
      const alert = Buffer.from('15030300020270', 'hex');
      const port = await lab.listen(
        createTcpServer((socket) => socket.once('data', () => socket.end(alert))),
      );
      assertFound(await check({ port }), ['TLS_NAME_REFUSED']);
    });

    it('a port that takes connections and says nothing: TLS_FAILED', async () => {
      const port = await lab.listen(createTcpServer((socket) => socket.resume()));
      assertFound(await check({ port }), ['TLS_FAILED']);
    });

    it('what it can before its time is over, and calls the rest unknown', async () => {
      const port = await lab.serve(GOOD, () => undefined);
      const dns = await lab.dns({ rows: [srv(port), [TARGET, 'A', '127.0.0.1']] });
      const web = await clientWeb(lab);
      const started = performance.now();
      const report = await lab.check(dns, { pins: [web], deadlines: { all: 250 } });
      assert.ok(performance.now() - started < 2_000);
      assert.equal(report.ok, false);
      assertFound(report, ['CONNECTION_TIMEOUT']);
      assert.match(report.findings[0]?.evidence.join() ?? '', /the time for the whole look is over/);
    });

    it('a resolver that is not there, and blames nobody else for it: NO_RESOLVER', async () => {
      const dns = await lab.dns({ rows: [] });
      const endpoint = { address: '127.0.0.1', port: await freePort() };
      const report = await lab.check({ ...dns, endpoint });
      assertFound(report, ['NO_RESOLVER']);
      assert.equal(report.ok, false);
      // One that answers SERVFAIL to everything is there, and the zone is to blame.
      const says = { [FED]: 'SERVFAIL', [LEGACY]: 'SERVFAIL', [NAME]: 'SERVFAIL' } as const;
      assert.deepEqual(codes(await check({ says, records: () => [] })), ['SRV_UNANSWERED', 'SRV_UNANSWERED']);
    });

    it('everything that there is a code for', () => {
      assert.deepEqual(
        Object.keys(FINDINGS).filter((code) => !seen.has(code)),
        [],
      );
    });
  });
});

function pin(host: string, to: Endpoint): Pin {
  return { host, port: 53, to };
}
