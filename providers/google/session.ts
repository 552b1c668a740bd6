import { readFile } from 'node:fs/promises';
import { DNS } from '@google-cloud/dns';
import { DelegatedError } from '../../src/errors.ts';
import type { ProviderDeps } from '../adapter.ts';
import type { GoogleDns } from './api.ts';
import { authFailure, discoveryTooSlow, tokenTooSlow } from './auth-failure.ts';
import { type Credentials, type GoogleOptions, parseCredentials } from './options.ts';
import { within } from './within.ts';

/** The SDK with credentials and a project. */
export interface Session {
  readonly dns: GoogleDns;
  /** What authorizes one request. @throws DelegatedError E_PROVIDER_AUTH, E_PROVIDER_UNAVAILABLE, E_ABORTED */
  authorize(signal: AbortSignal): Promise<Headers>;
}

/**
 * Where nothing is configured the library asks the metadata server of the machine, and elsewhere nobody answers: it
 * takes 3 s to see that (verified 2026-11, gcp-metadata 8), and more when it looks for a project as well.
 */
const DISCOVERY_MS = 8_000;

/** @throws DelegatedError E_SECRET, E_PROVIDER_AUTH, E_PROVIDER_UNAVAILABLE */
export async function openSession(
  options: GoogleOptions,
  { hide }: Pick<ProviderDeps, 'hide'>,
): Promise<Session> {
  const credentials =
    options.keyFile === undefined ? options.credentials : await credentialsIn(options.keyFile);
  for (const secret of secretsIn(credentials)) hide(secret);
  const project = options.project ?? credentials?.project_id;
  const dns: GoogleDns = new DNS({
    ...(project === undefined ? {} : { projectId: project }),
    ...(credentials === undefined ? {} : { credentials }),
  });
  const wait = <T>(work: Promise<T>, signal?: AbortSignal): Promise<T> => {
    const limit =
      credentials === undefined
        ? { ms: DISCOVERY_MS, late: () => discoveryTooSlow(DISCOVERY_MS) }
        : { ms: options.timeout * 1_000, late: () => tokenTooSlow(options.timeout) };
    const translated = work.catch((error: unknown) => {
      throw authFailure(error);
    });
    return within(translated, signal, limit);
  };
  dns.baseUrl = `${options.apiEndpoint}/dns/v1`;
  if (project === undefined) {
    // Credentials first: without any there is no project either, and that is the lesser half of what to say.
    await wait(dns.authClient.getRequestHeaders());
    dns.projectId = await wait(dns.authClient.getProjectId());
  }
  return { dns, authorize: (signal) => wait(dns.authClient.getRequestHeaders(), signal) };
}

/** Read by ourselves, since the library quotes what it cannot parse. */
async function credentialsIn(path: string): Promise<Credentials> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new DelegatedError('E_SECRET', `the credentials file ${path} cannot be read (${code})`, {
      hint: 'correct keyFile, or let the user of delegated read that file',
    });
  });
  const parsed = parseCredentials(text);
  if (parsed !== null) return parsed;
  throw new DelegatedError('E_SECRET', `${path} is no credentials file of Google Cloud`, {
    hint: 'it is JSON with a "type", as `gcloud iam service-accounts keys create` writes it',
  });
}

function secretsIn(credentials: Credentials | undefined): string[] {
  return ['private_key', 'refresh_token', 'client_secret'].flatMap((key) => {
    const value: unknown = credentials === undefined ? undefined : Reflect.get(credentials, key);
    return typeof value === 'string' && value !== '' ? [value] : [];
  });
}
