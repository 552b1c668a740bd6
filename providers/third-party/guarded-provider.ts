import * as z from 'zod';
import { BACKOFF, DelegatedError } from '../../src/errors.ts';
import type { Ctx, DnsProvider } from '../../src/provider.ts';
import { type ForeignCall, fromForeign } from './foreign-error.ts';
import { checkItems, foundZone, receipt, rrsetsFor } from './shapes.ts';

/**
 * A third party's provider with its answers looked at and its failures translated: what it forgot to answer is never
 * taken for "nothing there".
 * @param place whose it is, for errors
 */
export function guardedProvider(place: string, provider: DnsProvider): DnsProvider {
  const call = async <T>(
    method: string,
    ctx: Ctx | null,
    shape: z.ZodType<T>,
    work: () => unknown,
  ): Promise<T> => {
    const asked: ForeignCall = {
      place,
      method,
      write: method === 'apply',
      ...(ctx === null ? {} : { signal: ctx.signal }),
    };
    let answer: unknown;
    try {
      answer = await work();
    } catch (thrown) {
      throw fromForeign(thrown, asked);
    }
    const parsed = shape.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw brokenContract(asked, parsed.error);
  };

  return {
    capabilities: provider.capabilities,
    check: (ctx) => call('check', ctx, checkItems, () => provider.check(ctx)),
    findZone: (name, ctx) => call('findZone', ctx, foundZone, () => provider.findZone(name, ctx)),
    readRRsets: (zone, keys, ctx) =>
      call('readRRsets', ctx, rrsetsFor(keys), () => provider.readRRsets(zone, keys, ctx)),
    apply: (zone, changes, ctx) => call('apply', ctx, receipt, () => provider.apply(zone, changes, ctx)),
    async settle(zone, made, ctx) {
      await call('settle', ctx, z.unknown(), () => provider.settle?.(zone, made, ctx));
    },
    async listen(ctx) {
      await call('listen', ctx, z.unknown(), () => provider.listen?.(ctx));
    },
    async close() {
      await call('close', null, z.unknown(), () => provider.close?.());
    },
    // Whether it is there says whether zones have ids.
    ...(provider.zoneById === undefined
      ? {}
      : {
          zoneById: (id: string, ctx: Ctx) =>
            call('zoneById', ctx, foundZone, () => provider.zoneById?.(id, ctx)),
        }),
  };
}

/** Where and what was expected; never what stood there. */
function brokenContract({ place, method, write }: ForeignCall, { issues }: z.ZodError): DelegatedError {
  const [issue] = issues;
  const where =
    issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.map(String).join('.')}`;
  return new DelegatedError(
    'E_PROVIDER_UNAVAILABLE',
    `${place} answers ${method} with what the contract does not know${where}: ${issue?.message ?? 'unexpected'}`,
    {
      hint: 'this is a mistake of the provider: report it to those who made it',
      retry: BACKOFF,
      outcome: write ? 'unknown' : 'not-applied',
    },
  );
}
