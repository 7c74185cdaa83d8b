// Writes a backup of a store: header, entries, the ledger, and trailer.

import type { Store } from '../store/store.ts';
import {
  BackupDigest,
  type BackupHeader,
  entryLine,
  formatVersion,
  headerLine,
  type KeyCounts,
  maxPiece,
  pieceLine,
} from './backup-format.ts';
import type { LedgerCopy, LedgerSource } from './ledger-copy.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';

export interface WrittenBackup {
  header: BackupHeader;
  counts: KeyCounts;
  sha256: string;
}

/** The origin of a backup: the replica's version, the kind of its store, and its ledger. */
export interface BackupOrigin {
  version: string;
  store: BackupHeader['store'];
  ledger: LedgerSource;
}

/** Writes the whole store at one revision. `write` gets the text in parts. Rejects if the signal aborts. */
export async function writeBackup(
  store: Store,
  { ledger, ...made }: BackupOrigin,
  write: (text: Buffer) => Promise<void>,
  signal?: AbortSignal,
): Promise<WrittenBackup> {
  const copy = typeof ledger === 'string' ? undefined : await ledger.openCopy();
  let snapshot: Snapshot | undefined;
  try {
    snapshot = await openSnapshot(store);
    copy?.release();
    const { revision } = snapshot;
    const at = new Date().toISOString();
    const header: BackupHeader = {
      zonewright: 'backup',
      format: formatVersion,
      ...made,
      revision,
      at,
      ledger: typeof ledger === 'string' ? ledger : 'included',
    };
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
    snapshot.close();
    if (copy !== undefined) await writeLedger(copy, digest, writeLines, signal);
    const { counts } = digest;
    const { trailer, sha256 } = digest.end();
    await write(Buffer.from(trailer));
    return { header, counts, sha256 };
  } finally {
    snapshot?.close();
    await copy?.close();
  }
}

async function writeLedger(
  copy: LedgerCopy,
  digest: BackupDigest,
  writeLines: (lines: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  for await (const piece of copy.pieces(maxPiece)) {
    signal?.throwIfAborted();
    digest.ledgerOctets += piece.length;
    await writeLines(await pieceLine(piece));
  }
}
