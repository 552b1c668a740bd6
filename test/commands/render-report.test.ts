import assert from 'node:assert/strict';
import { renderReport, type Tense } from '../../src/commands/render-report.ts';
import { painter } from '../../src/commands/table.ts';
import { type CertificateReport, type RecordReport, type SiteReport, report } from '../../src/report.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const RECORD: RecordReport = {
  name: '_matrix-fed._tcp.example.org.',
  type: 'SRV',
  action: 'keep',
  before: ['10 5 8448 matrix.example.org.'],
  after: ['10 5 8448 matrix.example.org.'],
  ttl: 3600,
};
const CERTIFICATE: CertificateReport = {
  action: 'keep',
  reason: 'not due',
  names: ['example.org'],
  serial: '01',
  ca: 'https://ca.test/directory',
  nextRenewalReason: 'a third of its lifetime is left then',
  sha256: 'ab',
  issuer: 'CA',
  notBefore: '2026-11-01T00:00:00.000Z',
  notAfter: '2027-01-30T12:00:00.000Z',
  directory: '/var/lib/delegated/certificates/example.org/current',
  nextRenewalAt: '2026-12-31T08:15:00.000Z',
};
const SITE: SiteReport = {
  serverName: 'example.org',
  ok: true,
  records: [RECORD],
  certificate: CERTIFICATE,
  deploy: { action: 'keep', outputs: ['/tls'], reloaded: false, verified: true },
  errors: [],
};

function render(site: Partial<SiteReport> = {}, tense: Tense = 'done'): string {
  return renderReport(report([{ ...SITE, ...site }]), tense, NOW, painter(false));
}

/** The cells of the only row. */
function row(site: Partial<SiteReport> = {}, tense: Tense = 'done'): string[] {
  return (render(site, tense).split('\n')[1] ?? '').split(/ {2,}/);
}

/** The cell of a certificate that ends then. */
function until(notAfter: string): string {
  return row({ certificate: { ...CERTIFICATE, notAfter } })[2] ?? '';
}

