// Whether etcd still tells the history that was read from it. It does not when it was restored from a backup, wiped, or replaced: revisions
// then begin again at an earlier one, and the same revision may come to mean something else. Who asks, and when: etcd.ts.

import type { Revision } from '../model/revision.ts';
import { type EtcdKeyValue, entryOf } from './change-collector.ts';
import { Compacted, type Entry, HistoryLost } from './store.ts';

/** What of etcd's response header matters here. */
export interface EtcdHeader {
  cluster_id: string;
  revision: string;
}

/** Reads one key, by its name in etcd, as of a revision; 0 for the newest. Rejects with Compacted. */
export type ReadKey = (key: string, revision: number) => Promise<{ header: EtcdHeader; kvs: EtcdKeyValue[] }>;

export class EtcdHistory {
  readonly #root: string;
  #cluster: string | undefined;
  #revision = 0 as Revision;
  /** The newest put that was read: another history has something else at its revision. */
  #landmark: Entry | undefined;

  /** `root` is where the store's keys begin: to ask for another, it may have no right. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Remembers what etcd said. */
  note({ cluster_id, revision }: EtcdHeader, entries: Iterable<Entry> = []): void {
    this.#cluster ??= cluster_id;
    this.#revision = Math.max(this.#revision, Number(revision)) as Revision;
    for (const entry of entries) if (tellsMore(entry, this.#landmark)) this.#landmark = entry;
  }

  /**
   * Why this is another history, or undefined when it is the same. Neither the cluster's id (it is made of the members' names and addresses)
   * nor the revision (others may have written since) can say the latter: what stands at the landmark's revision can. What goes unnoticed: a
   * history that has the very same value at the very same revision there, and differs before it.
   */
  async loss(read: ReadKey): Promise<HistoryLost | undefined> {
    const [cluster, revision, landmark] = [this.#cluster, this.#revision, this.#landmark];
    if (cluster === undefined) return undefined;
    const { header, kvs } = await read(landmark?.key ?? this.#root, 0);
    if (header.cluster_id !== cluster)
      return new HistoryLost(`etcd is another cluster (${header.cluster_id}, it was ${cluster})`);
    if (Number(header.revision) < revision)
      return new HistoryLost(`etcd's revision went back from ${revision} to ${header.revision}`);
    if (landmark === undefined || isSame(kvs[0], landmark)) return undefined;
    try {
      const before = await read(landmark.key, landmark.modified);
      if (isSame(before.kvs[0], landmark)) return undefined;
      return new HistoryLost(`etcd does not have at revision ${landmark.modified} what was read from it`);
    } catch (error) {
      if (!(error instanceof Compacted)) throw error;
      const reason = `etcd has forgotten revision ${landmark.modified}, which would show that it is still the same`;
      return new HistoryLost(reason, 'unproven');
    }
  }
}

/** Of one revision's puts the longest value: a zone's serial, which has none, looks the same in any history. */
function tellsMore(entry: Entry, than: Entry | undefined): boolean {
  if (than === undefined || entry.modified > than.modified) return true;
  return entry.modified === than.modified && entry.value.length > than.value.length;
}

function isSame(kv: EtcdKeyValue | undefined, { created, modified, value }: Entry): boolean {
  if (kv === undefined) return false;
  const now = entryOf(kv, (full) => full);
  return now.created === created && now.modified === modified && now.value === value;
}
