// The state of a zone lists only some of its faults: the first ones in the order of `what`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FirstFaults, maxNamedFaults } from '../../../src/model/skydns/state.ts';

test('the first faults by key are kept, and all are counted', () => {
  const keys = fc.uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 100 });
  const property = fc.property(keys, (all) => {
    const first = new FirstFaults();
    for (const what of all) first.add({ what, reason: 'r' });
    const named = all.sort((a, b) => (a < b ? -1 : 1)).slice(0, maxNamedFaults);
    assert.deepEqual(first.faults(), { count: all.length, first: named.map((what) => ({ what, reason: 'r' })) });
  });
  fc.assert(property);
});
