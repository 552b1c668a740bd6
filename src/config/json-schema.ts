import * as z from 'zod';
import { configSchema } from './schema.ts';
import type { ProviderSettings } from './option-problems.ts';
import { SECRET_FORMS } from './secrets.ts';

type Node = z.core.JSONSchema.JSONSchema;
type Branch = Node | boolean;

/**
 * JSON Schema (draft 2020-12) of the config file, with the settings of each provider type. Unlike the schemas that it
 * is made of it describes the file as it is written, secrets not resolved.
 */
export function jsonSchema(options: ReadonlyMap<string, ProviderSettings>): unknown {
  const base = toNode(configSchema);
  const properties = { ...base.properties };
  const { acme, providers } = properties;
  if (isNode(acme)) properties['acme'] = withSecretForms(acme, (key) => key === 'hmacKey');
  if (isNode(providers) && isNode(providers.additionalProperties))
    properties['providers'] = {
      ...providers,
      additionalProperties: provider(providers.additionalProperties, options),
    };
  return { ...base, title: 'delegated', description: 'The config file of delegated.', properties, $defs };
}

const $defs: Record<string, Node> = {
  secret: {
    description: `A secret: ${SECRET_FORMS}.`,
    anyOf: [
      { type: 'string', minLength: 1 },
      source('file', 'A file that only its owner can read. A relative path starts at the config.'),
      source('env', 'An environment variable. It is inherited by every child: prefer the others.'),
      source('credential', "A file in systemd's $CREDENTIALS_DIRECTORY (LoadCredential=)."),
    ],
  },
};

function source(key: string, description: string): Node {
  return {
    type: 'object',
    properties: { [key]: { type: 'string', minLength: 1, description } },
    required: [key],
    additionalProperties: false,
  };
}

function provider(common: Node, options: ReadonlyMap<string, ProviderSettings>): Node {
  const named = Object.fromEntries(Object.keys(common.properties ?? {}).map((key) => [key, true]));
  const ours = [...options].map(([type, { options: schema, environment }]): Node => {
    const {
      properties,
      required = [],
      additionalProperties = true,
    } = withoutRequired(
      withSecretForms(toNode(schema), () => true),
      Object.keys(environment),
    );
    return {
      if: { properties: { type: { const: type } }, required: ['type'] },
      // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema
      then: { properties: { ...named, ...properties }, required, additionalProperties },
    };
  });
  const type: Node = {
    ...(isNode(common.properties?.['type']) ? common.properties['type'] : {}),
    anyOf: [{ enum: [...options.keys()] }, { pattern: '^(pkg:|\\.{0,2}/)' }],
  };
  return { ...common, properties: { ...common.properties, type }, allOf: ours };
}

/** The environment may have them, so the file need not. */
function withoutRequired(node: Node, keys: readonly string[], prefix = ''): Node {
  const { required, properties } = node;
  return {
    ...node,
    ...(required === undefined
      ? {}
      : {
          required: required.filter(
            (key) => !keys.some((each) => each === prefix + key || each.startsWith(`${prefix}${key}.`)),
          ),
        }),
    ...(properties === undefined
      ? {}
      : {
          properties: mapValues(properties, (branch, key) =>
            isNode(branch) ? withoutRequired(branch, keys, `${prefix}${key}.`) : branch,
          ),
        }),
  };
}

/** Lets each text that is not one of a few words be a secret as well, where its key may have one. */
function withSecretForms(node: Node, maySecret: (key: string) => boolean, key = ''): Node {
  if (node.type === 'string' && node.enum === undefined && node.const === undefined && maySecret(key)) {
    const { description, default: fallback } = node;
    return {
      $ref: '#/$defs/secret',
      ...(description === undefined ? {} : { description }),
      ...(fallback === undefined ? {} : { default: fallback }),
    };
  }
  const inner = (branch: Branch, name = key): Branch =>
    isNode(branch) ? withSecretForms(branch, maySecret, name) : branch;
  return {
    ...node,
    ...(node.properties === undefined
      ? {}
      : { properties: mapValues(node.properties, (branch, name) => inner(branch, name)) }),
    ...(isNode(node.items) ? { items: inner(node.items) } : {}),
    ...(node.anyOf === undefined
      ? {}
      : { anyOf: node.anyOf.map((each) => withSecretForms(each, maySecret, key)) }),
  };
}

function mapValues(of: Readonly<Record<string, Branch>>, change: (branch: Branch, key: string) => Branch) {
  return Object.fromEntries(Object.entries(of).map(([key, branch]) => [key, change(branch, key)]));
}

function toNode(schema: z.ZodType): Node {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' });
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
