import assert from 'node:assert/strict';
import type { CloudflareApi, Sent } from '../../../providers/cloudflare/api.ts';
import { createCloudflare } from '../../../providers/cloudflare/index.ts';
import { cloudflareOptions } from '../../../providers/cloudflare/options.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { DelegatedError, ErrorCode } from '../../../src/errors.ts';
import type { DnsProvider, Zone } from '../../../src/provider.ts';
import { rejection } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';
import { TOKEN } from './fake-zone.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const ZONE: Zone = { id: 'z', name: parseDomainName('example.test') };
const NAME = parseDomainName('_acme-challenge.example.test');

interface Reply {
  readonly status: number;
  readonly errors?: readonly {
    readonly code: number;
    readonly message: string;
    readonly error_chain?: readonly object[];
  }[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** An API that finds nothing, and answers every batch alike; by the slice of the SDK, without any server. */
function apiThat(reply: Reply): CloudflareApi & { batches: number } {
  const found = { success: true, errors: [], result: [], result_info: { total_pages: 0, total_count: 0 } };
  const nothing = (): Sent => ({ asResponse: async () => Response.json(found) });
  const batch = (): Sent => {
    api.batches += 1;
    const body = { success: false, errors: reply.errors ?? [], result: null };
    const headers = new Headers(reply.headers);
    return {
      asResponse: async () => {
        if (reply.status < 300) return Response.json(body, { status: reply.status, headers });
        throw Object.assign(new Error('as the SDK throws it'), {
          status: reply.status,
          headers,
          error: body,
        });
      },
    };
  };
  const api = {
    batches: 0,
    zones: { list: nothing, get: nothing },
    dns: { records: { list: nothing, batch } },
    get: nothing,
  };
  return api;
}

function over(api: CloudflareApi): DnsProvider {
  return createCloudflare(api, cloudflareOptions.parse({ apiToken: TOKEN }), { now: () => NOW });
}

function failure(reply: Reply, provider = over(apiThat(reply))): Promise<DelegatedError> {
  const change = { op: 'add', name: NAME, type: 'TXT', ttl: 60, values: ['value'] } as const;
  return rejection(provider.apply(ZONE, [change], testCtx()));
}

describe('what Cloudflare says no with', () => {
  const CODES: readonly (readonly [number, number, string, ErrorCode])[] = [
    [401, 1000, 'Invalid API Token', 'E_PROVIDER_AUTH'],
    [400, 6003, 'Invalid request headers', 'E_PROVIDER_AUTH'],
    [403, 9109, 'Invalid access token', 'E_PROVIDER_AUTH'],
    [403, 9109, 'Unauthorized to access requested resource', 'E_PROVIDER_FORBIDDEN'],
    [403, 10000, 'Authentication error', 'E_PROVIDER_FORBIDDEN'],
    [401, 10000, 'Authentication error', 'E_PROVIDER_AUTH'],
    [429, 10000, 'Authentication error', 'E_PROVIDER_RATE_LIMITED'],
    [403, 10001, 'Unable to authenticate request', 'E_PROVIDER_AUTH'],
    [
      400,
      7003,
      'Could not route to /zones/z, perhaps your object identifier is invalid?',
      'E_ZONE_NOT_FOUND',
    ],
    [400, 81053, 'An A, AAAA, or CNAME record with that host already exists.', 'E_RECORD_CNAME'],
    [400, 81054, 'A CNAME record with that host already exists.', 'E_RECORD_CNAME'],
    [404, 81044, 'Record does not exist.', 'E_PROVIDER_CONFLICT'],
    [400, 81057, 'Record already exists.', 'E_PROVIDER_CONFLICT'],
    [400, 81058, 'An identical record already exists.', 'E_PROVIDER_CONFLICT'],
    [400, 81045, 'Record quota exceeded.', 'E_PROVIDER_REJECTED'],
    [400, 1038, 'You cannot use this API for domains with a .tk TLD', 'E_PROVIDER_UNSUPPORTED'],
    [400, 4_242, 'Something new', 'E_PROVIDER_REJECTED'],
    [200, 81058, 'An identical record already exists.', 'E_PROVIDER_CONFLICT'],
    [200, 4_242, 'Something new', 'E_PROVIDER_REJECTED'],
    [500, 10001, 'Unable to authenticate request', 'E_PROVIDER_UNAVAILABLE'],
  ];
  for (const [status, code, message, expected] of CODES)
    it(`is ${expected} for ${code} "${message.slice(0, 30)}" on ${status}`, async () => {
      const error = await failure({ status, errors: [{ code, message }] });
      assert.equal(error.code, expected);
      assert.ok(error.message.includes(message) && error.message.includes(String(code)), error.message);
      assert.equal(error.outcome, status === 500 ? 'unknown' : 'not-applied');
    });

  it('is told with the chain below it', async () => {
    const chain = [{ code: 9021, message: 'Invalid TTL.' }];
    const error = await failure({
      status: 400,
      errors: [{ code: 1004, message: 'DNS Validation Error', error_chain: chain }],
    });
    assert.equal(error.code, 'E_PROVIDER_REJECTED');
    assert.match(error.message, /DNS Validation Error \(1004\); Invalid TTL\. \(9021\)/);
  });

  it('never shows the token that it repeats', async () => {
    const error = await failure({ status: 400, errors: [{ code: 4_242, message: `bad header ${TOKEN}` }] });
    assert.ok(!error.message.includes(TOKEN));
  });
});

describe('the quota of Cloudflare', () => {
  const errors = [{ code: 971, message: 'Please wait and consider throttling your request speed' }];

  it('names the moment to come back, where Retry-After is missing', async () => {
    const headers = { ratelimit: '"burst";r=3;t=500, "default";r=0;t=30' };
    const { code, retry } = await failure({ status: 429, errors, headers });
    assert.equal(code, 'E_PROVIDER_RATE_LIMITED');
    assert.deepEqual(retry, { kind: 'at', at: new Date('2026-11-25T12:00:30Z') });
  });

  it('goes by Retry-After where it is there', async () => {
    const headers = { 'retry-after': '7', ratelimit: '"default";r=0;t=30' };
    const { retry } = await failure({ status: 429, errors, headers });
    assert.deepEqual(retry, { kind: 'at', at: new Date('2026-11-25T12:00:07Z') });
  });

  it('when it is used up, lets nothing more go out until it is whole', async () => {
    const headers = { ratelimit: '"default";r=0;t=30' };
    const reply: Reply = { status: 400, errors: [{ code: 81057, message: 'exists' }], headers };
    const api = apiThat(reply);
    const provider = over(api);
    await failure(reply, provider);
    const { code, retry, outcome } = await failure(reply, provider);
    assert.equal(api.batches, 1);
    assert.equal(code, 'E_PROVIDER_RATE_LIMITED');
    assert.equal(outcome, 'not-applied');
    assert.deepEqual(retry, { kind: 'at', at: new Date('2026-11-25T12:00:30Z') });
  });
});
