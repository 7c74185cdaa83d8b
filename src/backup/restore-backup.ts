// Writes a backup into an empty store. The key of the store's offset (kinds/offset.ts) counts the entries that are
// written, so that an interrupted restore can continue after them. Every transaction compares that key, so that no
// other restore can write at the same time. No replica reads the store before the restore has ended
// (src/store/shown-revisions.ts).

import { setTimeout as delay } from 'node:timers/promises';
import { InvalidValue } from '../model/invalid-value.ts';
import type { Revision } from '../model/revision.ts';
import { messageOf } from '../model/thrown.ts';
import { ledgerHomeKey, ledgerHomeValue } from '../store/kinds/ledger.ts';
import { memberKind } from '../store/kinds/member.ts';
import { offsetKey, offsetKind, offsetValue, type RevisionOffset } from '../store/kinds/offset.ts';
import {
  maxOperations,
  type Operation,
  type Store,
  StoreUnavailable,
  type Transaction,
  TransactionTooLarge,
} from '../store/store.ts';
import { type BackupEntry, type KeyCounts, kindIn } from './backup-format.ts';
import { type BackupSummary, readBackup } from './read-backup.ts';

/**
 * The number of revisions that the restored store skips after the revision of the backup. The lost store cannot have
 * made so many revisions after the backup, so no revision is used twice. Serials stay comparable (RFC 1982 §3.2 allows
 * a distance of 2^31 - 1).
 */
const lostRevisions = 2 ** 28;
/** The maximum number of transactions that are sent at the same time. */
const maxAtOnce = 16;
/** The limit for the octets of keys and values in one transaction. etcd takes 1.5 MiB. */
const maxTransaction = 1024 * 1024;
/** How long a call is repeated while the store is unreachable. */
const patienceMilliseconds = 30_000;
const retryMilliseconds = 500;

export interface RestoreProgress {
  doing: 'check' | 'write' | 'ledger' | 'count';
  /** The number of entries, or of octets of the ledger, that are done. `total`: undefined during the check. */
  done: number;
  total?: number;
}

export type OnProgress = (progress: RestoreProgress) => void;

/** Receives the file of the ledger. */
interface LedgerSink {
  /** The replica that has the ledger from now on. Undefined: the first replica that opens the ledger. */
  replica?: string | undefined;
  write(piece: Buffer): Promise<void>;
  /** Makes the received file the ledger. Called once, before any replica reads the store. */
  finish(): Promise<void>;
}

/** The error of a restore that ended early. The store is unchanged or can be completed: the message says what to do. */
export class RestoreRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RestoreRefused';
  }
}

/**
 * Writes the backup into the store, and returns the offset of its revisions. `store` must count its own revisions,
 * without the offset (shown-revisions.ts). `wayOut` says how to get an empty store. Without `ledger`, the backup's
 * ledger is left out. Throws RestoreRefused.
 */
export async function restoreBackup(
  store: Store,
  backup: BackupSummary,
  chunks: AsyncIterable<Buffer>,
  { wayOut, onProgress, ledger }: { wayOut: string; onProgress?: OnProgress; ledger?: LedgerSink | undefined },
): Promise<number> {
  const restore = await Restore.begin(store, backup, wayOut);
  const total = backup.entries;
  let ledgerOctets = 0;
  for await (const part of readBackup(chunks)) {
    if ('summary' in part && part.summary.sha256 !== backup.sha256)
      throw new RestoreRefused('the file was changed while it was read: restore it again');
    if ('ledgerPiece' in part && ledger !== undefined) {
      await ledger.write(part.ledgerPiece);
      ledgerOctets += part.ledgerPiece.length;
      onProgress?.({ doing: 'ledger', done: ledgerOctets, total: backup.ledgerOctets });
    }
    if (!('entries' in part)) continue;
    await restore.write(part.entries);
    onProgress?.({ doing: 'write', done: restore.written, total });
  }
  await restore.flush();
  await countAll(store, backup.counts, wayOut, (done) => onProgress?.({ doing: 'count', done, total }));
  await ledger?.finish();
  await restore.end(ledger?.replica === undefined ? [] : await homeAt(store, ledger.replica));
  return restore.offset;
}

class Restore {
  readonly offset: number;
  readonly #store: Store;
  readonly #sha256: string;
  /** The revision of the offset's key. */
  #revision: Revision;
  /** The number of entries that are certainly written. */
  written: number;
  /** The number of entries to skip, because an earlier attempt has written them. */
  #skip: number;
  /** Transactions that will be sent together. All of their keys are of one kind. */
  #waiting: BackupEntry[][] = [];
  #octets = 0;

