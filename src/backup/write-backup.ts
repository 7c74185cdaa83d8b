// Writes a backup of a store: header, entries and trailer.

import type { Store } from '../store/store.ts';
import {
  BackupDigest,
  type BackupHeader,
  entryLine,
  formatVersion,
  headerLine,
  type KeyCounts,
} from './backup-format.ts';
import { openSnapshot } from './snapshot.ts';

export interface WrittenBackup {
  header: BackupHeader;
  counts: KeyCounts;
  sha256: string;
}

/** Writes all of the store at one revision. `write` gets the text in parts. Rejects if the signal aborts. */
export async function writeBackup(
  store: Store,
  made: Pick<BackupHeader, 'version' | 'store'>,
  write: (text: Buffer) => Promise<void>,
  signal?: AbortSignal,
): Promise<WrittenBackup> {
  const snapshot = await openSnapshot(store);
  try {
    const { revision } = snapshot;
    const at = new Date().toISOString();
    const header: BackupHeader = { zonewright: 'backup', format: formatVersion, ...made, revision, at };
    const digest = new BackupDigest();
    const writeLines = async (lines: string) => {
      const text = Buffer.from(lines);
      digest.add(text);
      await write(text);
    };
    await writeLines(headerLine(header));
    for await (const entries of snapshot.entries()) {
      signal?.throwIfAborted();
      if (entries.length === 0) continue;
      for (const [key] of entries) digest.count(key);
      await writeLines(entries.map(entryLine).join(''));
    }
    const { counts } = digest;
    const { trailer, sha256 } = digest.end();
    await write(Buffer.from(trailer));
    return { header, counts, sha256 };
  } finally {
    snapshot.close();
  }
}
