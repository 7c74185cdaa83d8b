// A store is backed up while clients write, and restored into etcd: everything is as it was at the revision of the
// backup. bench/backup.ts does the same with a million names.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backUpUnderWrites } from '../support/backup-under-writes.ts';
import { skipWithoutEtcd } from '../support/etcd.ts';

test('a backup under writes has everything up to its revision, and nothing after it', {
  skip: skipWithoutEtcd(),
}, async (t) => {
  const scale = { names: 5000, hosts: 500, writesPerSecond: 200, seconds: 1 };
  const { before, after } = await backUpUnderWrites(t, scale);
  assert.ok(before > 20 && after > 20, `${before} writes before, ${after} after`);
});