  private constructor(store: Store, sha256: string, { offset, restoring }: RevisionOffset, revision: Revision) {
    this.#store = store;
    this.#sha256 = sha256;
    this.offset = offset;
    this.#revision = revision;
    this.written = restoring?.written ?? 0;
    this.#skip = this.written;
  }

  /** Begins a restore, or continues an interrupted one. Refuses to begin in a store that has keys. */
  static async begin(store: Store, { header, sha256 }: BackupSummary, wayOut: string): Promise<Restore> {
    const entry = await patiently(() => store.get(offsetKey));
    const value = entry && offsetValue.decode(entry.value);
    if (entry !== undefined && value?.restoring !== undefined) {
      if (value.restoring.sha256 !== sha256) {
        const other = `the restore of another backup (SHA-256 ${value.restoring.sha256}) was interrupted in this store`;
        throw new RestoreRefused(`${other}: finish it with that file, or ${wayOut}`);
      }
      return new Restore(store, sha256, value, entry.modified);
    }
    const { entries, revision } = await patiently(() => store.list('', { limit: 100 }));
    if (entries.length > 0) throw new RestoreRefused(whyNotEmpty(entries, wayOut));
    const offset = Math.max(0, header.revision + lostRevisions - revision);
    const begun: RevisionOffset = { offset, restoring: { sha256, written: 0 } };
    const { committed, revision: written } = await patiently(() =>
      store.commit({ compares: [{ kind: 'quiet', prefix: '', since: 0 as Revision }], operations: [put(begun)] }),
    );
    if (committed) return new Restore(store, sha256, begun, written);
    // The commit also fails if an earlier attempt wrote the key and only its answer was lost.
    const found = await patiently(() => store.get(offsetKey));
    if (found?.value === offsetValue.encode(begun)) return new Restore(store, sha256, begun, found.modified);
    throw new RestoreRefused(writtenMeanwhile(wayOut));
  }

