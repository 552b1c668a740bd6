import type { HttpsOutcome } from './https-outcome.ts';

/** Of `{"server": {"name": …, "version": …}}`, `/_matrix/federation/v1/version`; null for anything else. */
export function serverVersion(
  answer: HttpsOutcome,
): { readonly name: string; readonly version: string } | null {
  if (answer.kind !== 'response' || answer.response.status !== 200) return null;
  let document: unknown;
  try {
    document = JSON.parse(answer.response.body);
  } catch {
    return null;
  }
  const server = field(document, 'server');
  const [name, version] = [field(server, 'name'), field(server, 'version')];
  return typeof name === 'string' ? { name, version: typeof version === 'string' ? version : '' } : null;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
