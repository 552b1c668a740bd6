import assert from 'node:assert/strict';
import type { Change } from '../../src/dns/change.ts';
import { type DomainName, parseDomainName } from '../../src/dns/domain-name.ts';
import { assertInside, fenceAround, recordKeys } from '../../src/dns/fence.ts';
import { srv, txt } from '../conformance/target.ts';
import { ourError } from '../support/our-error.ts';

const FED = parseDomainName('_matrix-fed._tcp.example.org');
const ELSEWHERE = parseDomainName('www.example.org');
const DATA = { priority: 0, weight: 0, port: 8448, target: parseDomainName('matrix.example.org') };
const FENCE = fenceAround(recordKeys([FED]));

const put = (name: DomainName): Change => ({ op: 'put', rrset: srv(name, [DATA]), expect: 'absent' });
const value = (op: 'add' | 'remove', name: DomainName): Change => ({
  op,
  name,
  type: 'TXT',
  ttl: 60,
  values: ['x'],
});

describe('the fence', () => {
  it('lets our SRV records and single TXT values beside them through', () => {
    const erase: Change = { op: 'delete', rrset: srv(FED, [DATA]) };
    assertInside(FENCE, [put(FED), erase, value('add', FED), value('remove', FED)]);
  });

  it('stops every change at a name that is not ours, before anything is written', () => {
    for (const change of [put(ELSEWHERE), value('add', ELSEWHERE), value('remove', ELSEWHERE)]) {
      const error = ourError(() => assertInside(FENCE, [put(FED), change]));
      assert.equal(error.code, 'E_PROVIDER_FENCE');
      assert.match(error.message, /www\.example\.org\./);
    }
  });

  it('stops another type at a name of ours', () => {
    const challenges = fenceAround([{ name: FED, type: 'TXT' }]);
    assert.equal(ourError(() => assertInside(challenges, [put(FED)])).code, 'E_PROVIDER_FENCE');
  });

  it('stops a change of a whole TXT RRset: values of others may stand there', () => {
    const whole = txt(FED, ['x']);
    for (const change of [
      { op: 'put', rrset: whole, expect: 'absent' },
      { op: 'delete', rrset: whole },
    ] as const)
      assert.equal(ourError(() => assertInside(FENCE, [change])).code, 'E_PROVIDER_FENCE');
  });
});
