import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GoogleDeps, createGoogle } from '../../../providers/google/index.ts';
import { googleOptions } from '../../../providers/google/options.ts';
import type { DnsProvider } from '../../../src/provider.ts';
import { type FakeGoogle, startFakeGoogle } from '../../fakes/google.ts';

export interface Stage {
  readonly fake: FakeGoogle;
  /** Of workload identity federation, whose token the fake exchanges. */
  readonly keyFile: string;
  open(settings?: Readonly<Record<string, unknown>>, deps?: Partial<GoogleDeps>): DnsProvider;
  /** A credentials file that shows another token. */
  keyFileFor(subjectToken: string): string;
  stop(): Promise<void>;
}

/** The fake, and files that lead to it. */
export async function setStage(): Promise<Stage> {
  const fake = await startFakeGoogle();
  const folder = mkdtempSync(join(tmpdir(), 'delegated-test-'));
  let files = 0;
  const keyFileFor = (subjectToken: string): string => {
    const [token, key] = [join(folder, `token${(files += 1)}`), join(folder, `key${files}.json`)];
    writeFileSync(token, subjectToken);
    writeFileSync(key, JSON.stringify(externalAccount(fake, token)));
    return key;
  };
  const keyFile = keyFileFor(fake.subjectToken);
  return {
    fake,
    keyFile,
    keyFileFor,
    open: (settings, deps) =>
      createGoogle(
        googleOptions.parse({ project: fake.project, keyFile, apiEndpoint: fake.url, ...settings }),
        { now: () => new Date(), hide: () => undefined, ...deps },
      ),
    async stop() {
      await Promise.all([fake.stop(), rm(folder, { recursive: true })]);
    },
  };
}

export function externalAccount(fake: FakeGoogle, tokenFile: string): object {
  return {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${fake.url}/v1/token`,
    credential_source: { file: tokenFile },
  };
}
