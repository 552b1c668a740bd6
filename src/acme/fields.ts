/** Reads the CA's JSON objects field by field, so that a missing one is named. */
import { isRecord } from './is-record.ts';
import { malformed } from './malformed.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** @throws DelegatedError E_ACME_PROBLEM, as the others here do */
export function fieldsOf(value: unknown, what: string): Fields {
  if (!isRecord(value)) throw malformed(what, 'it is no JSON object');
  return value;
}

export function textIn(fields: Fields, key: string, what: string): string {
  const value = fields[key];
  if (typeof value !== 'string' || value === '') throw malformed(what, `"${key}" is missing`);
  return value;
}

/** Everything that is signed and sent goes over TLS (RFC 8555 §6.1). */
export function urlIn(fields: Fields, key: string, what: string): string {
  return httpsUrl(fields[key], `"${key}"`, what);
}

export function httpsUrl(value: unknown, where: string, what: string): string {
  if (typeof value !== 'string') throw malformed(what, `${where} is missing`);
  if (!URL.canParse(value) || new URL(value).protocol !== 'https:')
    throw malformed(what, `${where} is no https URL: ${JSON.stringify(value.slice(0, 200))}`);
  return value;
}

export function listIn(fields: Fields, key: string, what: string): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value)) throw malformed(what, `"${key}" is no list`);
  return value;
}

export function oneOfIn<T extends string>(
  fields: Fields,
  key: string,
  values: readonly T[],
  what: string,
): T {
  const found = values.find((value) => value === fields[key]);
  if (found === undefined)
    throw malformed(what, `"${key}" is ${JSON.stringify(fields[key])}, none of ${values.join(', ')}`);
  return found;
}

/** RFC 3339; undefined when it is not there. */
export function dateIn(fields: Fields, key: string, what: string): Date | undefined {
  const value = fields[key];
  if (value === undefined || value === null) return undefined;
  const date = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/i.test(value) ? new Date(value) : null;
  if (date === null || Number.isNaN(date.getTime())) throw malformed(what, `"${key}" is no date`);
  return date;
}
