// A fair line: only so much work runs at once, and keys get their turns. Cited by src/model/fair-line.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextPass } from 'node:timers/promises';
import { FairLine } from '../../src/model/fair-line.ts';

/** Returns functions that add work to the line and end it, and the names of the work that has begun. */
function workIn(line: FairLine) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (whose: string, name: string, isWanted?: () => boolean) =>
    line.run(
      whose,
      () => {
        begun.push(name);
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
      },
      isWanted,
    );
  const end = async (name: string) => {
    ends.get(name)?.();
    await nextPass();
  };
  return { begun, add, end };
}

test('at most `atOnce` works run at once, and when one ends, the next begins', async () => {
  const { begun, add, end } = workIn(new FairLine(2));
  const all = ['1', '2', '3', '4'].map((name) => add('a', name));
  await nextPass();
  assert.deepEqual(begun, ['1', '2']);
  await end('2');
  assert.deepEqual(begun, ['1', '2', '3']);
  await end('1');
  await end('3');
  await end('4');
  assert.deepEqual(await Promise.all(all), ['1', '2', '3', '4']);
  void add('a', '5');
  void add('a', '6');
  void add('a', '7');
  await nextPass();
  assert.deepEqual(begun, ['1', '2', '3', '4', '5', '6']);
});

test('a key with much work does not keep the work of other keys waiting', async () => {
  const { begun, add, end } = workIn(new FairLine(1));
  for (const name of ['a1', 'a2', 'a3', 'a4']) void add('a', name);
  for (const name of ['b1', 'b2']) void add('b', name);
  void add('c', 'c1');
  await nextPass();
  for (const name of ['a1', 'a2', 'b1', 'c1', 'a3', 'b2']) await end(name);
  assert.deepEqual(begun, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
});

test('work that is no longer wanted when its turn comes is not begun', async () => {
  const { begun, add, end } = workIn(new FairLine(1));
  let isWanted = true;
  void add('a', '1');
  for (const name of ['2', '3']) void add('a', name, () => isWanted);
  void add('a', '4');
  await nextPass();
  isWanted = false;
  await end('1');
  assert.deepEqual(begun, ['1', '4']);
  await end('4');
  void add('a', '5');
  await nextPass();
  assert.deepEqual(begun, ['1', '4', '5']);
});

test('when work fails, the next begins', async () => {
  const line = new FairLine(1);
  const failing = line.run('a', () => Promise.reject(new Error('no')));
  const next = line.run('a', async () => 'done');
  await assert.rejects(failing, { message: 'no' });
  assert.equal(await next, 'done');
});

test('if a place is left twice, only one work begins', async () => {
  const line = new FairLine(1);
  const leave = await line.enter('a');
  const begun: string[] = [];
  for (const name of ['1', '2']) void line.enter('a').then(() => begun.push(name));
  leave();
  leave();
  await nextPass();
  assert.deepEqual(begun, ['1']);
});
