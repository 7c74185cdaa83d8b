// The refusal of a request that needs a value of the store that cannot be served.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultRefusal } from '../../src/control/reading/fault-refusal.ts';

test('a value without room in the table is refused with table_full, an unreadable value with value_unreadable', () => {
  const full = faultRefusal({ key: 'zones/a', fault: { code: 'table_full', message: 'no room' } });
  assert.equal(full.code, 'table_full');
  assert.match(full.message, /'zones\/a' cannot be served by this replica \(no room\): delete records/);
  const broken = faultRefusal({ key: 'zones/a', fault: { code: 'value_unreadable', message: 'not JSON' } });
  assert.equal(broken.code, 'value_unreadable');
  assert.match(broken.message, /'zones\/a' cannot be read \(not JSON\): repair or delete it in the store/);
});
