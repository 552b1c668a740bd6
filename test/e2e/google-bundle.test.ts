import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { googleOptions } from '../../providers/google/options.ts';
import type * as google from '../../providers/google/index.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { assertValues } from '../conformance/expectations.ts';
import { testCtx } from '../conformance/target.ts';
import { setStage } from '../providers/google/target.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const CHUNKS = join(DIST, 'chunks');

describe('the SDK of google in the bundle', () => {
  it('changes and reads records, and fetches its token', async () => {
    const stage = await setStage();
    try {
      const name = parseDomainName('_acme-challenge.example.test');
      stage.fake.addZone({ name: 'example-test', dnsName: 'example.test.' });
      const { createGoogle }: typeof google = await import(pathToFileURL(chunk()).href);
      const { project, url } = stage.fake;
      const provider = createGoogle(
        googleOptions.parse({ project, keyFile: stage.keyFile, apiEndpoint: url, zone: 'example-test' }),
        { now: () => new Date(), hide: () => undefined },
      );
      const zone = await provider.findZone(name, testCtx());
      assert.ok(zone !== null);
      const receipt = await provider.apply(
        zone,
        [{ op: 'add', name, type: 'TXT', ttl: 60, values: ['value'] }],
        testCtx(),
      );
      await provider.settle?.(zone, receipt, testCtx());
      const [seen] = await provider.readRRsets(zone, [{ name, type: 'TXT' }], testCtx());
      assertValues(seen ?? null, ['value']);
      for (const item of await provider.check(testCtx())) assert.ok(item.ok, item.message);
    } finally {
      await stage.stop();
    }
  });

  it('is loaded on demand only, and brings no gRPC', () => {
    const text = readFileSync(chunk(), 'utf8');
    assert.match(text, /google-auth-library/);
    assert.doesNotMatch(text, /@grpc\/grpc-js|protobufjs/);
    const atStart = new Set<string>();
    const visit = (path: string): void => {
      if (atStart.has(path)) return;
      atStart.add(path);
      const statics = readFileSync(path, 'utf8').matchAll(/(?:\bfrom|\bimport)\s*"(\.[^"]+)"/g);
      for (const [, specifier = ''] of statics) visit(join(dirname(path), specifier));
    };
    visit(join(DIST, 'src', 'main.js'));
    for (const file of readdirSync(CHUNKS)) if (file.startsWith('adapter-')) visit(join(CHUNKS, file));
    assert.ok(atStart.size > 5);
    for (const path of atStart) assert.doesNotMatch(readFileSync(path, 'utf8'), /google-auth-library/, path);
  });
});

function chunk(): string {
  const found = readdirSync(CHUNKS).filter((file) => /^google-.*\.js$/.test(file));
  assert.equal(found.length, 1, 'npm run build');
  return join(CHUNKS, found[0] ?? '');
}
