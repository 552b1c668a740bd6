import type { SrvData } from '../dns/rrset.ts';

/**
 * The order in which a peer tries SRV records (RFC 2782): the lowest priority first, and among equals a draw in which
 * the weight is the share.
 * @param draw uniform in [0, 1), asked once for each record
 */
export function orderSrv(records: readonly SrvData[], draw: () => number): SrvData[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority) =>
    drawn(
      records.filter((record) => record.priority === priority),
      draw,
    ),
  );
}

function drawn(records: readonly SrvData[], draw: () => number): SrvData[] {
  // Weight zero goes first, so that it has a chance at all: the running sum is compared by "greater or equal".
  const left = [...records].sort((a, b) => Number(a.weight > 0) - Number(b.weight > 0));
  const order: SrvData[] = [];
  while (left.length > 0) {
    const sum = left.reduce((total, { weight }) => total + weight, 0);
    const mark = Math.floor(draw() * (sum + 1));
    let running = 0;
    const at = left.findIndex(({ weight }) => (running += weight) >= mark);
    order.push(...left.splice(Math.max(at, 0), 1));
  }
  return order;
}
