import assert from 'node:assert/strict';
import { checkReport } from '../../src/federation/check-report.ts';
import { federationTesterReport } from '../../src/federation/federation-tester.ts';
import { tapText } from '../../src/federation/tap.ts';
import { FINDINGS } from '../../src/federation/finding.ts';
import {
  NAME,
  TARGET,
  certificateFor,
  federation,
  homeserver,
  json,
  serverKeys,
} from '../support/federation.ts';

const CLOSED = { address: '127.0.0.1', port: 1 };

describe('a look at a server, in the shape', () => {
  const lab = federation();

  it("of the Go federation tester has that one's fields, and no other", async () => {
    const keys = serverKeys();
    const port = await lab.serve(certificateFor([NAME]), homeserver(json(200, keys)));
    const web = await lab.serve(certificateFor([NAME]), json(404, {}));
    const dns = await lab.dns({
      rows: [
        [TARGET, 'A', '127.0.0.1'],
        [`_matrix-fed._tcp.${NAME}`, 'SRV', `10 5 ${port} ${TARGET}`],
      ],
    });
    const sight = await lab.look(dns, {
      pins: [{ host: NAME, port: 443, to: { address: '127.0.0.1', port: web } }],
    });
    const report = federationTesterReport(sight, checkReport(sight));
    const { ConnectionReports, ...rest } = report;
    assert.deepEqual(rest, {
      WellKnownResult: {
        'm.server': '',
        result: `https://${NAME}/.well-known/matrix/server delegates nothing: it answers with status 404.`,
        CacheExpiresAt: 0,
      },
      DNSResult: {
        SRVSkipped: false,
        SRVCName: `_matrix-fed._tcp.${NAME}.`,
        SRVRecords: [{ Target: `${TARGET}.`, Port: port, Priority: 10, Weight: 5 }],
        SRVError: null,
        Hosts: { [`${TARGET}.`]: { CName: `${TARGET}.`, Addrs: ['127.0.0.1'], Error: null } },
        Addrs: [`127.0.0.1:${port}`],
      },
      ConnectionErrors: {},
      Version: { name: 'Lab', version: '1.2' },
      FederationOK: true,
    });
    const connection = Object(ConnectionReports[`127.0.0.1:${port}`]);
    const { Certificates, Cipher, Ed25519VerifyKeys, ...more } = connection;
    assert.deepEqual(more, {
      Checks: {
        AllChecksOK: true,
        MatchingServerName: true,
        FutureValidUntilTS: true,
        HasEd25519Key: true,
        AllEd25519ChecksOK: true,
        Ed25519Checks: { 'ed25519:lab': { ValidEd25519: true, MatchingSignature: true } },
        ValidCertificates: true,
      },
      Errors: [],
      Info: {},
      Keys: keys,
    });
    assert.deepEqual(Object.keys(Ed25519VerifyKeys), ['ed25519:lab']);
    assert.equal(Cipher.Version, 'TLS 1.3');
    assert.match(Cipher.CipherSuite, /^TLS_/);
    const [leaf] = Certificates;
    assert.deepEqual(
      [leaf.SubjectCommonName, leaf.IssuerCommonName, leaf.DNSNames],
      [NAME, 'lab intermediate', [NAME]],
    );
    assert.match(leaf.SHA256Fingerprint, /^[A-Za-z0-9+/]{43}$/);
  });

  it('of the Go federation tester says what kept it from an address', async () => {
    const dns = await lab.dns({ rows: [] });
    const pins = [{ host: NAME, port: 8448, to: CLOSED }];
    const sight = await lab.look(dns, { pins });
    const report = federationTesterReport(sight, checkReport(sight));
    assert.deepEqual(report.ConnectionErrors, {
      '127.0.0.1:8448': { Message: 'connect ECONNREFUSED 127.0.0.1:1' },
    });
    assert.deepEqual([report.FederationOK, report.ConnectionReports], [false, {}]);
    assert.match(report.Version['error'] ?? '', /no address answers/);
  });

  it('of the Go federation tester has the name at the end of all aliases', async () => {
    const dns = await lab.dns({
      rows: [
        [`_matrix-fed._tcp.${NAME}`, 'SRV', `10 5 8448 ${TARGET}`],
        [TARGET, 'CNAME', 'c1.example.net'],
        ['c1.example.net', 'CNAME', 'node7.hoster.net'],
        ['node7.hoster.net', 'A', '127.0.0.1'],
      ],
    });
    const sight = await lab.look(dns, { pins: [{ host: '127.0.0.1', port: 8448, to: CLOSED }] });
    const { DNSResult } = federationTesterReport(sight, checkReport(sight));
    assert.deepEqual(Object(DNSResult).Hosts, {
      [`${TARGET}.`]: { CName: 'node7.hoster.net.', Addrs: ['127.0.0.1'], Error: null },
    });
  });

  it('of TAP has one test for the server and one for each code', async () => {
    const port = await lab.serve(certificateFor([TARGET]), homeserver());
    const dns = await lab.dns({
      rows: [
        [`_matrix._tcp.${NAME}`, 'SRV', `10 5 ${port} ${TARGET}`],
        [TARGET, 'A', '127.0.0.1'],
      ],
    });
    const report = checkReport(await lab.look(dns));
    const lines = tapText([report, report]).trimEnd().split('\n');
    const tests = lines.filter((line) => /^(?:not )?ok /.test(line));
    const each = Object.keys(FINDINGS).length + 1;
    assert.deepEqual(lines.slice(0, 3), ['TAP version 14', `1..${2 * each}`, `not ok 1 - ${NAME} federates`]);
    assert.deepEqual(
      tests.map((line) => Number(/ok (\d+)/.exec(line)?.[1])),
      Array.from({ length: 2 * each }, (_, index) => index + 1),
    );
    const failed = tests.slice(1, each).filter((line) => line.startsWith('not ok'));
    assert.equal(failed.length, 2);
    assert.match(failed[0] ?? '', /SRV_LEGACY_ONLY .* # TODO warning$/);
    assert.match(failed[1] ?? '', /CERT_FOR_SRV_TARGET is not found: the certificate is for the SRV target$/);
  });
});
