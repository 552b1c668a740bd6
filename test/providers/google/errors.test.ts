import assert from 'node:assert/strict';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { DnsProvider } from '../../../src/provider.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';
import { Refusal } from '../../fakes/google-refusal.ts';
import { type HttpRelay, startHttpRelay } from '../../support/http-relay.ts';
import { type Stage, setStage } from './target.ts';

const NAME = parseDomainName('_acme-challenge.example.test');
const ZONE = { id: 'example-test', name: parseDomainName('example.test') };

describe('the errors of google', () => {
  let stage: Stage;
  let relay: HttpRelay;
  let provider: DnsProvider;
  before(async () => {
    stage = await setStage();
    relay = await startHttpRelay(stage.fake.url);
    provider = stage.open({ apiEndpoint: relay.url });
  });
  after(async () => {
    await relay.stop();
    await stage.stop();
  });

  const cases: readonly (readonly [number, string, string, ErrorCode])[] = [
    [403, 'rateLimitExceeded', 'Rate Limit Exceeded', 'E_PROVIDER_RATE_LIMITED'],
    [403, 'quotaExceeded', 'Quota exceeded', 'E_PROVIDER_RATE_LIMITED'],
    [429, 'rateLimitExceeded', 'Quota exceeded for quota metric', 'E_PROVIDER_RATE_LIMITED'],
    [403, 'forbidden', 'Forbidden', 'E_PROVIDER_FORBIDDEN'],
    [403, 'accessNotConfigured', 'Cloud DNS API has not been used', 'E_PROVIDER_FORBIDDEN'],
    [401, 'authError', 'Invalid Credentials', 'E_PROVIDER_AUTH'],
    [400, 'invalid', "Invalid value for 'entity.change.additions[0].rrdata'", 'E_PROVIDER_REJECTED'],
    [400, 'cnameResourceRecordSetConflict', 'one CNAME resource record set or …', 'E_RECORD_CNAME'],
    [404, 'notFound', "The 'parameters.managedZone' resource named 'x'", 'E_ZONE_NOT_FOUND'],
    [404, 'notFound', "The 'entity.change.deletions[0]' resource named 'x'", 'E_PROVIDER_CONFLICT'],
    [409, 'alreadyExists', "The resource 'entity.change.additions[0]'", 'E_PROVIDER_CONFLICT'],
    [412, 'conditionNotMet', 'Precondition not met', 'E_PROVIDER_CONFLICT'],
    [503, 'backendError', 'Backend Error', 'E_PROVIDER_UNAVAILABLE'],
    [418, 'somethingNew', 'What Google thinks of next', 'E_PROVIDER_REJECTED'],
  ];
  for (const [status, reason, message, code] of cases)
    it(`${status} ${reason} is ${code}: ${message}`, async () => {
      relay.fault = () => ({
        kind: 'answer',
        status,
        body: new Refusal(status, reason, message).body(),
      });
      const error = await assertRefused(
        provider.readRRsets(ZONE, [{ name: NAME, type: 'TXT' }], testCtx()),
        code,
      );
      assert.ok(error.message.includes(message));
    });

  it('are found behind others that say less', async () => {
    const errors = [{ reason: 'global' }, { reason: 'quotaExceeded', message: 'Quota' }];
    relay.fault = () => ({ kind: 'answer', status: 403, body: JSON.stringify({ error: { errors } }) });
    await assertRefused(
      provider.readRRsets(ZONE, [{ name: NAME, type: 'TXT' }], testCtx()),
      'E_PROVIDER_RATE_LIMITED',
    );
  });

  it('are told of answers that are JSON and nothing else of the API', async () => {
    for (const body of ['null', '[]', '{"rrsets":[null]}', '{"rrsets":[{"name":1}]}', '{"rrsets":{}}']) {
      relay.fault = () => ({ kind: 'answer', status: 200, body });
      await assertRefused(
        provider.readRRsets(ZONE, [{ name: NAME, type: 'TXT' }], testCtx()),
        'E_PROVIDER_UNAVAILABLE',
      );
    }
  });
});
