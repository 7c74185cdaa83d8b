// Rules for the records of one RRset together.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { parseRecordType as type } from '../../src/model/rdata/record-types.ts';
import { parseRecords } from '../../src/model/rrset.ts';

test('records of an RRset are sorted, each once; two CNAMEs, and records too large for a message, are refused', () => {
  assert.deepEqual(parseRecords(type('MX'), ['20 B.', '10 a.', '10 A.', '\\# 5 000a 016100']), ['10 a.', '20 b.']);
  assert.throws(() => parseRecords(type('CNAME'), ['a.', 'b.']), InvalidValue);
  assert.deepEqual(parseRecords(type('CNAME'), ['a.', 'A.']), ['a.']);
  const many = (count: number) => [...Array(count).keys()].map((one) => `10.0.${one >> 8}.${one & 255}`);
  assert.equal(parseRecords(type('A'), many(4000)).length, 4000);
  assert.throws(() => parseRecords(type('A'), many(4100)), InvalidValue);
});
