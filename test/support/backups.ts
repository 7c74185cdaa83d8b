// Backups in memory, for tests.

import { checkBackup, readBackup } from '../../src/backup/read-backup.ts';
import { type OnProgress, restoreBackup } from '../../src/backup/restore-backup.ts';
import { writeBackup } from '../../src/backup/write-backup.ts';
import type { Store } from '../../src/store/store.ts';

export const wayOut = 'choose an empty store';

/** Returns a backup of a store. Takes the store's revisions as those that users see. */
export async function backupOf(store: Store): Promise<Buffer> {
  const parts: Buffer[] = [];
  await writeBackup(
    store,
    { version: '0.0.0-test', store: 'embedded', ledger: 'off' },
    async (text) => void parts.push(text),
  );
  return Buffer.concat(parts);
}

/** Yields the backup in chunks of this many octets. */
export async function* chunksOf(backup: Buffer, size = 1000): AsyncGenerator<Buffer> {
  for (let start = 0; start < backup.length; start += size) yield backup.subarray(start, start + size);
}

/**
 * Restores a backup into a store, as the command does. Returns the offset between the revisions of this store and those
 * that users see.
 */
export async function restoreInto(store: Store, backup: Buffer, onProgress?: OnProgress): Promise<number> {
  const summary = await checkBackup(chunksOf(backup));
  return restoreBackup(store, summary, chunksOf(backup), { wayOut, ...(onProgress && { onProgress }) });
}

/** Returns the keys and values in a backup. */
export async function entriesIn(backup: Buffer): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  for await (const part of readBackup(chunksOf(backup))) {
    if ('entries' in part) for (const [key, value] of part.entries) entries.set(key, value);
  }
  return entries;
}
