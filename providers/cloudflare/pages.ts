import type * as z from 'zod';
import { BACKOFF, DelegatedError } from '../../src/errors.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { pageInfo } from './answers.ts';
import type { CloudflareApi, SendOptions, Sent } from './api.ts';
import { type Caller, asked } from './call.ts';

export interface PagedRequest<T> {
  readonly to: string;
  readonly schema: z.ZodType<readonly T[]>;
  readonly send: (api: CloudflareApi, page: number, options: SendOptions) => Sent;
}

/**
 * All pages, by their number: the SDK's own paging asks for one more than there are.
 * @throws DelegatedError E_PROVIDER_UNAVAILABLE, besides what a call throws, when the list changed meanwhile: then one
 * of its entries may have slipped from one page to another behind our back
 */
export async function allPages<T>(
  caller: Caller,
  { to, schema, send }: PagedRequest<T>,
  signal: AbortSignal,
): Promise<T[]> {
  const found: T[] = [];
  const totals = new Set<number>();
  for (let page = 1; ; page += 1) {
    const answer = await caller.call({ to, send: (api, options) => send(api, page, options) }, signal);
    const info = parseAnswer(pageInfo, answer.result_info, asked({ to }));
    const entries = parseAnswer(schema, answer.result, asked({ to }));
    found.push(...entries);
    totals.add(info.total_count);
    if (page < info.total_pages && entries.length > 0) continue;
    // One total for all pages: what goes from a page that is read already moves all behind it up.
    if (totals.size === 1 && totals.has(found.length)) return found;
    throw new DelegatedError(
      'E_PROVIDER_UNAVAILABLE',
      `Cloudflare, asked to ${to}, names ${[...totals].join(', then ')} and sends ${found.length}`,
      { hint: 'somebody changes them at this moment; they are read again', retry: BACKOFF },
    );
  }
}
