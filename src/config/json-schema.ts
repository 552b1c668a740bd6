import * as z from 'zod';
import { configSchema } from './schema.ts';

/** JSON Schema (draft 2020-12) of the config file, with the settings of each provider type. */
export function jsonSchema(options: ReadonlyMap<string, z.ZodType>): unknown {
  const base = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  const types = [...options].map(([type, schema]) => ({
    if: { properties: { type: { const: type } }, required: ['type'] },
    // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema
    then: { properties: z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).properties ?? {} },
  }));
  const properties = { ...base.properties };
  const { providers } = properties;
  if (typeof providers === 'object' && typeof providers.additionalProperties === 'object')
    properties['providers'] = {
      ...providers,
      additionalProperties: { ...providers.additionalProperties, allOf: types },
    };
  return { ...base, title: 'delegated', properties };
}
