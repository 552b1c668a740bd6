import type * as z from 'zod';
import { type Asked, brokenAnswer } from './http-trouble.ts';

/**
 * What a vendor sent, as what its documentation says it sends.
 * @throws DelegatedError E_PROVIDER_UNAVAILABLE naming the place, never the value
 */
export function parseAnswer<T>(schema: z.ZodType<T>, json: unknown, asked: Asked): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place =
    issue === undefined || issue.path.length === 0 ? 'the whole' : issue.path.map(String).join('.');
  throw brokenAnswer(asked, `${place}: ${issue?.message ?? 'unexpected'}`);
}
