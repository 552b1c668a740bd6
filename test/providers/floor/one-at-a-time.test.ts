import assert from 'node:assert/strict';
import { createQueue } from '../../../providers/floor/one-at-a-time.ts';
import { assertRefused } from '../../conformance/expectations.ts';

describe('the queue of an adapter', () => {
  const { signal } = new AbortController();

  it('lets those with the same key wait for each other, even after a failure', async () => {
    const queue = createQueue();
    const seen: string[] = [];
    const gate = deferred();
    const first = queue.run('zone', signal, async () => {
      await gate.promise;
      seen.push('first');
      throw new Error('trouble');
    });
    const second = queue.run('zone', signal, async () => seen.push('second'));
    await queue.run('another', signal, async () => seen.push('another'));
    gate.resolve();
    await assert.rejects(first, /trouble/);
    await second;
    assert.deepEqual(seen, ['another', 'first', 'second']);
  });

  it('lets go of who is stopped while waiting, and never starts his work', async () => {
    const queue = createQueue();
    const gate = deferred();
    const stop = new AbortController();
    const first = queue.run('zone', signal, () => gate.promise);
    let started = false;
    const second = queue.run('zone', stop.signal, async () => (started = true));
    stop.abort();
    await assertRefused(second, 'E_ABORTED');
    gate.resolve();
    await first;
    await queue.run('zone', signal, async () => undefined);
    assert.equal(started, false);
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: (() => void) | undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve: () => resolve?.() };
}
