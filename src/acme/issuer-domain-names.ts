/** A-labels in lower case, without a trailing dot, at most 253 octets (draft-ietf-acme-dns-persist-02 §3.1). */
const NAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MOST = 10;

/** The names that a CA goes by in standing values; null for a list that a client has to reject. */
export function issuerDomainNames(value: unknown): readonly string[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST) return null;
  const names = value.filter((each): each is string => typeof each === 'string' && NAME.test(each));
  return names.length === value.length ? names : null;
}
