/** `Promise.all` over a list with at most `limit` at work at once. The first failure stops the rest from starting. */
export async function mapConcurrent<In, Out>(
  items: readonly In[],
  limit: number,
  work: (item: In, index: number) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  // A generator, because a worker that fails in its loop closes it for all of them.
  const queue = (function* entries() {
    yield* items.entries();
  })();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
