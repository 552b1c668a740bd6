/** Settings that somebody else's schema checks, as one of ours: https://standardschema.dev, version 1 (2026-11). */
import * as z from 'zod';

/** Any schema of zod, valibot, arktype, … */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  };
}

export type StandardResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A text that is shorter gives nothing away, and is a word of many sentences. */
const SHORTEST_HIDDEN = 4;

/** To be parsed asynchronously: the other side may be. */
export function asZod(schema: StandardSchema): z.ZodType {
  return z.unknown().transform(async (settings, ctx) => {
    const result = await validated(schema, settings);
    if (result.issues === undefined) return result.value;
    for (const { message, path = [] } of result.issues)
      ctx.addIssue({
        code: 'custom',
        message: withoutValues(message, settings),
        path: path.map((segment) => plainKey(typeof segment === 'object' ? segment.key : segment)),
      });
    return z.NEVER;
  });
}

async function validated(schema: StandardSchema, settings: unknown): Promise<StandardResult<unknown>> {
  try {
    return await schema['~standard'].validate(settings);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it threw no error';
    return { issues: [{ message: `the schema of the provider itself fails: ${reason}` }] };
  }
}

function plainKey(key: PropertyKey): string | number {
  return typeof key === 'symbol' ? String(key) : key;
}

/** Other libraries like to quote what they do not like, and it may be a secret. */
function withoutValues(message: string, settings: unknown): string {
  return textsIn(settings)
    .filter((text) => text.length >= SHORTEST_HIDDEN)
    .sort((a, b) => b.length - a.length)
    .reduce((shown, text) => shown.replaceAll(text, '…'), message);
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
