// The messages between the main thread and the ledger's thread. All can be sent between threads (structured clone).

import type { Ledger } from './ledger.ts';

/** The input of the thread: the place of its ledger. */
export type LedgerTask = { kind: 'sqlite'; file: string } | { kind: 'postgresql'; url: string };

export type LedgerMethod = keyof Ledger;

/** A call of a method of the ledger. */
export interface LedgerCall {
  id: number;
  method: LedgerMethod;
  parameters: unknown[];
}

/** The result or the failure of a call. */
export type LedgerReply = { id: number; result: unknown } | { id: number; failure: string };
