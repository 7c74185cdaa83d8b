// Reads everything that a backup has, at one revision of the store: first the zones, then all other keys in their
// order.

import type { Revision } from '../model/revision.ts';
import { nextTurn } from '../model/turn.ts';
import { serialKind } from '../store/kinds/serial.ts';
import type { Entry, Store } from '../store/store.ts';
import type { BackupEntry } from './backup-format.ts';
import { keptEntry, missingSerial, type ZoneFacts, zoneFactsOf, zoneIn, zonesPrefix } from './kept-kinds.ts';

/** The number of keys that are read at once. It is small, because the store's thread has other work. */
const pageSize = 250;

export interface Snapshot {
  revision: Revision;
  /** Yields the entries in parts. Throws Compacted if etcd no longer keeps the revision. */
  entries(): AsyncGenerator<BackupEntry[]>;
  /** Lets the store compact the revision. */
  close(): void;
}

/** Opens a snapshot of the store as it is now. The embedded store keeps the revision until the snapshot is closed. */
export async function openSnapshot(store: Store): Promise<Snapshot> {
  const close = store.keepHistory();
  try {
    const { revision } = await store.list(zonesPrefix, { limit: 1 });
    return { revision, entries: () => entriesAt(store, revision), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function* entriesAt(store: Store, at: Revision): AsyncGenerator<BackupEntry[]> {
  const zones = new Map<string, ZoneFacts>();
  const keep = (entries: readonly Entry[]) => entries.flatMap((entry) => oneOrNone(keptEntry(entry, zones)));
  for await (const entries of pagesAt(store, zonesPrefix, at)) {
    for (const entry of entries) zones.set(zoneIn(entry.key), zoneFactsOf(entry));
    yield keep(entries);
  }
  const withoutSerial = new Set(zones.keys());
  for await (const entries of pagesAt(store, '', at)) {
    for (const { key } of entries) if (key.startsWith(serialKind.prefix)) withoutSerial.delete(zoneIn(key));
    yield keep(entries.filter(({ key }) => !key.startsWith(zonesPrefix)));
  }
  yield [...withoutSerial].map((zone) => missingSerial(zone, zones.get(zone)!));
}

/** Returns a list, because `flatMap` would spread the entry itself. */
function oneOrNone(entry: BackupEntry | undefined): BackupEntry[] {
  return entry === undefined ? [] : [entry];
}

async function* pagesAt(store: Store, prefix: string, at: Revision): AsyncGenerator<Entry[]> {
  let from: string | undefined;
  do {
    const page = await store.list(prefix, { at, limit: pageSize, ...(from !== undefined && { from }) });
    yield page.entries;
    from = page.next;
    await nextTurn();
  } while (from !== undefined);
}
