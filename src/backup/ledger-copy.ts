// The ledger, as backups take it. The ledger itself is in another room (ledger/sqlite-copy.ts).

import type { LedgerInBackup } from './backup-format.ts';

/** The contents of the ledger's file at one moment. It must be closed. */
export interface LedgerCopy {
  /** The size of the file. */
  readonly octets: number;
  /**
   * Lets events go from the store into the ledger again. So a snapshot of the store that is opened before has exactly
   * the events that the copy lacks.
   */
  release(): void;
  /** Yields the file in pieces of `size` octets, and of fewer at its end. */
  pieces(size: number): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Where the ledger is: here, so that a copy can be opened, or why backups do not have it. */
export type LedgerSource = Exclude<LedgerInBackup, 'included'> | { openCopy(): Promise<LedgerCopy> };
