// The interface through which backups read the ledger. `LedgerService.openCopy` (ledger/ledger-service.ts) opens a
// copy: a `SqliteCopy` of the ledger's file.

import type { LedgerInBackup } from './backup-format.ts';

/** The contents of the ledger's file at one moment. The caller must close it. */
export interface LedgerCopy {
  /** The size of the file. */
  readonly octets: number;
  /**
   * Lets the ledger take events from the store again. Call it only after you have opened the snapshot of the store.
   * Then the snapshot has exactly the events that this copy lacks.
   */
  release(): void;
  /** Yields the file in pieces of `size` octets. The last piece may be shorter. */
  pieces(size: number): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Opens a copy of the ledger, or says why backups do not have the ledger. */
export type LedgerSource = Exclude<LedgerInBackup, 'included'> | { openCopy(): Promise<LedgerCopy> };
