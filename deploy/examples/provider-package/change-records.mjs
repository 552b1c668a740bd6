import { failure } from './failure.mjs';

/**
 * @typedef {import('matrix-delegated/provider').Change} Change
 * @typedef {import('matrix-delegated/provider').RRset} RRset
 * @typedef {import('matrix-delegated/provider').RRsetKey} RRsetKey
 * @typedef {import('matrix-delegated/provider').DomainName} DomainName
 * @typedef {import('./zone-file.mjs').ZoneRecord} ZoneRecord
 */

/**
 * @param {readonly ZoneRecord[]} records
 * @param {RRsetKey} key
 * @returns {RRset | null}
 */
export function rrsetAt(records, { name, type }) {
  const alias = records.find((record) => record.name === name && record.type === 'CNAME');
  if (alias !== undefined)
    throw failure('E_RECORD_CNAME', `${name} is a CNAME to ${alias.value}`, {
      hint: 'remove the CNAME, or let the record live where it points',
    });
  const found = records.filter((record) => record.name === name && record.type === type);
  if (found.length === 0) return null;
  const ttl = Math.min(...found.map((record) => record.ttl));
  const texts = [...new Set(found.map(({ value }) => value))];
  return type === 'TXT'
    ? { name, type, ttl, values: texts }
    : { name, type, ttl, values: texts.map((text) => srvData(name, text)) };
}

/**
 * The records after all changes. A change that does not find what it expects makes the whole fail, and nothing has been
 * written by then: that is compare-and-swap, and all or nothing.
 *
 * @param {readonly ZoneRecord[]} records
 * @param {readonly Change[]} changes
 * @returns {readonly ZoneRecord[]} the same object when there is nothing to change
 */
export function changedRecords(records, changes) {
  return changes.reduce(changedBy, records);
}

/**
 * @param {readonly ZoneRecord[]} records
 * @param {Change} change
 */
function changedBy(records, change) {
  const key = keyOf(change);
  const before = rrsetAt(records, key);
  const after = outcome(before, change);
  if (sameText(before, after)) return records;
  const others = records.filter((record) => record.name !== key.name || record.type !== key.type);
  return [...others, ...recordsOf(after)];
}

/** @param {Change} change @returns {RRsetKey} */
export function keyOf(change) {
  return change.op === 'put' || change.op === 'delete' ? change.rrset : change;
}

/**
 * @param {RRset | null} before
 * @param {Change} change
 * @returns {RRset | null}
 */
function outcome(before, change) {
  const values = before?.type === 'TXT' ? before.values : [];
  switch (change.op) {
    case 'put':
      demand(before, change.expect === 'absent' ? null : change.expect, change);
      return change.rrset;
    case 'delete':
      demand(before, change.rrset, change);
      return null;
    case 'add':
      return txt(change, before, [...new Set([...values, ...change.values])]);
    case 'remove':
      return txt(
        change,
        before,
        values.filter((value) => !change.values.includes(value)),
      );
  }
}

/**
 * @param {{ readonly name: DomainName, readonly ttl: number }} change
 * @param {RRset | null} before
 * @param {readonly string[]} values
 * @returns {RRset | null}
 */
function txt({ name, ttl }, before, values) {
  return values.length === 0 ? null : { name, type: 'TXT', ttl: before?.ttl ?? ttl, values };
}

/**
 * @param {RRset | null} before
 * @param {RRset | null} expected
 * @param {Change} change
 */
function demand(before, expected, change) {
  if (sameText(before, expected)) return;
  const { name, type } = keyOf(change);
  throw failure('E_PROVIDER_CONFLICT', `${name} ${type} is not what was read before`, {
    hint: 'somebody else writes the same records; the next run reads them again',
    retry: { kind: 'backoff' },
  });
}

/**
 * Values are a set: their order says nothing.
 *
 * @param {RRset | null} a
 * @param {RRset | null} b
 */
function sameText(a, b) {
  const text = (/** @type {RRset | null} */ rrset) =>
    JSON.stringify(
      recordsOf(rrset)
        .map(({ ttl, value }) => [value, ttl])
        .sort(),
    );
  return text(a) === text(b);
}

/**
 * @param {RRset | null} rrset
 * @returns {ZoneRecord[]}
 */
function recordsOf(rrset) {
  if (rrset === null) return [];
  const { name, type, ttl } = rrset;
  const texts =
    rrset.type === 'TXT'
      ? rrset.values
      : rrset.values.map(({ priority, weight, port, target }) => `${priority} ${weight} ${port} ${target}`);
  return texts.map((value) => ({ name, type, ttl, value }));
}

/**
 * @param {string} name
 * @param {string} text
 */
function srvData(name, text) {
  const [priority, weight, port, target, ...rest] = text.split(' ');
  if (target === undefined || rest.length > 0)
    throw failure('E_PROVIDER_UNAVAILABLE', `${name} SRV is not "priority weight port target."`, {
      hint: 'repair that record in the file',
    });
  // delegated looks at all of it before it believes it.
  return {
    priority: Number(priority),
    weight: Number(weight),
    port: Number(port),
    target: /** @type {DomainName} */ (target),
  };
}
