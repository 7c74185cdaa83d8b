// Our builder of JSON schemas must give the same JSON as typebox, whose types it borrows.
// typebox marks its schemas with properties whose names begin with `~` and that are not enumerable. The test compares
// the text of JSON.stringify, which omits these properties and shows the order of the members.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type as TypeBox } from 'typebox';
import { Type } from '../../src/model/json-schema.ts';

type Builder = typeof Type;

/** A function of the builder → calls of it, with and without options, and nested. */
const samples: Record<keyof Builder, ((type: Builder) => unknown)[]> = {
  Array: [
    (type) => type.Array(type.String()),
    (type) => type.Array(type.Array(type.Integer()), { minItems: 1, maxItems: 3, description: 'rows' }),
    (type) => type.Array(type.Object({ name: type.Optional(type.String()) }, { additionalProperties: false })),
  ],
  Boolean: [(type) => type.Boolean(), (type) => type.Boolean({ default: false, description: 'on' })],
  Enum: [(type) => type.Enum(['a', 'b']), (type) => type.Enum(['a', 'b'], { default: 'a', description: 'kind' })],
  Number: [(type) => type.Number(), (type) => type.Number({ description: 'share' })],
  Integer: [(type) => type.Integer(), (type) => type.Integer({ minimum: 0, maximum: 65535 })],
  Literal: [
    (type) => type.Literal('a'),
    (type) => type.Literal(1),
    (type) => type.Literal(true),
    (type) => type.Literal('a', { description: 'only this' }),
  ],
  Null: [(type) => type.Null(), (type) => type.Null({ description: 'none' })],
  Object: [
    (type) => type.Object({}),
    (type) => type.Object({ a: type.String() }),
    (type) => type.Object({ a: type.String() }, { additionalProperties: false, description: 'one' }),
    (type) => type.Object({ a: type.Optional(type.String()) }),
    (type) => type.Object({ a: type.Optional(type.String()), b: type.Integer(), c: type.Null() }, { title: 't' }),
    (type) => type.Object({ a: type.Object({ b: type.Optional(type.Object({ c: type.Boolean() })) }) }),
  ],
  Optional: [
    (type) => type.Optional(type.String({ minLength: 1 })),
    (type) => type.Object({ a: type.Optional(type.Optional(type.String())) }),
    (type) => {
      // Optional must not change the schema that it gets.
      const name = type.String();
      return type.Object({ a: type.Optional(name), b: name });
    },
  ],
  Partial: [
    (type) => type.Partial(type.Object({ a: type.String(), b: type.Optional(type.Integer()) })),
    (type) => type.Partial(type.Object({ a: type.String() }, { additionalProperties: false, minProperties: 1 })),
    (type) => type.Partial(type.Object({ a: type.String() }), { additionalProperties: false }),
    (type) => type.Partial(type.Object({ a: type.Object({ b: type.String() }) })),
    (type) => type.Object({ a: type.Partial(type.Object({ b: type.String() })) }),
  ],
  String: [(type) => type.String(), (type) => type.String({ minLength: 1, maxLength: 9, pattern: '^a' })],
  Union: [
    (type) => type.Union([type.String(), type.Null()]),
    (type) => type.Union([type.Literal('a'), type.Object({ b: type.Optional(type.Null()) })], { description: 'x' }),
  ],
  Unknown: [(type) => type.Unknown(), (type) => type.Unknown({ description: 'anything' })],
  Unsafe: [
    (type) => type.Unsafe<string>({ type: 'string', format: 'date-time' }),
    (type) => type.Object({ a: type.Unsafe<string>({ $ref: 'name' }) }),
    (type) => type.Optional(type.Unsafe<string>(type.String({ minLength: 2 }))),
  ],
};

test('each function of the builder has samples', () => {
  assert.deepEqual(Object.keys(samples).sort(), Object.keys(Type).sort());
});

for (const [name, builds] of Object.entries(samples)) {
  test(`${name} gives the same JSON as typebox`, () => {
    for (const build of builds) {
      assert.equal(JSON.stringify(build(Type)), JSON.stringify(build(TypeBox)), String(build));
    }
  });
}
