import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import type { SrvData } from '../../src/dns/rrset.ts';
import { orderSrv } from '../../src/matrix/srv-order.ts';

const record = (priority: number, weight: number, port = 8448): SrvData => ({
  priority,
  weight,
  port,
  target: parseDomainName('matrix.example.org'),
});
const anyRecord = fc.record({ priority: fc.nat(3), weight: fc.nat(100), port: fc.nat(65_535) });
const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('SRV records are tried', () => {
  it('each once, the lowest priority first, whatever is drawn', () => {
    fc.assert(
      fc.property(fc.array(anyRecord), fc.infiniteStream(draw), (fields, draws) => {
        const records = fields.map(({ priority, weight, port }) => record(priority, weight, port));
        const order = orderSrv(records, () => draws.next().value);
        assert.deepEqual(new Set(order), new Set(records));
        assert.equal(order.length, records.length);
        const priorities = order.map(({ priority }) => priority);
        assert.deepEqual(
          priorities,
          [...priorities].sort((a, b) => a - b),
        );
      }),
    );
  });

  it('with a chance that is their weight', () => {
    const [light, heavy] = [record(1, 10, 1), record(1, 30, 2)];
    const steps = 4_100;
    let first = 0;
    for (let step = 0; step < steps; step += 1) {
      let drawn = 0;
      const [winner] = orderSrv([light, heavy], () => (drawn++ === 0 ? step / steps : 0));
      if (winner === heavy) first += 1;
    }
    // RFC 2782 draws from 0 to the sum, both included: 30 of 41 for the heavy one.
    assert.equal(first / steps, 30 / 41);
  });

  it('with a very small chance where the weight is zero beside others', () => {
    const [zero, other] = [record(1, 0, 1), record(1, 99, 2)];
    assert.equal(orderSrv([other, zero], () => 0)[0], zero);
    assert.equal(orderSrv([other, zero], () => 0.02)[0], other);
  });
});
