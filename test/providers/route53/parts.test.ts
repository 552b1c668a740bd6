import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import * as z from 'zod';
import { route53 } from '../../../providers/route53/adapter.ts';
import { fromApiName, fromTxt, toApiName, toTxt } from '../../../providers/route53/convert.ts';
import { route53Options } from '../../../providers/route53/options.ts';
import { createPace } from '../../../providers/route53/pace.ts';
import { loadSdk } from '../../../providers/route53/sdk.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import { assertRefused } from '../../conformance/expectations.ts';
import { testDeps } from '../../support/provider-deps.ts';

describe('the package of the AWS SDK', () => {
  it('that is not installed is asked for by its npm command', async () => {
    const error = await assertRefused(
      loadSdk(() => Promise.reject(new Error("Cannot find package '@aws-sdk/client-route-53'"))),
      'E_PROVIDER_UNSUPPORTED',
    );
    assert.match(error.message, /@aws-sdk\/client-route-53/);
    assert.match(error.hint ?? '', /npm install -g @aws-sdk\/client-route-53@3 /);
  });

  it('that is installed is loaded', async () => {
    assert.equal(typeof (await loadSdk()).Route53, 'function');
  });

  it('finds secrets in the environment that are taken out of all output', async () => {
    const hidden: string[] = [];
    const env = { AWS_SECRET_ACCESS_KEY: 'environment-secret', AWS_SESSION_TOKEN: 'environment-token' };
    const deps = testDeps('/nonexistent', { env, hide: (secret) => hidden.push(secret) });
    const provider = await route53.create(route53Options.parse({}), deps);
    await provider.close?.();
    assert.deepEqual(hidden, Object.values(env));
  });
});

describe('the settings of route53', () => {
  it('take the id of a zone with or without its prefix', () => {
    for (const hostedZoneId of ['Z0123', '/hostedzone/Z0123'])
      assert.equal(route53Options.parse({ hostedZoneId }).hostedZoneId, 'Z0123');
  });

  it('refuse half a key, and two kinds of credentials', () => {
    const key = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };
    const bad = [
      { accessKeyId: 'AKIA' },
      { secretAccessKey: 'secret' },
      { sessionToken: 'token' },
      { ...key, profile: 'default' },
      { region: 'Frankfurt' },
      { hostedZoneId: 'example.org' },
    ];
    for (const options of bad) assert.equal(route53Options.safeParse(options).success, false);
    assert.equal(route53Options.safeParse({ ...key, sessionToken: 'token' }).success, true);
  });
});

describe('text in the form of Route 53', () => {
  it('is read as it was written, whatever octets it has', () => {
    const octets = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 600 });
    fc.assert(
      fc.property(octets, (codes) => {
        const value = String.fromCharCode(...codes);
        const text = toTxt(value);
        assert.match(text, /^[\x20-\x7e]+$/);
        assert.equal(fromTxt(text), value);
      }),
    );
  });

  it('has octal escapes', () => {
    assert.equal(toTxt('a\u0000\u00ff"\\'), String.raw`"a\000\377\"\\"`);
    assert.equal(fromTxt(String.raw`"a\040b" "\344"  c`), 'a b\u00e4c');
    assert.equal(fromTxt('"open'), null);
    assert.equal(fromTxt(''), null);
  });

  it('has wildcards in octal', () => {
    const name = parseDomainName('*.example.org');
    assert.equal(toApiName(name), String.raw`\052.example.org.`);
    assert.equal(fromApiName(String.raw`\052.Example.org`), name);
    assert.equal(fromApiName(String.raw`0\05725.2.0.192.in-addr.arpa.`), null);
  });
});

const policyDocument = z.object({
  Statement: z.array(
    z.object({
      Action: z.union([z.string(), z.array(z.string())]),
      Condition: z.record(z.string(), z.record(z.string(), z.array(z.string()))).optional(),
    }),
  ),
});

describe('the policy of route53', () => {
  it('allows these names and types, and no UPSERT', () => {
    const text = route53.policy([
      { name: parseDomainName('_matrix-fed._tcp.example.org'), type: 'SRV' },
      { name: parseDomainName('_acme-challenge.example.org'), type: 'TXT' },
      { name: parseDomainName('*.example.org'), type: 'TXT' },
    ]);
    const change = policyDocument
      .parse(JSON.parse(text))
      .Statement.find(({ Action }) => Action === 'route53:ChangeResourceRecordSets');
    assert.deepEqual(change?.Condition, {
      'ForAllValues:StringEquals': {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': [
          '_matrix-fed._tcp.example.org',
          '_acme-challenge.example.org',
          String.raw`\052.example.org`,
        ],
        'route53:ChangeResourceRecordSetsRecordTypes': ['SRV', 'TXT'],
        'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
      },
    });
  });
});

describe('the pace of route53', () => {
  it('is five requests at once and then one every 200 ms, and what was not used is lost', async () => {
    let nowMs = 1_000;
    const pauses: number[] = [];
    const pace = createPace({
      monotonicMs: () => nowMs,
      pause: async (ms) => {
        pauses.push(ms);
        nowMs += ms;
      },
    });
    const burst = async (requests: number): Promise<number[]> => {
      for (let sent = 0; sent < requests; sent += 1) await pace(new AbortController().signal);
      return pauses.splice(0);
    };
    assert.deepEqual(await burst(7), [200, 200]);
    nowMs += 3_600_000;
    assert.deepEqual(await burst(6), [200]);
    nowMs += 400;
    assert.deepEqual(await burst(3), [200]);
  });

  it('keeps its distance for those who ask at the same moment', async () => {
    const pauses: number[] = [];
    const pace = createPace({ monotonicMs: () => 0, pause: (ms) => Promise.resolve(pauses.push(ms)) });
    await Promise.all(Array.from({ length: 8 }, () => pace(new AbortController().signal)));
    assert.deepEqual(pauses, [200, 400, 600]);
  });
});
