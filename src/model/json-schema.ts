// Builds JSON schemas with their TypeScript types, as typebox does (test/model/json-schema.test.ts). Only the types of
// typebox are used, not its code: its 700 modules took 20 MB of memory and a tenth of a second of each start
// (bench/weight.ts), and only the few functions below are needed.

import type { Type as TypeBox } from 'typebox';

type Schema = Record<string, unknown>;
type Builder = Pick<
  typeof TypeBox,
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Partial'
  | 'String'
  | 'Union'
  | 'Unknown'
  | 'Unsafe'
>;

/**
 * The schemas of properties that may be missing. They look like any other schema: in JSON Schema, the schema of the
 * object lists which properties are required.
 */
const optional = new WeakSet<Schema>();

function asOptional(schema: Schema): Schema {
  const copy = { ...schema };
  optional.add(copy);
  return copy;
}

function object(properties: Record<string, Schema>, options?: Schema): Schema {
  const required = Object.entries(properties).flatMap(([name, schema]) => (optional.has(schema) ? [] : [name]));
  return { type: 'object', ...(required.length > 0 && { required }), properties, ...options };
}

const schemas = {
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Schema) => ({ type: 'boolean', ...options }),
  Enum: (values: readonly unknown[], options?: Schema) => ({ enum: values, ...options }),
  Integer: (options?: Schema) => ({ type: 'integer', ...options }),
  Literal: (value: unknown, options?: Schema) => ({ type: typeof value, const: value, ...options }),
  Null: (options?: Schema) => ({ type: 'null', ...options }),
  Number: (options?: Schema) => ({ type: 'number', ...options }),
  Object: object,
  Optional: asOptional,
  /** Drops the options of the original object, as typebox does. */
  Partial: ({ properties }: { properties: Record<string, Schema> }, options?: Schema) =>
    object(Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, asOptional(one)])), options),
  String: (options?: Schema) => ({ type: 'string', ...options }),
  Union: (variants: readonly Schema[], options?: Schema) => ({ anyOf: variants, ...options }),
  Unknown: (options?: Schema) => ({ ...options }),
  Unsafe: (schema: Schema) => schema,
};

export const Type = schemas as unknown as Builder;
