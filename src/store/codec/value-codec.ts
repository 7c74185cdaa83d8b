// Writes and reads stored values: JSON with a version, checked against a schema when it is read.
// Values outlive the version that wrote them, so a new field is Type.Optional, and its reader fills in the default. A
// new required field would make all stored values unreadable (test/store/values.test.ts).

import { Ajv, type ValidateFunction } from 'ajv';
import type { Static, TObject, TProperties, TSchema } from 'typebox';
import { InvalidValue } from '../../model/invalid-value.ts';
import { Type } from '../../model/json-schema.ts';

/**
 * Encodes and decodes one kind of value. Its members are properties, since only then tsc compares T with the schema in
 * both directions.
 */
export interface ValueCodec<T> {
  encode: (value: T) => string;
  /** Throws InvalidValue. */
  decode: (text: string) => T;
}

/** A schema for every field of T, including the optional ones. */
export type FieldsOf<T> = { [Field in keyof Required<T>]: TSchema };

const ajv = new Ajv({ strict: true });

/** Returns the codec of objects with these fields. */
export function valueCodec<Fields extends TProperties>(fields: Fields): ValueCodec<Static<TObject<Fields>>> {
  const schema = Type.Object({ v: Type.Literal(1), ...(fields as TProperties) });
  // Compiled when the first value is read.
  let isValid: ValidateFunction<{ v: 1 }> | undefined;
  return {
    encode: (value) => JSON.stringify({ v: 1, ...(value as object) }),
    decode: (text) => {
      const value = parseJson(text);
      isValid ??= ajv.compile<{ v: 1 }>(schema);
      if (!isValid(value)) {
        const [fault] = isValid.errors ?? [];
        throw new InvalidValue(`the stored value does not fit: ${fault?.instancePath ?? ''} ${fault?.message ?? ''}`);
      }
      // Code that copies the fields by assignment would make this field the prototype of its copy.
      if (Object.hasOwn(value, '__proto__'))
        throw new InvalidValue('the stored value does not fit: it has a field __proto__');
      const { v: _, ...rest } = value;
      return rest as unknown as Static<TObject<Fields>>;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidValue('the stored value is not JSON');
  }
}