  /** Takes entries. Writes them at once, or together with later ones. */
  async write(entries: readonly BackupEntry[]): Promise<void> {
    for (const entry of entries) {
      if (this.#skip > 0) {
        this.#skip -= 1;
        continue;
      }
      const octets = Buffer.byteLength(entry[0]) + Buffer.byteLength(entry[1]);
      const last = this.#waiting.at(-1);
      // The zones must be written before their serials: a serial with an earlier revision than its zone does not count.
      if (last?.[0] !== undefined && kindIn(last[0][0]) !== kindIn(entry[0])) await this.flush();
      const isFull = last === undefined || last.length === maxOperations || this.#octets + octets > maxTransaction;
      if (isFull && this.#waiting.length === maxAtOnce) await this.flush();
      if (isFull || this.#waiting.length === 0) {
        this.#waiting.push([]);
        this.#octets = 0;
      }
      this.#waiting.at(-1)?.push(entry);
      this.#octets += octets;
    }
  }

  /** Writes the waiting entries, then the number of written entries. */
  async flush(): Promise<void> {
    const waiting = this.#waiting.splice(0);
    if (waiting.length === 0) return;
    // Writing the same entries twice is harmless, so an attempt whose answer was lost can be repeated.
    await Promise.all(
      waiting.map((entries) => this.#commit(entries.map(([key, value]) => ({ kind: 'put', key, value })))),
    );
    const written = this.written + waiting.reduce((sum, entries) => sum + entries.length, 0);
    await this.#note({ offset: this.offset, restoring: { sha256: this.#sha256, written } });
    this.written = written;
  }

  /** Lets replicas read the store. */
  async end(operations: readonly Operation[]): Promise<void> {
    await this.#note({ offset: this.offset }, operations);
  }

  async #commit(operations: Operation[]): Promise<void> {
    const { committed } = await patiently(() => this.#store.commit(this.#transaction(operations))).catch(
      (error: unknown) => {
        if (!(error instanceof TransactionTooLarge)) throw error;
        const keys = operations.map((operation) => (operation.kind === 'put' ? operation.key : ''));
        throw new RestoreRefused(
          `the store does not take the value of ${keys.join(', ')} (${error.message}): raise --max-request-bytes of etcd, then restore again`,
        );
      },
    );
    if (!committed) throw new RestoreRefused(writtenMeanwhile('empty the store and restore again'));
  }

  /** Writes the offset's key. */
  async #note(value: RevisionOffset, operations: readonly Operation[] = []): Promise<void> {
    const transaction = this.#transaction([put(value), ...operations]);
    const { committed, revision } = await patiently(() => this.#store.commit(transaction));
    if (committed) {
      this.#revision = revision;
      return;
    }
    // The commit also fails if an earlier attempt wrote the key and only its answer was lost.
    const found = await patiently(() => this.#store.get(offsetKey));
    if (found?.value !== offsetValue.encode(value)) throw new RestoreRefused(writtenMeanwhile('restore again'));
    this.#revision = found.modified;
  }

  #transaction(operations: Operation[]): Transaction {
    return { compares: [{ kind: 'modified', key: offsetKey, revision: this.#revision }], operations };
  }
}

function put(value: RevisionOffset): Operation {
  return { kind: 'put', key: offsetKey, value: offsetValue.encode(value) };
}

/** Returns the operation that gives the ledger to the replica; none if the store has no ledger. */
async function homeAt(store: Store, replica: string): Promise<Operation[]> {
  const entry = await patiently(() => store.get(ledgerHomeKey));
  try {
    if (entry === undefined) return [];
    const value = ledgerHomeValue.encode({ ...ledgerHomeValue.decode(entry.value), replica });
    return [{ kind: 'put', key: ledgerHomeKey, value }];
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    return [];
  }
}

/** Repeats a call while the store cannot be reached. After 30 seconds, throws RestoreRefused. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + patienceMilliseconds; ; await delay(retryMilliseconds)) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      if (Date.now() < until) continue;
      throw new RestoreRefused(
        `the store cannot be written to (${messageOf(error)}): restore the same file again when it can, to go on`,
        { cause: error },
      );
    }
  }
}

function whyNotEmpty(entries: readonly { key: string }[], wayOut: string): string {
  const replicas = entries.flatMap(({ key }) => memberKind.parse(key)?.replica ?? []);
  if (replicas.length > 0) {
    const remedy = `stop it and restore into an empty store: ${wayOut}`;
    return `a replica is running on this store (${replicas.join(', ')}), or was until a moment ago: ${remedy}`;
  }
  const kinds = [...new Set(entries.map(({ key }) => kindIn(key)))].join(', ');
  return `the store is not empty, it has ${kinds}: ${wayOut}`;
}

function writtenMeanwhile(wayOut: string): string {
  return `another process wrote into the store meanwhile: stop it, then ${wayOut}`;
}

/** Returns whether the store has as many keys of each kind as wanted, and no other keys. Does not read the keys. */
async function hasCounts(store: Store, wanted: KeyCounts): Promise<boolean> {
  const { '': unnamed = 0, ...kinds } = wanted;
  let rest = (await patiently(() => store.count(''))) - (await patiently(() => store.count(offsetKind.prefix)));
  for (const [kind, count] of Object.entries(kinds)) {
    if ((await patiently(() => store.count(`${kind}/`))) !== count) return false;
    rest -= count;
  }
  return rest === unnamed;
}

/** Counts the keys in the store. Refuses a store that has more or fewer keys of a kind than the backup. */
async function countAll(
  store: Store,
  wanted: KeyCounts,
  wayOut: string,
  onCounted: (done: number) => void,
): Promise<void> {
  if (await hasCounts(store, wanted)) {
    onCounted(Object.values(wanted).reduce((sum, count) => sum + count, 0));
    return;
  }
  const found = new Map<string, number>();
  let done = 0;
  let from: string | undefined;
  do {
    const page = await patiently(() => store.list('', from === undefined ? {} : { from }));
    for (const { key } of page.entries) {
      if (key.startsWith(offsetKind.prefix)) continue;
      found.set(kindIn(key), (found.get(kindIn(key)) ?? 0) + 1);
      done += 1;
    }
    onCounted(done);
    from = page.next;
  } while (from !== undefined);
  const differing = [...new Set([...found.keys(), ...Object.keys(wanted)])].filter(
    (kind) => (found.get(kind) ?? 0) !== (wanted[kind] ?? 0),
  );
  if (differing.length === 0) return;
  const counts = differing.map((kind) => `${kind}: ${found.get(kind) ?? 0} instead of ${wanted[kind] ?? 0}`).join(', ');
  throw new RestoreRefused(
    `the store does not have what was written (${counts}), another process wrote into it: ${wayOut}`,
  );
}
