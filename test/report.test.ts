import assert from 'node:assert/strict';
import { parseDomainName } from '../src/dns/domain-name.ts';
import { BACKOFF, DelegatedError, retryAt } from '../src/errors.ts';
import {
  type DeployReport,
  type SiteReport,
  certificateReport,
  errorReport,
  exitCode,
  recordReport,
  report,
} from '../src/report.ts';
import * as rrsets from './conformance/target.ts';
import { EXAMPLE, FED, MATRIX, createWorld, srv } from './support/fake-ports.ts';

const WELL: SiteReport = {
  serverName: 'example.org',
  ok: true,
  records: [],
  certificate: null,
  deploy: null,
  errors: [],
};
const FAILED: SiteReport = { ...WELL, ok: false, errors: [{ code: 'E_RECORD_FOREIGN', message: 'no' }] };
const deployed = (action: DeployReport['action']): DeployReport => ({
  action,
  outputs: [],
  reloaded: false,
  verified: false,
});
const UNPROVEN: SiteReport = { ...FAILED, deploy: deployed('fail') };
const EXPIRED: SiteReport = { ...UNPROVEN, expired: true };
const BUG: SiteReport = { ...FAILED, errors: [{ code: 'E_BUG', message: 'unexpected' }] };

describe('the exit code', () => {
  it('is 0 when all is well, whether or not anything changed, and for no sites', () => {
    assert.equal(exitCode(report([WELL, { ...WELL, deploy: deployed('deploy') }])), 0);
    assert.equal(exitCode(report([])), 0);
  });

  it('is 3 when a site failed, and what is live still works', () => {
    assert.equal(exitCode(report([WELL, FAILED])), 3);
  });

  it('is 5 when a certificate was not deployed, or not proven to be served', () => {
    assert.equal(exitCode(report([FAILED, UNPROVEN])), 5);
  });

  it('is 4 when a live certificate has expired, which weighs more', () => {
    assert.equal(exitCode(report([UNPROVEN, FAILED, EXPIRED])), 4);
  });

  it('is 1 when anything was a bug of ours, which weighs most', () => {
    assert.equal(exitCode(report([EXPIRED, UNPROVEN, BUG])), 1);
  });
});

describe('a report', () => {
  it('is ok when every site is', () => {
    assert.deepEqual(report([WELL]), { version: 1, ok: true, sites: [WELL] });
    assert.equal(report([WELL, FAILED]).ok, false);
  });

  it('says of an error what to do, and when the other side takes the next try', () => {
    const at = new Date('2026-11-25T00:00:00Z');
    const limited = new DelegatedError('E_ACME_RATE_LIMITED', 'slow', { hint: 'wait', retry: retryAt(at) });
    assert.deepEqual(errorReport(limited), {
      code: 'E_ACME_RATE_LIMITED',
      message: 'slow',
      hint: 'wait',
      retryAt: '2026-11-25T00:00:00.000Z',
    });
    assert.deepEqual(errorReport(new DelegatedError('E_STATE', 'full', { retry: BACKOFF })), {
      code: 'E_STATE',
      message: 'full',
    });
  });

  it('shows a record before and after, as a zone file would', () => {
    const before = rrsets.srv(FED, [srv(MATRIX, 443)], 60);
    const after = rrsets.srv(FED, [srv(MATRIX)], 3600);
    const step = { name: FED, action: 'update', before, after, changes: [] } as const;
    assert.deepEqual(recordReport(step, false), {
      name: FED,
      type: 'SRV',
      action: 'update',
      before: ['10 5 443 matrix.example.org.'],
      after: ['10 5 8448 matrix.example.org.'],
      ttl: 3600,
    });
    assert.equal(recordReport(step, true).action, 'fail');
    assert.equal(recordReport({ ...step, action: 'delete', after: null }, false).ttl, 60);
    assert.equal(recordReport({ ...step, foreign: true }, false).foreign, true);
  });

  it('names the name that federation demands first, however the CA sorted them', async () => {
    const world = createWorld();
    const now = world.clock.now();
    const names = [parseDomainName('a.example.org'), EXAMPLE, MATRIX];
    const content = { names, privateKey: 'ec256 key', notBefore: now, notAfter: now };
    const version = await world.ports().store.commit('example.org', world.certificates.material(content));
    const wanted = ['example.org', 'matrix.example.org', 'a.example.org'];
    const outcome = { action: 'keep', reason: 'not due', names: wanted, next: null, ca: null } as const;
    assert.deepEqual(certificateReport(outcome, version).names, wanted);
    assert.deepEqual(certificateReport({ ...outcome, names: ['example.org'] }, version).names, [
      'example.org',
      'a.example.org',
      'matrix.example.org',
    ]);
  });

  it('says what is wanted of a certificate that is not there', () => {
    const outcome = {
      action: 'fail',
      reason: 'because',
      names: ['example.org'],
      next: null,
      ca: null,
    } as const;
    const { next: _next, ...said } = outcome;
    assert.deepEqual(certificateReport(outcome, null), {
      ...said,
      nextRenewalAt: null,
      nextRenewalReason: null,
      serial: null,
      sha256: null,
      issuer: null,
      notBefore: null,
      notAfter: null,
      directory: null,
    });
  });
});
