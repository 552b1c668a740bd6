import assert from 'node:assert/strict';
import { parseRenewalInfo } from '../../src/acme/renewal-info.ts';
import { ourError } from '../support/our-error.ts';

const URL = 'https://ca.example/renewal-info/a.b';
const WINDOW = { start: '2026-01-02T04:00:00Z', end: '2026-01-03T04:00:00Z' };

describe('parseRenewalInfo', () => {
  it('reads the window, the page that explains it, and when to ask again', () => {
    const body = { suggestedWindow: WINDOW, explanationURL: 'https://ca.example/docs/ari' };
    assert.deepEqual(parseRenewalInfo(body, URL, 21_600_000), {
      window: {
        start: new Date(WINDOW.start),
        end: new Date(WINDOW.end),
        explanationUrl: 'https://ca.example/docs/ari',
      },
      retryAfterMs: 21_600_000,
    });
  });

  it('leaves out a page that is no link', () => {
    for (const explanationURL of ['javascript:alert(1)', 'soon', 7, null, `https://${'x'.repeat(3_000)}`])
      assert.equal(
        parseRenewalInfo({ suggestedWindow: WINDOW, explanationURL }, URL).window.explanationUrl,
        undefined,
      );
  });

  it('takes a window that is none for no answer', () => {
    const { start, end } = WINDOW;
    for (const suggestedWindow of [
      undefined,
      'now',
      {},
      { start },
      { end },
      { start: end, end: start },
      { start, end: start },
    ])
      assert.equal(ourError(() => parseRenewalInfo({ suggestedWindow }, URL)).code, 'E_ACME_PROBLEM');
  });
});
