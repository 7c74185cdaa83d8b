// The home of a store's history: the one ledger that has it. The store's key `ledger/home` has the identity of that
// ledger. So a replica never writes into the ledger of another store, in which the same event ids mean other events. A
// ledger in a file stays with the replica that has the file.

import type { Revision } from '../model/revision.ts';
import { type LedgerHome, ledgerHomeKey, ledgerHomeValue } from '../store/kinds/ledger.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { LedgerIdentity } from './ledger.ts';

/** The home as it is stored. */
export interface StoredHome {
  home: LedgerHome;
  modified: Revision;
}

/** Where a replica looks for the ledger, by its settings. */
export interface Place {
  kind: 'sqlite' | 'postgresql';
  replica: string;
}

/**
 * Says whether a replica may use its own ledger. If it may not, says which replica has the right one, or why its own is
 * wrong.
 */
export type Standing =
  | { at: 'here'; isNew: boolean }
  | { at: 'elsewhere'; replica: string }
  | { at: 'wrong'; reason: string };

export async function readHome(store: Store): Promise<StoredHome | undefined> {
  const entry = await store.get(ledgerHomeKey);
  return entry && { home: ledgerHomeValue.decode(entry.value), modified: entry.modified };
}

/**
 * Returns what has the ledger instead of this replica: another replica, or `PostgreSQL`. Returns undefined if this
 * replica may have the ledger.
 */
export function otherHome(home: LedgerHome | undefined, { kind, replica }: Place): string | undefined {
  if (home === undefined || kind === 'postgresql') return undefined;
  if (home.kind === 'postgresql') return 'PostgreSQL';
  return home.replica === replica || home.replica === undefined ? undefined : home.replica;
}

/**
 * Makes the opened ledger the home of the store's history, if this ledger is the known home, or is empty. Decides again
 * if another replica was first.
 */
export async function claimHome(store: Store, place: Place, identity: LedgerIdentity): Promise<Standing> {
  for (;;) {
    const stored = await readHome(store);
    const other = otherHome(stored?.home, place);
    if (other !== undefined) return { at: 'elsewhere', replica: other };
    const isKnown = stored?.home.ledger === identity.id;
    if (!isKnown && !identity.isEmpty) {
      return {
        at: 'wrong',
        reason: 'it has the history of another store: give --ledger another file or database, or move this one away',
      };
    }
    const { kind, replica } = place;
    const wanted: LedgerHome = { kind, ledger: identity.id, ...(kind === 'sqlite' && { replica }) };
    const isAsWanted = isKnown && stored.home.kind === kind && stored.home.replica === wanted.replica;
    if (isAsWanted || (await writeHome(store, wanted, stored))) return { at: 'here', isNew: !isKnown };
  }
}

/** Writes the home, with the loss that is known so far. Returns false if another replica was first. */
export async function writeHome(store: Store, home: LedgerHome, before: StoredHome | undefined): Promise<boolean> {
  return (await store.commit(homeTransaction(home, before))).committed;
}

/**
 * Returns the transaction that writes the home, with the loss that is known so far. The transaction fails if another
 * writer has changed the home since `before`.
 */
export function homeTransaction(home: LedgerHome, before: StoredHome | undefined): Transaction {
  const lost = home.lost ?? before?.home.lost;
  const value = ledgerHomeValue.encode({ ...home, ...(lost !== undefined && { lost }) });
  const compare =
    before === undefined
      ? ({ kind: 'absent', key: ledgerHomeKey } as const)
      : ({ kind: 'modified', key: ledgerHomeKey, revision: before.modified } as const);
  return { compares: [compare], operations: [{ kind: 'put', key: ledgerHomeKey, value }] };
}
