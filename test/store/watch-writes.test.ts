// A store that takes no writes logs one error, and one line when it takes writes again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseGone, type LeaseId, OutcomeUnknown, StoreUnavailable } from '../../src/store/store.ts';
import { watchWrites } from '../../src/store/watch-writes.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { put } from './contract.ts';

test('the error comes with the first write that fails, and the line with the next transaction that writes', async (t) => {
  const embedded = await embeddedStore(t);
  let fault: Error | undefined;
  const broken = changedStore(embedded, {
    commit: (transaction) => (fault ? Promise.reject(fault) : embedded.commit(transaction)),
    grantLease: (seconds) => (fault ? Promise.reject(fault) : embedded.grantLease(seconds)),
  });
  const lines: string[] = [];
  const note = (fields: unknown, message?: string) =>
    lines.push(`${message}: ${(fields as { reason?: string }).reason ?? ''}`);
  const watched = watchWrites(broken, { debug: note, info: note, warn: note, error: note });
  const { store } = watched;
  const write = () => store.commit({ compares: [], operations: [put('a')] });

  await write();
  fault = new LeaseGone();
  await assert.rejects(write(), LeaseGone);
  assert.deepEqual([watched.takesWrites(), lines], [true, []]);

  fault = new StoreUnavailable('no space');
  await assert.rejects(store.grantLease(10), StoreUnavailable);
  assert.deepEqual(lines, ['the store takes no writes: names are answered, changes are refused: no space']);
  fault = new OutcomeUnknown('no answer');
  await assert.rejects(write(), OutcomeUnknown);
  assert.deepEqual([watched.takesWrites(), lines.length], [false, 1]);

  // None of the following successes proves that there is room again.
  fault = undefined;
  const lease = await store.grantLease(10);
  assert.equal(await store.keepLease(lease), true);
  assert.equal(await store.keepLease('1' as LeaseId), false);
  await store.commit({ compares: [{ kind: 'absent', key: 'a' }], operations: [put('a')] });
  await store.commit({ compares: [], operations: [] });
  assert.deepEqual([watched.takesWrites(), lines.length], [false, 1]);

  await write();
  assert.deepEqual([watched.takesWrites(), lines.slice(1)], [true, ['the store takes writes again: ']]);
  await store.close();
  await assert.rejects(store.grantLease(10), StoreUnavailable);
  assert.equal(lines.length, 2, 'a write after the store was closed is logged');
});
