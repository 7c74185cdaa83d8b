// Adds the offset of a restored store to its revisions. A store into which a backup was restored counts its revisions
// from the beginning again. Users must not see that: serials, entity tags, ids of events and everything else that is
// made from revisions would go back. So this file is between the store and its users: they see `revision + offset`, and
// the revisions that they pass are translated back. The offset is stored (kinds/offset.ts); without one, nothing is
// added.

import { setTimeout as delay } from 'node:timers/promises';
import { InvalidValue } from '../model/invalid-value.ts';
import { noRevision, type Revision } from '../model/revision.ts';
import { offsetKey, offsetValue } from './kinds/offset.ts';
import {
  type Change,
  type CommitResult,
  Compacted,
  type Compare,
  type Entry,
  HistoryLost,
  type LeaseId,
  type ListOptions,
  type Page,
  RestoreUnfinished,
  type Store,
  type StoreEvent,
  StoreUnavailable,
  type Transaction,
  type WatchOptions,
} from './store.ts';

const retryMilliseconds = 200;
/** A revision that no store has, so that no compare with it holds. */
const never = -1 as Revision;

/**
 * Returns the store with shown revisions (test/store/shown-revisions.test.ts runs the store's contract on it). While a
 * backup is being restored into the store, reads, commits and watches throw {@link RestoreUnfinished}. `key` is the key
 * of the offset; only tests set it.
 */
export function showRevisions(store: Store, { key = offsetKey }: { key?: string } = {}): Store {
  return new ShownRevisions(store, key);
}

class ShownRevisions implements Store {
  readonly #store: Store;
  readonly #key: string;
  #offset: number | undefined;
  #closed = false;

  constructor(store: Store, key: string) {
    this.#store = store;
    this.#key = key;
  }

  async get(key: string): Promise<Entry | undefined> {
    const offset = this.#offset ?? (await this.#readOffset());
    const entry = await this.#noting(this.#store.get(key));
    return entry && shownEntry(entry, offset);
  }

  async list(prefix: string, { at, writtenAfter, ...options }: ListOptions = {}): Promise<Page> {
    const offset = this.#offset ?? (await this.#readOffset());
    const own = {
      ...(at !== undefined && { at: ownRevision(at, offset) }),
      ...(writtenAfter !== undefined && { writtenAfter: Math.max(0, writtenAfter - offset) as Revision }),
    };
    const { entries, revision, next } = await this.#noting(this.#store.list(prefix, { ...options, ...own }));
    return {
      entries: offset === 0 ? entries : entries.map((entry) => shownEntry(entry, offset)),
      revision: shown(revision, offset),
      next,
    };
  }

  async count(prefix: string): Promise<number> {
    if (this.#offset === undefined) await this.#readOffset();
    return this.#noting(this.#store.count(prefix));
  }

  async commit({ compares, operations }: Transaction): Promise<CommitResult> {
    const offset = this.#offset ?? (await this.#readOffset());
    const own = offset === 0 ? compares : compares.map((compare) => ownCompare(compare, offset));
    const { committed, revision } = await this.#noting(this.#store.commit({ compares: own, operations }));
    return { committed, revision: shown(revision, offset) };
  }

  async *watch(
    prefix: string,
    from: Revision,
    signal: AbortSignal,
    options?: WatchOptions,
  ): AsyncGenerator<Change, void, undefined> {
    const offset = this.#offset ?? (await this.#waitForOffset(signal));
    if (offset === undefined) return;
    try {
      for await (const { revision, events } of this.#store.watch(prefix, ownRevision(from, offset), signal, options)) {
        if (events.some((event) => (event.kind === 'put' ? event.entry.key : event.key) === this.#key))
          throw new HistoryLost('a backup was restored into the store');
        yield {
          revision: shown(revision, offset),
          events: offset === 0 ? events : events.map((event) => shownEvent(event, offset)),
        };
      }
    } catch (error) {
      throw this.#noted(error);
    }
  }

  grantLease(seconds: number): Promise<LeaseId> {
    return this.#store.grantLease(seconds);
  }

  keepLease(lease: LeaseId): Promise<boolean> {
    return this.#store.keepLease(lease);
  }

  guardLease(lease: LeaseId): () => void {
    return this.#store.guardLease(lease);
  }

  revokeLease(lease: LeaseId): Promise<void> {
    return this.#store.revokeLease(lease);
  }

  keepHistory(): () => void {
    return this.#store.keepHistory();
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#store.close();
  }

  async #readOffset(): Promise<number> {
    const entry = await this.#noting(this.#store.get(this.#key));
    const { offset, restoring } = entry === undefined ? { offset: 0 } : offsetIn(entry);
    if (restoring !== undefined) throw new RestoreUnfinished();
    this.#offset = offset;
    return offset;
  }

  /**
   * Waits until the offset can be read. Returns undefined if the signal aborts, or the store is closed, before that.
   */
  async #waitForOffset(signal: AbortSignal): Promise<number | undefined> {
    while (!signal.aborted && !this.#closed) {
      try {
        return await this.#readOffset();
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || error instanceof HistoryLost || error instanceof RestoreUnfinished)
          throw error;
        await delay(retryMilliseconds, undefined, { signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  /** Returns the result of the call. Its error goes through {@link #noted}. */
  async #noting<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      throw this.#noted(error);
    }
  }

  /** Returns the error. If the store was replaced, forgets the offset: the new store may have another one. */
  #noted(error: unknown): unknown {
    if (error instanceof HistoryLost) this.#offset = undefined;
    return error;
  }
}

function offsetIn({ key, value }: Entry): ReturnType<typeof offsetValue.decode> {
  try {
    return offsetValue.decode(value);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    throw new StoreUnavailable(`the key ${key} cannot be read: ${error.message}: restore a backup into an empty store`);
  }
}

function shown(revision: Revision, offset: number): Revision {
  return (revision + offset) as Revision;
}

function shownEntry({ key, value, created, modified }: Entry, offset: number): Entry {
  return { key, value, created: shown(created, offset), modified: shown(modified, offset) };
}

function shownEvent(event: StoreEvent, offset: number): StoreEvent {
  const { previous } = event;
  return {
    ...event,
    ...(event.kind === 'put' && { entry: shownEntry(event.entry, offset) }),
    ...(previous !== undefined && { previous: shownEntry(previous, offset) }),
  };
}

/**
 * Returns the revision as the store itself counts it. Throws Compacted for a revision of the store that was backed up.
 */
function ownRevision(revision: Revision, offset: number): Revision {
  if (offset > 0 && revision <= offset) throw new Compacted();
  return (revision - offset) as Revision;
}

/** Returns the compare with the store's own revisions that holds exactly if `compare`, with shown revisions, holds. */
function ownCompare(compare: Compare, offset: number): Compare {
  switch (compare.kind) {
    case 'absent':
    case 'value':
      return compare;
    case 'quiet':
      return { ...compare, since: Math.max(noRevision, compare.since - offset) as Revision };
    default: {
      const { revision } = compare;
      if (revision === noRevision) return compare;
      return { ...compare, revision: revision > offset ? ((revision - offset) as Revision) : never };
    }
  }
}
