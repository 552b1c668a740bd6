import assert from 'node:assert/strict';
import { DelegatedError } from '../../src/errors.ts';

/** What the work threw, which has to be one of our errors. */
export function ourError(work: () => unknown): DelegatedError {
  try {
    work();
  } catch (thrown) {
    assert.ok(thrown instanceof DelegatedError, `expected one of our errors, not ${String(thrown)}`);
    return thrown;
  }
  return assert.fail('nothing was thrown');
}
