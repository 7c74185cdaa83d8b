// The parsers of times (src/model/timestamp.ts).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestTimestamp, parseAnyTime, parseTimestamp } from '../../src/model/timestamp.ts';

test('a time of RFC 3339 is read in milliseconds, whatever its offset', () => {
  for (const [text, same] of [
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['2026-03-03T12:00:00+02:00', '2026-03-03T10:00:00.000Z'],
    ['2024-02-29t23:59:59.5z', '2024-02-29T23:59:59.500Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ] as const)
    assert.equal(new Date(parseTimestamp(text)).toISOString(), same);
});

test('text that is no time, a day that does not exist, and a time before 1970 or after 9999 in UTC are refused', () => {
  for (const text of [
    '',
    'yesterday',
    '2026-03-03',
    '2026-03-03T12:00:00',
    '2026-03-03T12:00:00 02:00',
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T25:00:00Z',
    '0000-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '9999-12-31T23:59:59-01:00',
  ])
    assert.throws(() => parseTimestamp(text), { name: 'InvalidValue' }, text);
});

test('a time of any year is read, and brought between 1970 and 9999', () => {
  for (const [text, any, nearest] of [
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z'],
    ['1970-01-01T00:00:00+01:00', '1969-12-31T23:00:00.000Z', '1970-01-01T00:00:00.000Z'],
    ['2026-03-03T12:00:00Z', '2026-03-03T12:00:00.000Z', '2026-03-03T12:00:00.000Z'],
    ['9999-12-31T23:59:59-01:00', '+010000-01-01T00:59:59.000Z', '9999-12-31T23:59:59.999Z'],
  ] as const) {
    assert.equal(new Date(parseAnyTime(text)).toISOString(), any);
    assert.equal(new Date(nearestTimestamp(parseAnyTime(text))).toISOString(), nearest);
  }
});
