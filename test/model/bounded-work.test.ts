// Many tasks run, and never more at a time than the limit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextPass } from 'node:timers/promises';
import { BoundedWork } from '../../src/model/bounded-work.ts';

test('as many tasks run at a time as the limit says, and all of them end', async () => {
  const work = new BoundedWork(3);
  let [running, most, ended] = [0, 0, 0];
  for (let index = 0; index < 20; index += 1) {
    await work.begin(async () => {
      running += 1;
      most = Math.max(most, running);
      for (let pass = 0; pass <= index % 4; pass += 1) await nextPass();
      running -= 1;
      ended += 1;
    });
    assert.ok(running < 3, 'the next task may begin only when there is room');
  }
  await work.finish();
  assert.deepEqual([most, ended], [3, 20]);
});

test('the first failure is told at the end, after all running tasks have ended', async () => {
  const work = new BoundedWork(2);
  let ended = false;
  await work.begin(async () => {
    for (let pass = 0; pass < 5; pass += 1) await nextPass();
    ended = true;
  });
  await work.begin(() => Promise.reject(new Error('first')));
  assert.equal(work.hasFailed, true);
  await work.begin(() => Promise.reject(new Error('second')));
  await assert.rejects(work.finish(), /first/);
  assert.equal(ended, true);
});