describe('a report for a person', () => {
  it('has warnings with what to do about them, and no trouble for all that', () => {
    const warning = { code: 'CONNECTION_REFUSED', message: 'Nothing listens.', hint: 'start it' } as const;
    const text = render({ warnings: [warning] });
    assert.match(text, /\n\nexample\.org: warning: CONNECTION_REFUSED: Nothing listens\.\n {2}→ start it\n$/);
  });

  it('never shows a record that was refused or failed as if it were written', () => {
    for (const [action, word] of [
      ['refuse', 'was refused'],
      ['fail', 'failed'],
    ] as const) {
      const text = render({ ok: false, records: [{ ...RECORD, action, before: null }] });
      assert.doesNotMatch(text, /^\+/m);
      assert.match(text, new RegExp(`^! ${RECORD.name} 3600 SRV .* is wanted, and ${word}$`, 'm'));
    }
  });

  it('is one line for a site where all is well', () => {
    assert.equal(
      render(),
      [
        'SERVER NAME  RECORDS    CERTIFICATE                               NEXT RENEWAL       DEPLOYMENT',
        'example.org  unchanged  valid, until 2027-01-30 12:00Z (67 days)  2026-12-31 08:15Z  unchanged, proven',
        '',
      ].join('\n'),
    );
  });

  it('shows what changed as a diff, the new record with its TTL', () => {
    const records: RecordReport[] = [
      { ...RECORD, action: 'update', before: ['10 5 443 matrix.example.org.'] },
    ];
    assert.match(render({ records }), /^example\.org {2}updated/m);
    assert.ok(
      render({ records }).includes(
        '- _matrix-fed._tcp.example.org. SRV 10 5 443 matrix.example.org.\n+ _matrix-fed._tcp.example.org. 3600 SRV 10 5 8448 matrix.example.org.',
      ),
    );
  });

  it('tells of what would be done in another tense', () => {
    const site: Partial<SiteReport> = {
      records: [{ ...RECORD, action: 'create', before: null }],
      certificate: { ...CERTIFICATE, action: 'issue', notAfter: null, nextRenewalAt: null, directory: null },
      deploy: { action: 'deploy', outputs: [], reloaded: true, verified: true },
    };
    assert.deepEqual(row(site), ['example.org', 'created', 'issued', '-', 'written, reloaded, proven']);
    assert.deepEqual(row(site, 'planned'), ['example.org', 'to create', 'to issue', '-', 'to deploy']);
  });

  it('gives the time that is left in the largest unit that says something', () => {
    assert.match(until('2026-11-26T12:00:00.000Z'), /\(2 days\)$/);
    assert.match(until('2026-11-26T11:00:00.000Z'), /\(47 hours\)$/);
    assert.match(until('2026-11-24T13:59:00.000Z'), /\(119 minutes\)$/);
    assert.equal(until('2026-11-24T09:00:00.000Z'), 'valid, EXPIRED 2026-11-24 09:00Z (3 hours ago)');
  });

  it('tells how the last run ended, once, where that is not what is wrong just now', () => {
    const lastError = {
      at: '2026-11-24T10:00:00.000Z',
      code: 'E_RELOAD',
      message: 'no such unit',
      hint: 'see',
    };
    const past = render({ ok: false, lastError });
    assert.match(past, /^example\.org: E_RELOAD: no such unit \(at 2026-11-24T10:00:00\.000Z\)\n {2}→ see$/m);
    const { at: _, ...error } = lastError;
    const both = render({ ok: false, errors: [error], lastError });
    assert.equal(both.match(/no such unit/g)?.length, 1);
  });

  it('marks the end that is near', () => {
    assert.match(row({ certificate: { ...CERTIFICATE, urgency: 'late' } })[2] ?? '', /^valid, ONLY UNTIL /);
  });

  it('says that a renewal failed while the old certificate lives, and that there is none', () => {
    assert.match(
      row({ certificate: { ...CERTIFICATE, action: 'fail' } })[2] ?? '',
      /^renewal failed, until /,
    );
    assert.equal(row({ certificate: { ...CERTIFICATE, action: 'fail', notAfter: null } })[2], 'failed');
  });

  it('says of each error what to do, and when it may be tried again', () => {
    const errors = [
      { code: 'E_ACME_RATE_LIMITED', message: 'too many', hint: 'wait', retryAt: '2026-11-25T00:00:00.000Z' },
    ];
    assert.ok(
      render({ ok: false, errors }).endsWith(
        '\n\nexample.org: E_ACME_RATE_LIMITED: too many\n  → wait\n  not before 2026-11-25T00:00:00.000Z\n',
      ),
    );
  });

  it('says why the next renewal is when it is, and who issued, where the past is told', () => {
    const line =
      '\n\n  example.org: next renewal at 2026-12-31 08:15Z: a third of its lifetime is left then; issued by ca.test\n';
    assert.ok(render({ lastSuccess: null }, 'planned').endsWith(line));
    assert.ok(!render({}, 'planned').includes('next renewal at'));
  });

  it('says that renewals are held off, whatever was asked', () => {
    const reason = 'a rollback holds renewals off until then, or until it is released';
    const held = { ...CERTIFICATE, held: true, reason, nextRenewalReason: reason } as const;
    for (const tense of ['done', 'planned'] as const) {
      assert.match(render({ certificate: held }, tense), /^example\.org .* held, until 2027-01-30/m);
      assert.match(
        render({ certificate: held }, tense),
        /next renewal at 2026-12-31 08:15Z: a rollback holds/,
      );
    }
  });

  it('names the CA of a certificate that is new', () => {
    const certificate = { ...CERTIFICATE, action: 'renew', reason: 'forced' } as const;
    assert.ok(render({ certificate }).includes('  certificate for example.org: forced\n'));
    assert.match(render({ certificate }), /^ {2}from ca\.test$/m);
  });

  it('points to a record that is as wanted and not ours', () => {
    assert.match(render({ records: [{ ...RECORD, foreign: true }] }), /not made by us \(`delegated adopt`/);
  });

  it('shows a site without certificate or records by dashes', () => {
    assert.deepEqual(row({ records: [], certificate: null, deploy: null }), [
      'example.org',
      '-',
      '-',
      '-',
      '-',
    ]);
  });

  it('is painted on a terminal, without moving a column', () => {
    const text = renderReport(report([{ ...SITE, ok: false }]), 'done', NOW, painter(true));
    const plain = text
      .split('\u001b')
      .map((part, index) => (index === 0 ? part : part.replace(/^\[\d*m/, '')));
    assert.equal(plain.join(''), render({ ok: false }));
    assert.notEqual(text, render({ ok: false }));
  });
});
