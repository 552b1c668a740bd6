import * as z from 'zod';
import type { KeyPath } from './problem.ts';

type Node = z.core.JSONSchema.JSONSchema;

/**
 * The keys that a mapping at this path may have, in any of its alternatives. Made by way of JSON Schema, which is the
 * one view of a schema that is the same for every kind of it; loaded only when there is something to say.
 */
export function keysIn(schema: z.ZodType, path: KeyPath): readonly string[] {
  const root: Node = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' });
  const nodes = path.reduce<readonly Node[]>(
    (at, segment) => at.flatMap((node) => into(node, segment)),
    [root],
  );
  return [...new Set(nodes.flatMap(alternatives).flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

function into(node: Node, segment: string | number): readonly Node[] {
  return alternatives(node).flatMap(({ properties, additionalProperties, items }) => {
    const next =
      typeof segment === 'number'
        ? items
        : properties !== undefined && Object.hasOwn(properties, segment)
          ? properties[segment]
          : additionalProperties;
    return typeof next === 'object' && !Array.isArray(next) ? [next] : [];
  });
}

function alternatives(node: Node): readonly Node[] {
  const others = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  return [node, ...others.flatMap((each) => (typeof each === 'object' ? alternatives(each) : []))];
}
