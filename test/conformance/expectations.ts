import assert from 'node:assert/strict';
import { presentation } from '../../src/dns/rrset.ts';
import { DelegatedError, type ErrorCode } from '../../src/errors.ts';
import type { RRset } from '../../src/provider.ts';

/** Same name, type, TTL and set of values. */
export function assertRRset(actual: RRset | null, expected: RRset): void {
  assert.ok(actual !== null, `${expected.name} ${expected.type} is absent`);
  assert.deepEqual(
    { name: actual.name, type: actual.type, ttl: actual.ttl, values: presentation(actual) },
    { name: expected.name, type: expected.type, ttl: expected.ttl, values: presentation(expected) },
  );
}

export function assertValues(actual: RRset | null, values: readonly string[]): void {
  assert.ok(actual?.type === 'TXT', 'there is no TXT RRset');
  assert.deepEqual([...actual.values].sort(), [...values].sort());
}

export async function rejection(work: Promise<unknown>): Promise<DelegatedError> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof DelegatedError, `expected one of our errors, not ${String(thrown)}`);
  return thrown;
}

export async function assertRefused(work: Promise<unknown>, code: ErrorCode): Promise<DelegatedError> {
  const error = await rejection(work);
  assert.equal(error.code, code, error.message);
  return error;
}
