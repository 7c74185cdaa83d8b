// within(): promises that resolve in time, resolve late or reject. Its timer does not keep the process alive.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../../src/model/within.ts';

const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
const never = new Promise<void>(() => {});

test('within() reports whether a promise resolved in time', async () => {
  assert.equal(await within(never, 5), false);
  const before = timers();
  assert.equal(await within(Promise.resolve(), 600_000), true);
  assert.equal(timers(), before);
});

test('within() rejects like the promise, and ignores the rejection of a late promise', async () => {
  const before = timers();
  await assert.rejects(within(Promise.reject(new Error('away')), 600_000), /away/);
  assert.equal(timers(), before);
  const late = Promise.withResolvers<void>();
  assert.equal(await within(late.promise, 5), false);
  // If nobody handled this rejection, the test would fail.
  late.reject(new Error('too late'));
  await new Promise(setImmediate);
});
