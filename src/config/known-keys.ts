import * as z from 'zod';
import { configSchema } from './schema.ts';
import type { KeyPath } from './problem.ts';

type Node = z.core.JSONSchema.JSONSchema;

/** The keys that a mapping at this path may have; made from the schema, and only when there is something to say. */
export function knownKeys(path: KeyPath): readonly string[] {
  return keysIn(configSchema, path);
}

/** The same for the options of one provider type. */
export function keysIn(schema: z.ZodType, path: KeyPath): readonly string[] {
  const root: Node = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const nodes = path.reduce<readonly Node[]>(
    (at, segment) => at.flatMap((node) => into(node, segment)),
    [root],
  );
  return [...new Set(nodes.flatMap(alternatives).flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

function into(node: Node, segment: string | number): readonly Node[] {
  return alternatives(node).flatMap(({ properties, additionalProperties, items }) => {
    const next = typeof segment === 'number' ? items : (properties?.[segment] ?? additionalProperties);
    return typeof next === 'object' && !Array.isArray(next) ? [next] : [];
  });
}

function alternatives(node: Node): readonly Node[] {
  return [node, ...(node.anyOf ?? []).flatMap((each) => (typeof each === 'object' ? [each] : []))];
}
