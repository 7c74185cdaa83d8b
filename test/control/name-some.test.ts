// A long list in a refusal.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greatestNamed, nameSome } from '../../src/control/transaction/name-some.ts';

test('a refusal names the first of a list, and says how many more there are', () => {
  const names = Array.from({ length: greatestNamed + 2 }, (_, index) => `n${index}`);
  assert.equal(nameSome(['a', 'b']), 'a, b');
  assert.equal(nameSome(names.slice(0, greatestNamed)), names.slice(0, greatestNamed).join(', '));
  assert.equal(nameSome(names), `${names.slice(0, greatestNamed).join(', ')} and 2 more`);
});
