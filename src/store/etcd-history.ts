// Detects that etcd has lost the history that was read from it, because it was restored from a backup, wiped, or
// replaced. Its revisions then continue from an earlier one, and a revision may have other contents than before.
// etcd.ts calls this.

import type { Revision } from '../model/revision.ts';
import { type EtcdKeyValue, entryOf } from './change-collector.ts';
import { Compacted, type Entry, HistoryLost } from './store.ts';

/** The fields of etcd's response header that are read here. */
interface EtcdHeader {
  cluster_id: string;
  revision: string;
}

/** Reads one full key as of a revision; 0 is the newest. Rejects with Compacted. */
type ReadKey = (key: string, revision: number) => Promise<{ header: EtcdHeader; kvs: EtcdKeyValue[] }>;

export class EtcdHistory {
  readonly #root: string;
  #cluster: string | undefined;
  #revision = 0 as Revision;
  /** The newest put that was read. In another history, the same revision almost certainly wrote something else. */
  #landmark: Entry | undefined;

  /** `root` is the prefix of the store's keys. etcd may forbid reading other keys. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Remembers the header and the entries of a response. `full` turns their keys into full ones. */
  note({ cluster_id, revision }: EtcdHeader, entries: Iterable<Entry> = [], full = (key: string) => key): void {
    this.#cluster ??= cluster_id;
    this.#revision = Math.max(this.#revision, Number(revision)) as Revision;
    let best = this.#landmark;
    for (const entry of entries) if (isBetterLandmark(entry, best)) best = entry;
    if (best !== undefined && best !== this.#landmark) this.#landmark = { ...best, key: full(best.key) };
  }

  /**
   * Returns the error if etcd has another history, else undefined. The id of the cluster does not prove that the
   * history is the same: it is made from the names and addresses of the members. Nor does the newest revision: others
   * may have written meanwhile. The proof is that the landmark's key has the landmark's value at its revision. One case
   * is not detected: a history that has this value at this revision, but differs before it.
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
 * Prefers the newest put. Among the puts of one revision, prefers the longest value: a zone's serial has an empty
 * value, which is the same in every history.
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
