// A log with a limited number of warnings in a minute. Cited by src/model/limited-log.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LimitedLog } from '../../src/model/limited-log.ts';

test('only a limited number of warnings in a minute is logged, and one line counts the others', () => {
  const lines: unknown[] = [];
  const logger = {
    debug: () => {},
    info: () => {},
    warn: (fields: unknown) => void lines.push(fields),
    error: () => {},
  };
  let now = 0;
  const log = new LimitedLog(logger, 3, () => now);
  const warn = (from: number, to: number) => {
    for (let key = from; key <= to; key += 1) log.warn({ key }, 'bad');
    return lines.splice(0);
  };
  assert.deepEqual(warn(1, 10), [{ key: 1 }, { key: 2 }, { key: 3 }]);
  now = 59_000;
  log.summarize();
  assert.deepEqual(warn(11, 11), []);
  now = 60_000;
  log.summarize();
  assert.deepEqual(lines.splice(0), [{ omitted: 8 }]);
  assert.deepEqual(warn(12, 15), [{ key: 12 }, { key: 13 }, { key: 14 }]);
  now = 200_000;
  assert.deepEqual(warn(16, 16), [{ omitted: 1 }, { key: 16 }]);
  now = 300_000;
  log.summarize();
  assert.deepEqual(lines, []);
});
