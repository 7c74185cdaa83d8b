// The order of work on the objects of a cluster, and its repetition.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { WorkLine } from '../../../src/interop/kubernetes/work-line.ts';
import { until } from '../../support/until.ts';

/** Returns a line whose work ends when the test says so. */
function startLine(atOnce: number) {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const failures: number[] = [];
  const line = new WorkLine({
    atOnce,
    work: (key) => {
      begun.push(key);
      const end = Promise.withResolvers<void>();
      ends.set(key, end);
      return end.promise;
    },
    failed: (_key, _error, count) => failures.push(count),
    times: { firstMilliseconds: 1, maxMilliseconds: 4 },
  });
  const turns = async () => {
    for (let count = 0; count < 4; count += 1) await turn();
  };
  return {
    line,
    begun,
    failures,
    turns,
    end: async (key: string, error?: Error) => {
      if (error === undefined) ends.get(key)?.resolve();
      else ends.get(key)?.reject(error);
      await turns();
    },
  };
}

test('only so many objects are worked on at once, in the order in which they were added', async () => {
  const { line, begun, turns, end } = startLine(2);
  for (const key of ['a', 'b', 'c', 'd']) line.add(key);
  await turns();
  assert.deepEqual(begun, ['a', 'b']);
  await end('b');
  assert.deepEqual(begun, ['a', 'b', 'c']);
});

test('an object that is added while it is worked on is worked on once more', async () => {
  const { line, begun, turns, end } = startLine(2);
  line.add('a');
  await turns();
  line.add('a');
  line.add('a');
  line.add('b');
  await turns();
  assert.deepEqual(begun, ['a', 'b']);
  await end('a');
  assert.deepEqual(begun, ['a', 'b', 'a']);
  await end('a');
  await end('b');
  assert.equal(line.size, 0);
});

test('later work begins after all first work has ended', async () => {
  const { line, begun, turns, end } = startLine(3);
  line.add('late');
  line.add('x');
  line.add('a', 'first');
  line.add('x', 'first');
  await turns();
  assert.deepEqual(begun, ['a', 'x']);
  await end('a');
  assert.deepEqual(begun, ['a', 'x']);
  await end('x');
  assert.deepEqual(begun, ['a', 'x', 'late']);
});

test('failed work is tried again until it succeeds', async () => {
  const { line, begun, failures, turns, end } = startLine(1);
  line.add('a');
  await turns();
  for (const count of [1, 2, 3]) {
    await end('a', new Error('away'));
    await until(() => begun.length === count + 1, 'it is not tried again');
  }
  await end('a');
  assert.deepEqual(failures, [1, 2, 3]);
  assert.equal(line.size, 0);
});

test('after close, nothing begins, and close waits for the work that runs', async () => {
  const { line, begun, turns, end } = startLine(1);
  line.add('a');
  line.add('b');
  await turns();
  let isClosed = false;
  const closing = line.close().then(() => {
    isClosed = true;
  });
  await turns();
  assert.equal(isClosed, false);
  await end('a');
  await closing;
  line.add('c');
  await turns();
  assert.deepEqual(begun, ['a']);
});
