import assert from 'node:assert/strict';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import {
  type Delegation,
  certName,
  desiredRecords,
  nextEnd,
  publishedNames,
  srvName,
} from '../../src/matrix/delegation.ts';
import { parseDelegableServerName } from '../../src/matrix/server-name.ts';

const TARGET = parseDomainName('matrix.elsewhere.net');
const DATA = { priority: 10, weight: 5, port: 8448, target: TARGET };
const NOW = new Date('2026-11-25T12:00:00Z');
const PLAIN: Delegation = {
  serverName: parseDelegableServerName('Example.org'),
  srv: [DATA],
  ttl: 300,
  legacySrv: false,
};
const DELEGATED: Delegation = { ...PLAIN, delegatedTo: parseDomainName('c1.hoster.net') };

describe('the name that the certificate must carry', () => {
  it('is the server name, whatever the SRV record points to', () => {
    assert.equal(certName(PLAIN), 'example.org.');
    const elsewhere: Delegation = { ...PLAIN, srv: [{ ...DATA, target: parseDomainName('example.net') }] };
    assert.equal(certName(elsewhere), 'example.org.');
  });

  it('is the host that a well-known delegates to, where there is one', () => {
    assert.equal(certName(DELEGATED), 'c1.hoster.net.');
  });
});

describe('the desired records', () => {
  it('stand under the name of the certificate', () => {
    assert.equal(srvName(PLAIN, 'matrix-fed'), '_matrix-fed._tcp.example.org.');
    assert.equal(srvName(DELEGATED, 'matrix-fed'), '_matrix-fed._tcp.c1.hoster.net.');
    assert.equal(srvName(DELEGATED, 'matrix'), '_matrix._tcp.c1.hoster.net.');
  });

  it('are one, and the absence of the deprecated one', () => {
    const [fed, legacy] = desiredRecords(PLAIN, NOW);
    assert.deepEqual(fed.rrset, { name: fed.name, type: 'SRV', ttl: 300, values: [DATA] });
    assert.deepEqual(legacy, { name: '_matrix._tcp.example.org.', rrset: null });
  });

  it('are two with the same data, where old servers are to be served', () => {
    const [fed, legacy] = desiredRecords({ ...PLAIN, legacySrv: true }, NOW);
    assert.deepEqual(legacy.rrset, { ...fed.rrset, name: '_matrix._tcp.example.org.' });
  });

  it('are sets: what the config says twice is there once', () => {
    const [{ rrset }] = desiredRecords({ ...PLAIN, srv: [DATA, { ...DATA, port: 443 }, { ...DATA }] }, NOW);
    assert.deepEqual(rrset?.values, [DATA, { ...DATA, port: 443 }]);
  });

  it('lack a target from its moment on, and never have a moment in them', () => {
    const old = { ...DATA, port: 443, until: NOW };
    const [before] = desiredRecords({ ...PLAIN, srv: [DATA, old] }, new Date(NOW.getTime() - 1));
    assert.deepEqual(before.rrset?.values, [DATA, { ...DATA, port: 443 }]);
    const [after] = desiredRecords({ ...PLAIN, srv: [DATA, old] }, NOW);
    assert.deepEqual(after.rrset?.values, [DATA]);
  });

  it('have their names, and the moment at which the next target goes', () => {
    assert.deepEqual(publishedNames(PLAIN), ['_matrix-fed._tcp.example.org.']);
    assert.deepEqual(publishedNames({ ...PLAIN, legacySrv: true }), [
      '_matrix-fed._tcp.example.org.',
      '_matrix._tcp.example.org.',
    ]);
    const [soon, later] = [new Date(NOW.getTime() + 1), new Date(NOW.getTime() + 2)];
    const entry = (until: Date) => ({ ...DATA, until });
    assert.equal(nextEnd([DATA, entry(NOW)], NOW), null);
    assert.deepEqual(nextEnd([entry(later), DATA, entry(soon), entry(NOW)], NOW), soon);
  });
});
