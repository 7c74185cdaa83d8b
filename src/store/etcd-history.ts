// Detects that etcd lost the history that was read from it: it was restored from a backup, wiped, or replaced.
// Revisions then continue from an earlier one, and the same revision may have other contents. Called by etcd.ts.

import type { Revision } from '../model/revision.ts';
import { type EtcdKeyValue, entryOf } from './change-collector.ts';
import { Compacted, type Entry, HistoryLost } from './store.ts';

/** The fields of etcd's response header that are read here. */
interface EtcdHeader {
  cluster_id: string;
  revision: string;
}

/** Reads one full key as of a revision; 0 means the newest. Rejects with Compacted. */
type ReadKey = (key: string, revision: number) => Promise<{ header: EtcdHeader; kvs: EtcdKeyValue[] }>;

export class EtcdHistory {
  readonly #root: string;
  #cluster: string | undefined;
  #revision = 0 as Revision;
  /** The newest put that was read. In another history, its revision almost certainly wrote something else. */
  #landmark: Entry | undefined;

  /** `root`: the prefix of the store's keys. etcd may not permit reading other keys. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Remembers the header and the entries of a response. */
  note({ cluster_id, revision }: EtcdHeader, entries: Iterable<Entry> = []): void {
    this.#cluster ??= cluster_id;
    this.#revision = Math.max(this.#revision, Number(revision)) as Revision;
    for (const entry of entries) if (isBetterLandmark(entry, this.#landmark)) this.#landmark = entry;
  }

  /**
   * Returns the error if etcd has another history; undefined if it has the same history. The cluster's id cannot prove
   * that the history is the same: it is derived from the members' names and addresses. The revision cannot either:
   * others may have written since. What the landmark's key held at the landmark's revision proves it, with one
   * exception: a history that has the same value at that revision, and differs before it, is not detected.
   */
  async findLoss(read: ReadKey): Promise<HistoryLost | undefined> {
    const [cluster, revision, landmark] = [this.#cluster, this.#revision, this.#landmark];
    if (cluster === undefined) return undefined;
    const { header, kvs } = await read(landmark?.key ?? this.#root, 0);
    if (header.cluster_id !== cluster)
      return new HistoryLost(`etcd is another cluster: ${header.cluster_id} instead of ${cluster}`);
    if (Number(header.revision) < revision)
      return new HistoryLost(`etcd's revision went back from ${revision} to ${header.revision}`);
    if (landmark === undefined || isSame(kvs[0], landmark)) return undefined;
    try {
      const before = await read(landmark.key, landmark.modified);
      if (isSame(before.kvs[0], landmark)) return undefined;
      return new HistoryLost(`etcd's data at revision ${landmark.modified} differs from what was read before`);
    } catch (error) {
      if (!(error instanceof Compacted)) throw error;
      const reason = `etcd compacted revision ${landmark.modified}, which would prove that its history is the same`;
      return new HistoryLost(reason, 'unproven');
    }
  }
}

/**
 * Prefers the newest put, and among the puts of one revision the longest value. A zone's serial has an empty value,
 * which is the same in every history.
 */
function isBetterLandmark(entry: Entry, other: Entry | undefined): boolean {
  if (other === undefined || entry.modified > other.modified) return true;
  return entry.modified === other.modified && entry.value.length > other.value.length;
}

function isSame(kv: EtcdKeyValue | undefined, { created, modified, value }: Entry): boolean {
  if (kv === undefined) return false;
  const now = entryOf(kv, (full) => full);
  return now.created === created && now.modified === modified && now.value === value;
}
