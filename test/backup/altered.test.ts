// A backup that was cut short or altered at any place is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BackupFault } from '../../src/backup/backup-format.ts';
import { checkBackup } from '../../src/backup/read-backup.ts';
import { beginning } from '../control/commands.ts';
import { put, write } from '../store/contract.ts';
import { backupOf, chunksOf } from '../support/backups.ts';
import { embeddedStore, openReplica } from '../support/control-plane.ts';

async function someBackup(t: Parameters<typeof embeddedStore>[0]): Promise<Buffer> {
  const store = await embeddedStore(t);
  const replica = await openReplica(t, store);
  for (const decide of beginning) await replica.commit(decide);
  await write(store, put('unknown/kind', 'ü\n"\\'));
  return backupOf(store);
}

const isRefused = (backup: Buffer, size: number) => assert.rejects(checkBackup(chunksOf(backup, size)), BackupFault);

test('a backup is read in chunks of any size', async (t) => {
  const backup = await someBackup(t);
  const whole = await checkBackup(chunksOf(backup, backup.length));
  assert.ok(whole.entries > 3);
  for (const size of [1, 2, 7, 100]) assert.deepEqual(await checkBackup(chunksOf(backup, size)), whole);
});

test('a backup that was cut short anywhere is refused', async (t) => {
  const backup = await someBackup(t);
  for (let length = 0; length < backup.length; length++) await isRefused(backup.subarray(0, length), 4096);
});

test('a backup with another value in any octet is refused', async (t) => {
  const backup = await someBackup(t);
  const places = fc.record({
    place: fc.nat(backup.length - 1),
    change: fc.integer({ min: 1, max: 255 }),
    size: fc.integer({ min: 1, max: 5000 }),
  });
  const property = fc.asyncProperty(places, async ({ place, change, size }) => {
    const altered = Buffer.from(backup);
    altered[place] = (altered[place] ?? 0) ^ change;
    await isRefused(altered, size);
  });
  await fc.assert(property, { numRuns: 2000 });
});

test('a backup from which a part was removed, or into which one was inserted, is refused', async (t) => {
  const backup = await someBackup(t);
  const lines = backup.toString().split(/(?<=\n)/);
  const range = fc.record({
    from: fc.nat(backup.length - 1),
    length: fc.integer({ min: 1, max: 300 }),
    to: fc.nat(backup.length),
  });
  const octets = fc.asyncProperty(range, async ({ from, length, to }) => {
    const part = backup.subarray(from, from + length);
    await isRefused(Buffer.concat([backup.subarray(0, from), backup.subarray(from + length)]), 4096);
    await isRefused(Buffer.concat([backup.subarray(0, to), part, backup.subarray(to)]), 4096);
  });
  await fc.assert(octets, { numRuns: 500 });
  for (const index of lines.keys()) {
    await isRefused(Buffer.from(lines.toSpliced(index, 1).join('')), 4096);
    await isRefused(Buffer.from(lines.toSpliced(index, 0, lines[index] ?? '').join('')), 4096);
    if (index > 0)
      await isRefused(Buffer.from(lines.toSpliced(index - 1, 2, lines[index]!, lines[index - 1]!).join('')), 4096);
  }
});

test('a file that is no backup, or a backup of a later format, is refused with a message that says so', async (t) => {
  const backup = (await someBackup(t)).toString();
  const cases: [text: string, message: RegExp][] = [
    ['', /no backup of Zonewright/],
    ['{}\n', /no backup of Zonewright/],
    ['SQLite format 3\0\n', /no backup of Zonewright/],
    [backup.replace('"format":1', '"format":2'), /format 2, and this version reads 1: use the version 0\.0\.0-test/],
    [backup.replace(/"revision":\d+/, '"revision":-1'), /no revision/],
    [backup.replace(/\n\["/, '\n["members/a","x"]\n["'), /line 2 has the key members\/a, which no backup has/],
    [backup.replace(/\n\["/, '\n["/elsewhere","x"]\n["'), /line 2 has the key \/elsewhere, which no backup has/],
    [backup.replace(/\n\["/, '\n["a"]\n["'), /line 2 is not as it was written/],
    [backup.slice(0, -1), /cut short/],
    [backup.replace(/"sha256":"./, (text) => text.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))), /altered/],
    [`${backup}\n`, /goes on after its end/],
  ];
  for (const [text, message] of cases) {
    await assert.rejects(checkBackup(chunksOf(Buffer.from(text))), { name: 'BackupFault', message });
  }
});
