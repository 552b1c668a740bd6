import { keyText } from '../../src/dns/rrset.ts';
import type { Ctx } from '../../src/provider.ts';
import type { PlannedChange } from '../floor/planned-changes.ts';
import type { Endpoint } from './answers.ts';
import { byKey, fromEndpoints, targetsOf, toEndpoint } from './convert.ts';
import type { Protocol } from './protocol.ts';
import { unsupported } from './unsupported.ts';

/**
 * What the vendor would make of each RRset that is to stand, by its key: another TTL, say.
 * @throws DelegatedError E_PROVIDER_UNSUPPORTED when a value is not among it
 */
export async function adjusted(
  protocol: Protocol,
  planned: readonly PlannedChange[],
  ctx: Ctx,
): Promise<ReadonlyMap<string, Endpoint>> {
  const wanted = planned.flatMap(({ after }) => (after === null ? [] : [after]));
  if (wanted.length === 0) return new Map();
  const found = byKey(await protocol.adjust(wanted.map(toEndpoint), ctx));
  return new Map(
    wanted.map((rrset) => {
      const answered = found.get(keyText(rrset)) ?? [];
      const [first] = answered;
      const made = fromEndpoints(rrset, answered);
      const targets = made == null ? [] : targetsOf(made);
      if (first === undefined || !targetsOf(rrset).every((target) => targets.includes(target)))
        throw unsupported(rrset, 'makes something else of it before it is written');
      return [keyText(rrset), { ...first, targets: answered.flatMap(({ targets }) => targets ?? []) }];
    }),
  );
}
