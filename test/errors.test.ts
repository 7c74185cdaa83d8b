// A refusal names only the first items of a long list.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinFirst, maxNamed } from '../src/errors.ts';

test('a refusal names the first items of a list, and the number of the others', () => {
  const names = Array.from({ length: maxNamed + 2 }, (_, index) => `n${index}`);
  assert.equal(joinFirst(['a', 'b']), 'a, b');
  assert.equal(joinFirst(names.slice(0, maxNamed)), names.slice(0, maxNamed).join(', '));
  assert.equal(joinFirst(names), `${names.slice(0, maxNamed).join(', ')} and 2 more`);
});
