// The lengths of texts that schemas allow. They are counted in characters, as JSON Schema says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newValidatorCompiler } from '../../src/http/lazy-compilers.ts';

const compile = newValidatorCompiler();

/** Checks the field `text` of a body against the limits. Returns the messages of its faults. */
function faultsOf(limits: { minLength?: number; maxLength?: number }, text: string): (string | undefined)[] {
  const schema = { type: 'object', properties: { text: { type: 'string', ...limits } } };
  const checked = compile({ schema, method: 'POST', url: '/', httpPart: 'body' })({ text }) as
    | true
    | { error: { message?: string }[] };
  return checked === true ? [] : checked.error.map(({ message }) => message);
}

for (const [character, what] of [
  ['a', 'a letter'],
  ['ä', 'two octets'],
  ['😀', 'two UTF-16 units'],
] as const) {
  test(`${what} is one character`, () => {
    assert.deepEqual(faultsOf({ minLength: 3, maxLength: 4 }, character.repeat(2)), [
      'must NOT have fewer than 3 characters',
    ]);
    for (const count of [3, 4]) assert.deepEqual(faultsOf({ minLength: 3, maxLength: 4 }, character.repeat(count)), []);
    for (const count of [5, 9, 100]) {
      assert.deepEqual(faultsOf({ minLength: 3, maxLength: 4 }, character.repeat(count)), [
        'must NOT have more than 4 characters',
      ]);
    }
  });
}

test('an empty text has no characters', () => {
  assert.deepEqual(faultsOf({ minLength: 1 }, ''), ['must NOT have fewer than 1 characters']);
  assert.deepEqual(faultsOf({ minLength: 0, maxLength: 0 }, ''), []);
  assert.deepEqual(faultsOf({ maxLength: 0 }, 'a'), ['must NOT have more than 0 characters']);
});
