import { isWithin, parseDomainName, relativeToRoot } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError, type ErrorCode } from '../../src/errors.ts';
import type { Change, Ctx, DnsProvider, DomainName, Receipt, Zone } from '../../src/provider.ts';
import { type HttpApi, createHttpApi } from '../floor/http-api.ts';
import { createQueue } from '../floor/one-at-a-time.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { type PlannedChange, plannedChanges, touchedKeys } from '../floor/planned-changes.ts';
import { type ApiDomain, domainList, oneDomain } from './answers.ts';
import { CAPABILITIES } from './capabilities.ts';
import { check } from './check.ts';
import { toPart } from './convert.ts';
import { explainFor } from './explain.ts';
import type { DesecOptions } from './options.ts';
import { VENDOR, readRRsets, zonePath } from './read-rrsets.ts';

/** The longest name of a domain, and the longest name whose domain can be asked for (2026-11). */
const LONGEST_DOMAIN = 191;
/** So many RRsets are named in an error. */
const FEW_NAMED = 3;
/** Each costs one of the few writes that a domain has. */
const MOST_TRIES = 2;

/** The API of deSEC, or of another installation of desec-stack. */
export function createDesec(options: DesecOptions, deps: { readonly now: () => Date }): DnsProvider {
  const open = (parts: readonly string[]): HttpApi =>
    createHttpApi({
      vendor: VENDOR,
      baseUrl: options.baseUrl,
      authorize: () => ({ authorization: `Token ${options.token}` }),
      secrets: [options.token],
      explain: explainFor(parts),
      timeoutMs: options.timeout * 1_000,
      now: deps.now,
    });
  const api = open([]);
  const queue = createQueue();
  /** Seconds. */
  const minimums = new Map<DomainName, number>();

  async function minimumTtl(zone: Zone, { signal }: Ctx): Promise<number> {
    const known = minimums.get(zone.name);
    if (known !== undefined) return known;
    const asked = { vendor: VENDOR, to: `show the domain ${relativeToRoot(zone.name)}`, write: false };
    const { json } = await api.send(
      { method: 'GET', path: zonePath(zone), to: asked.to, write: false },
      signal,
    );
    const { minimum_ttl: minimum } = parseAnswer(oneDomain, json, asked);
    minimums.set(zone.name, minimum);
    return minimum;
  }

  /** Nobody minds how long a challenge value may be cached, so a TTL that is too low is no reason to fail. */
  async function raised(zone: Zone, changes: readonly Change[], ctx: Ctx): Promise<readonly Change[]> {
    if (!changes.some(({ op }) => op === 'add')) return changes;
    const minimum = await minimumTtl(zone, ctx);
    return changes.map((change) =>
      change.op === 'add' ? { ...change, ttl: Math.max(change.ttl, minimum) } : change,
    );
  }

  async function apply(zone: Zone, changes: readonly Change[], ctx: Ctx): Promise<Receipt> {
    const keys = touchedKeys(zone, changes);
    for (let tries = 1; ; tries += 1) {
      const current = await readRRsets(api, zone, keys, ctx);
      const planned = plannedChanges(keys, current, await raised(zone, changes, ctx));
      if (planned.length === 0) return { changed: false };
      try {
        await write(zone, planned, ctx);
        return { changed: true };
      } catch (error) {
        // Somebody was faster between our look and our write: what we see now decides.
        if (tries === MOST_TRIES || !failedWith('E_PROVIDER_CONFLICT', error)) throw error;
      }
    }
  }

  async function write(zone: Zone, planned: readonly PlannedChange[], ctx: Ctx): Promise<void> {
    const parts = planned.map(({ key }) => keyText(key));
    try {
      await open(parts).send(
        {
          // The one refuses what exists, the other takes everything.
          method: planned.every(creates) ? 'POST' : 'PATCH',
          path: `${zonePath(zone)}rrsets/`,
          body: planned.map((plan) => toPart(plan, zone)),
          to: `change ${parts.length > FEW_NAMED ? `${parts.length} RRsets of ${relativeToRoot(zone.name)}` : parts.join(', ')}`,
          write: true,
        },
        ctx.signal,
      );
    } catch (error) {
      // The minimum may be another one by now.
      if (failedWith('E_PROVIDER_REJECTED', error)) minimums.delete(zone.name);
      throw error;
    }
  }

  return {
    capabilities: CAPABILITIES,
    check: (ctx) => check(api, ctx),
    async findZone(name, ctx) {
      const domain = await domainOf(api, name, ctx);
      if (domain === null) return null;
      const apex = parseDomainName(domain.name);
      minimums.set(apex, domain.minimum_ttl);
      return isWithin(name, apex) ? { id: apex, name: apex } : null;
    },
    readRRsets: (zone, keys, ctx) => readRRsets(api, zone, keys, ctx),
    apply: (zone, changes, ctx) => queue.run(zone.id, ctx.signal, () => apply(zone, changes, ctx)),
  };
}

/** The API says itself which one is responsible: the deepest of the account. */
async function domainOf(api: HttpApi, name: DomainName, { signal }: Ctx): Promise<ApiDomain | null> {
  const asked = { vendor: VENDOR, to: `find the domain of ${relativeToRoot(name)}`, write: false };
  const query = { owns_qname: shortened(relativeToRoot(name)) };
  const { json } = await api.send(
    { method: 'GET', path: '/domains/', query, to: asked.to, write: false },
    signal,
  );
  return parseAnswer(domainList, json, asked)[0] ?? null;
}

/** Without its first labels where it is longer than any domain can be: they cannot matter, and the API finds nothing. */
function shortened(text: string): string {
  return text.length > LONGEST_DOMAIN ? shortened(text.slice(text.indexOf('.') + 1)) : text;
}

function failedWith(code: ErrorCode, error: unknown): boolean {
  return error instanceof DelegatedError && error.code === code;
}

function creates({ before, after }: PlannedChange): boolean {
  return before === null && after !== null;
}
