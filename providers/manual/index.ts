import { changedKey } from '../../src/dns/change.ts';
import { presentation, txtText } from '../../src/dns/rrset.ts';
import { aborted } from '../../src/errors.ts';
import type { Change, DnsProvider, WorldDns } from '../../src/provider.ts';
import { CAPABILITIES } from './capabilities.ts';
import type { ManualOptions } from './options.ts';

export interface ManualDeps {
  readonly dns: WorldDns;
  /** Says something to the person. */
  readonly tell: (message: string) => void;
}

const MS = 1_000;

/**
 * For DNS hosts without an API: reads what the world is served, says what to publish, and leaves the waiting to those
 * who wait for every provider's name servers.
 */
export function createManual({ wait }: ManualOptions, { dns, tell }: ManualDeps): DnsProvider {
  return {
    capabilities: { ...CAPABILITIES, propagation: { ...CAPABILITIES.propagation, maxMs: wait * MS } },
    async check({ signal }) {
      if (signal.aborted) throw aborted(signal);
      return [{ ok: true, message: 'there are no credentials: a person makes the changes' }];
    },
    async findZone(name, ctx) {
      if (ctx.signal.aborted) throw aborted(ctx.signal);
      const apex = await dns.zoneApex(name, ctx);
      return apex === null ? null : { id: apex, name: apex };
    },
    async readRRsets(zone, keys, ctx) {
      if (ctx.signal.aborted) throw aborted(ctx.signal);
      return Promise.all(keys.map((key) => dns.rrset(zone.name, key, ctx)));
    },
    async apply(_zone, changes, { signal }) {
      if (signal.aborted) throw aborted(signal);
      const groups = changes.map(instructions);
      for (const verb of VERBS) {
        const lines = groups.flatMap((each) => each[verb] ?? []);
        if (lines.length > 0) tell(`${WORDS[verb]}\n${lines.map((line) => `    ${line}`).join('\n')}`);
      }
      return { changed: changes.length > 0 };
    },
  };
}

const VERBS = ['publish', 'remove', 'mayRemove'] as const;

type Instructions = { readonly [Verb in (typeof VERBS)[number]]?: readonly string[] };

const WORDS = {
  publish: 'publish this at your DNS host; it goes on by itself as soon as every name server has it',
  remove: 'remove this at your DNS host',
  mayRemove: 'this has done its work and may be removed at your DNS host',
} as const;

/** In lines of a zone file, which every DNS host's forms are made of. */
function instructions(change: Change): Instructions {
  const { name, type } = changedKey(change);
  const lines = (ttl: number, rdata: readonly string[]): string[] =>
    rdata.map((each) => `${name} ${ttl} IN ${type} ${each}`);
  if (change.op !== 'put' && change.op !== 'delete') {
    const values = lines(change.ttl, change.values.map(txtText));
    return change.op === 'add' ? { publish: values } : { mayRemove: values };
  }
  const old = change.op === 'delete' ? change.rrset : change.expect;
  const wanted = change.op === 'delete' ? [] : presentation(change.rrset);
  const gone = old === 'absent' ? [] : presentation(old).filter((each) => !wanted.includes(each));
  return {
    publish: lines(change.rrset.ttl, wanted),
    remove: old === 'absent' ? [] : lines(old.ttl, gone),
  };
}
