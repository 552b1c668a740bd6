type Schema = Readonly<Record<string, unknown>>;

/** As much of JSON Schema (draft 2020-12) as our own schema uses. Throws for a keyword that it does not know. */
export function complaints(value: unknown, schema: unknown, root: Schema, at = '$'): string[] {
  if (schema === true) return [];
  if (schema === false) return [`${at}: not allowed`];
  if (!isMapping(schema)) throw new Error(`no schema at ${at}`);
  return Object.entries(schema).flatMap(([keyword, argument]) => {
    const rule = RULES[keyword];
    if (rule === undefined) throw new Error(`unknown keyword ${keyword} at ${at}`);
    return rule({ value, argument, schema, root, at });
  });
}

interface Question {
  readonly value: unknown;
  readonly argument: unknown;
  readonly schema: Schema;
  readonly root: Schema;
  readonly at: string;
}

type Rule = (question: Question) => string[];

const nothing: Rule = () => [];
const said = (holds: boolean, at: string, what: string): string[] => (holds ? [] : [`${at}: ${what}`]);
const bound =
  (
    what: string,
    measure: (value: unknown) => number | null,
    holds: (a: number, b: number) => boolean,
  ): Rule =>
  ({ value, argument, at }) => {
    const size = measure(value);
    return said(size === null || holds(size, Number(argument)), at, `${what} ${String(argument)}`);
  };
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const length = (value: unknown): number | null => (typeof value === 'string' ? value.length : null);
const items = (value: unknown): number | null => (Array.isArray(value) ? value.length : null);

const RULES: Readonly<Record<string, Rule>> = {
  $schema: nothing,
  $defs: nothing,
  title: nothing,
  description: nothing,
  default: nothing,
  // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema, which `if` looks after
  // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema
  then: nothing,
  format: nothing,
  propertyNames: nothing,
  type: ({ value, argument, at }) =>
    said(typesOf(value).includes(String(argument)), at, `no ${String(argument)}`),
  const: ({ value, argument, at }) => said(value === argument, at, `not ${String(argument)}`),
  enum: ({ value, argument, at }) => said(listOf(argument).includes(value), at, 'none of the words'),
  pattern: ({ value, argument, at }) =>
    said(
      typeof value !== 'string' || new RegExp(String(argument)).test(value),
      at,
      `not like ${String(argument)}`,
    ),
  minimum: bound('below', number, (a, b) => a >= b),
  maximum: bound('above', number, (a, b) => a <= b),
  exclusiveMinimum: bound('not above', number, (a, b) => a > b),
  minLength: bound('shorter than', length, (a, b) => a >= b),
  minItems: bound('fewer than', items, (a, b) => a >= b),
  items: ({ value, argument, root, at }) =>
    listOf(value).flatMap((item, index) => complaints(item, argument, root, `${at}[${index}]`)),
  required: ({ value, argument, at }) =>
    isMapping(value)
      ? listOf(argument).flatMap((key) =>
          said(Object.hasOwn(value, String(key)), at, `misses ${String(key)}`),
        )
      : [],
  properties: ({ value, argument, root, at }) =>
    isMapping(value) && isMapping(argument)
      ? Object.entries(argument).flatMap(([key, inner]) =>
          Object.hasOwn(value, key) ? complaints(value[key], inner, root, `${at}.${key}`) : [],
        )
      : [],
  additionalProperties: ({ value, argument, schema, root, at }) => {
    if (!isMapping(value)) return [];
    const known = isMapping(schema['properties']) ? schema['properties'] : {};
    return Object.entries(value).flatMap(([key, inner]) =>
      Object.hasOwn(known, key) ? [] : complaints(inner, argument, root, `${at}.${key}`),
    );
  },
  $ref: ({ value, argument, root, at }) => {
    const name = String(argument).replace('#/$defs/', '');
    const defs = root['$defs'];
    return complaints(value, isMapping(defs) ? defs[name] : undefined, root, at);
  },
  allOf: ({ value, argument, root, at }) =>
    listOf(argument).flatMap((each) => complaints(value, each, root, at)),
  anyOf: ({ value, argument, root, at }) =>
    said(
      listOf(argument).some((each) => complaints(value, each, root, at).length === 0),
      at,
      'none of the alternatives',
    ),
  if: ({ value, argument, schema, root, at }) =>
    complaints(value, argument, root, at).length === 0 ? complaints(value, schema['then'], root, at) : [],
};

function typesOf(value: unknown): string[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  return Number.isInteger(value) ? ['number', 'integer'] : [typeof value];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
