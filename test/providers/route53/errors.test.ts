import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../src/errors.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { Change } from '../../../src/provider.ts';
import { assertRefused, rejection } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';
import { ZONE, route53Setting } from './setting.ts';

const NAME = parseDomainName('_acme-challenge.example.test');
const ADD: Change = { op: 'add', name: NAME, type: 'TXT', ttl: 60, values: ['value'] };

describe('an error of Route 53', () => {
  const at = route53Setting();

  const codes: readonly (readonly [string, number, string, ErrorCode, 'never' | 'backoff'])[] = [
    ['Throttling', 400, 'Rate exceeded', 'E_PROVIDER_RATE_LIMITED', 'backoff'],
    ['PriorRequestNotComplete', 400, 'not complete', 'E_PROVIDER_UNAVAILABLE', 'backoff'],
    ['ServiceUnavailable', 503, 'try later', 'E_PROVIDER_UNAVAILABLE', 'backoff'],
    ['InternalFailure', 500, 'oops', 'E_PROVIDER_UNAVAILABLE', 'backoff'],
    ['NoSuchHostedZone', 404, 'No hosted zone found with ID: Z1', 'E_ZONE_NOT_FOUND', 'never'],
    ['AccessDenied', 403, 'User: arn:aws:iam::1:user/u is not authorized', 'E_PROVIDER_FORBIDDEN', 'never'],
    ['InvalidClientTokenId', 403, 'The security token is invalid', 'E_PROVIDER_AUTH', 'never'],
    ['SignatureDoesNotMatch', 403, 'The signature does not match', 'E_PROVIDER_AUTH', 'never'],
    ['ExpiredToken', 403, 'The security token is expired', 'E_PROVIDER_AUTH', 'never'],
    ['RequestExpired', 400, 'Request has expired', 'E_PROVIDER_CLOCK', 'backoff'],
    [
      'SignatureDoesNotMatch',
      403,
      'Signature expired: A is now earlier than B',
      'E_PROVIDER_CLOCK',
      'backoff',
    ],
    ['InvalidInput', 400, 'The input is not valid', 'E_PROVIDER_REJECTED', 'never'],
    ['constructor', 400, 'a code that nobody knows', 'E_PROVIDER_REJECTED', 'never'],
  ];
  for (const [code, status, message, ours, retry] of codes)
    it(`${code} (${message}) is ${ours}`, async () => {
      const { fake, open } = at();
      fake.trouble = (method) => (method === 'POST' ? { status, code, message } : null);
      const error = await assertRefused(open().apply(ZONE, [ADD], testCtx()), ours);
      assert.ok(error.message.includes(message));
      assert.equal(error.retry.kind, retry);
      assert.equal(error.outcome, status >= 500 ? 'unknown' : 'not-applied');
    });

  const batches: readonly (readonly [string, ErrorCode])[] = [
    [
      `RRSet of type TXT with DNS name ${NAME} is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.test.`,
      'E_RECORD_CNAME',
    ],
    [
      `Tried to create resource record set [name='${NAME}', type='TXT'] but it already exists`,
      'E_PROVIDER_CONFLICT',
    ],
    [`RRSet with DNS name ${NAME} is not permitted in zone other.test.`, 'E_ZONE_NOT_FOUND'],
    ["Invalid Resource Record: 'FATAL problem: CharacterStringTooLong'", 'E_PROVIDER_REJECTED'],
  ];
  for (const [message, ours] of batches)
    it(`InvalidChangeBatch is told apart by its words: ${ours}`, async () => {
      const { fake, open } = at();
      fake.trouble = (method) =>
        method === 'POST' ? { status: 400, code: 'InvalidChangeBatch', message } : null;
      assert.ok((await assertRefused(open().apply(ZONE, [ADD], testCtx()), ours)).message.includes(message));
    });

  it('that never comes, since it was stopped in its turn, leaves nothing sent', async () => {
    const { open, requests } = at();
    const stop = new AbortController();
    const pace = (signal: AbortSignal): Promise<void> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('woken'));
        });
        stop.abort();
      });
    const pending = open({}, { pace }).findZone(NAME, testCtx(stop.signal));
    assert.equal((await assertRefused(pending, 'E_ABORTED')).outcome, 'not-applied');
    assert.deepEqual(requests, []);
  });

  it('that is no credentials at all says so, and nothing is sent', async () => {
    const { open, requests } = at();
    const none = { accessKeyId: undefined, secretAccessKey: undefined, profile: 'no-such-profile' };
    const error = await assertRefused(open(none).apply(ZONE, [ADD], testCtx()), 'E_PROVIDER_AUTH');
    assert.equal(error.outcome, 'not-applied');
    assert.match(error.message, /was not asked: Could not load credentials/);
    assert.deepEqual(requests, []);
  });

  it('that quotes a secret does not show it, and the log is told of each', async () => {
    const { fake, open } = at();
    const hidden: string[] = [];
    const secrets = { secretAccessKey: 'a-secret-of-somebody', sessionToken: 'a-token-of-somebody' };
    fake.trouble = () => ({
      status: 403,
      code: 'SignatureDoesNotMatch',
      message: `The Canonical String had x-amz-security-token:${secrets.sessionToken}`,
    });
    const provider = open(secrets, { hide: (secret) => hidden.push(secret) });
    const error = await rejection(provider.findZone(NAME, testCtx()));
    assert.match(error.message, /x-amz-security-token:\[secret\]/);
    assert.deepEqual(new Set(hidden), new Set(Object.values(secrets)));
  });
});
