// Turns of the event loop, with a clock that only the work moves forward. Cited by src/model/turn.ts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextPass } from 'node:timers/promises';
import { nextTurn, noteArrival, turn } from '../../src/model/turn.ts';

/** Replaces the clock by one that stands still. Returns a function that moves this clock forward. */
function stoppedClock(t: TestContext): (milliseconds: number) => void {
  let now = 1_000_000;
  t.mock.method(performance, 'now', () => now);
  return (milliseconds) => {
    now += milliseconds;
  };
}

/** Returns how many of the works are done in each pass of the event loop, until all are done. */
async function donePerPass(works: Promise<unknown>[]): Promise<number[]> {
  let done = 0;
  for (const work of works) void work.then(() => done++);
  const passes: number[] = [];
  for (let before = 0; before < works.length; before = done) {
    await nextPass();
    passes.push(done - before);
  }
  return passes;
}

test('works that wait share a few milliseconds of each pass, in order', async (t) => {
  const spend = stoppedClock(t);
  const order: number[] = [];
  const work = async (index: number) => {
    await nextTurn();
    // Awaiting resolved promises does not end the turn.
    for (let i = 0; i < 10; i += 1) await undefined;
    spend(3);
    order.push(index);
  };
  const passes = await donePerPass([0, 1, 2, 3, 4, 5].map(work));
  assert.deepEqual(
    passes.filter((done) => done > 0),
    [2, 2, 2],
  );
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
});

test('a slice that takes longer than a share is the only one in its pass', async (t) => {
  const spend = stoppedClock(t);
  const work = () => nextTurn().then(() => spend(100));
  const passes = await donePerPass([work(), work(), work()]);
  assert.deepEqual(
    passes.filter((done) => done > 0),
    [1, 1, 1],
  );
});

test('the slices of one work are in different passes', async (t) => {
  stoppedClock(t);
  let slices = 0;
  const work = async () => {
    for (let i = 0; i < 5; i += 1) {
      await nextTurn();
      slices += 1;
    }
  };
  const done = work();
  const perPass: number[] = [];
  for (let before = 0; slices < 5; before = slices) {
    await nextPass();
    perPass.push(slices - before);
  }
  await done;
  assert.ok(Math.max(...perPass) === 1, String(perPass));
});

test('a turn is free while the pass has time and nobody waits', async (t) => {
  const spend = stoppedClock(t);
  await nextPass();
  assert.equal(turn(), undefined);
  spend(4);
  assert.equal(turn(), undefined);
  spend(1);
  const late = turn();
  assert.ok(late instanceof Promise);
  let isDone = false;
  void late.then(() => {
    isDone = true;
  });
  // A later caller does not overtake those that wait.
  const later = turn();
  assert.ok(later instanceof Promise);
  void later.then(() => assert.ok(isDone));
  await later;
  await nextPass();
  await nextPass();
  assert.equal(turn(), undefined);
});

test('while connections arrive, works that wait get a share only every 20 milliseconds', async (t) => {
  const spend = stoppedClock(t);
  let slices = 0;
  const work = async () => {
    for (let i = 0; i < 4; i += 1) {
      await nextTurn();
      slices += 1;
    }
  };
  const done = work();
  const perPass: number[] = [];
  for (let before = 0; slices < 3; before = slices) {
    noteArrival();
    spend(7);
    assert.ok(turn() instanceof Promise, 'a turn is not free while others wait');
    await nextPass();
    perPass.push(slices - before);
  }
  assert.deepEqual(
    perPass.slice(perPass.indexOf(1)).map((count) => count > 0),
    [true, false, false, false, true, false, false, false, true],
  );
  // No connection has arrived since.
  await nextPass();
  assert.equal(slices, 4);
  await done;
});
