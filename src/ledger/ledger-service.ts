// The ledger of a running replica: empties the outbox, samples the pools, deletes what is too old, and answers reads.
// With SQLite, only the replica with the file does all this. With PostgreSQL, the leader writes, and all replicas
// answer reads. The ledger is opened when it is first needed. While the ledger fails, the events wait in the store.

import type { Address } from '../model/address.ts';
import { type AddressRecord, describeHolder } from '../model/allocation.ts';
import { FairLine } from '../model/fair-line.ts';
import type { Logger } from '../model/logger.ts';
import type { Revision } from '../model/revision.ts';
import { messageOf } from '../model/thrown.ts';
import { TroubleLog } from '../model/trouble-log.ts';
import { within } from '../model/within.ts';
import { addressKey } from '../store/kinds/address.ts';
import type { LedgerHome, LostEvents } from '../store/kinds/ledger.ts';
import { outboxKind } from '../store/kinds/outbox.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';
import type { Views } from '../views/views.ts';
import { drainOutbox } from './drain.ts';
import { claimHome, otherHome, type Place, readHome } from './home.ts';
import {
  type AddressHold,
  type AddressHolder,
  type HoldFilter,
  type Ledger,
  LedgerElsewhere,
  type LedgerPage,
  LedgerUnavailable,
  type PageWanted,
} from './ledger.ts';
import type { LedgerTask } from './ledger-messages.ts';
import { LedgerThread } from './ledger-thread.ts';
import { dropOldest } from './outbox-limit.ts';
import { UsageSampler } from './usage-sampler.ts';

const day = 24 * 3600 * 1000;

/**
 * In milliseconds. `read`: the limit for a read. `retry` and `maxRetry`: the shortest and the longest wait after a
 * failed drain. The others: the time between two rounds of the work with this name.
 */
export const ledgerIntervals = {
  read: 20_000,
  drain: 500,
  watch: 3000,
  sample: 60_000,
  retain: 600_000,
  retry: 1000,
  maxRetry: 15_000,
};
/** After these days, only one sample of each hour is kept. */
const fineDays = 14;
/**
 * A read waits at most this long until the ledger has all events from before the read. Then the answer lacks the
 * missing ones.
 */
const catchUpMilliseconds = 2000;
/**
 * The limit for reads at the same time. With more, the ledger's thread would work on all in turn, keep the rows of all,
 * and answer all late (test/ledger/reads.test.ts).
 */
const maxReads = 2;

/** An outbox with more keys is not read to its end: it counts as having events that the answer would lack. */
const maxListed = 200;

interface LedgerOptions {
  task: LedgerTask;
  replica: string;
  store: Store;
  views: Views;
  /** Tells whether this replica leads. The service resigns when it is closed. */
  leadership: { isLeader(): boolean; resign(): Promise<void> };
  logger: Logger;
  /** 0: for ever. */
  keepDays: number;
  /** 0: no limit. */
  maxEvents: number;
  outboxMax: number;
  intervals?: typeof ledgerIntervals;
}

/** What /readyz and /metrics show. */
export interface LedgerStatus {
  state: 'here' | 'elsewhere' | 'unavailable';
  /** The replica that has the file of a ledger in SQLite. */
  home?: string;
  /** The replica that has the ledger, if it is elsewhere. */
  replica?: string;
  /** Why the ledger is unavailable. */
  reason?: string;
  /** The transactions whose events wait in the store. */
  waiting: number;
  /** The events that were dropped. */
  lost?: LostEvents;
}

export class LedgerService {
  readonly #options: LedgerOptions;
  readonly #place: Place;
  #ledger: Ledger;
  readonly #sampler: UsageSampler;
  readonly #trouble: TroubleLog;
  readonly #timers: NodeJS.Timeout[] = [];
  /** The work under way, by name. */
  readonly #running = new Map<string, Promise<void>>();
  #home: LedgerHome | undefined;
  /** The identity of our ledger, if it is the home of the store's history. */
  #claimed: string | undefined;
  #waiting = 0;
  #failure: string | undefined;
  #failures = 0;
  #retryAt = 0;
  /**
   * When the outbox was last found empty: the revision, the history of the store to which that revision belongs, and
   * the time.
   */
  #empty: { at: Revision; history: number; time: number } | undefined;
  #closed = false;
  readonly #reads = new FairLine(maxReads);
  /** The number of copies that were not released yet. While there are any, the outbox is not drained. */
  #holds = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#place = { kind: options.task.kind, replica: options.replica };
    this.#ledger = new LedgerThread(options.task);
    this.#sampler = new UsageSampler(options.views);
    this.#trouble = new TroubleLog(options.logger, {
      begins: 'the ledger cannot be written to: events wait in the store, will retry',
      over: 'the ledger can be written to again',
    });
    const { drain, watch, sample, retain } = options.intervals ?? ledgerIntervals;
    this.#every(watch, 'watch', () => this.#watch());
    this.#every(drain, 'drain', () => this.#drain());
    this.#every(sample, 'sample', () => this.#sample());
    this.#every(retain, 'retain', () => this.#retain());
    void this.#run('watch', () => this.#watch());
  }

  get status(): LedgerStatus {
    const elsewhere = otherHome(this.#home, this.#place);
    const { lost, kind, replica: home } = this.#home ?? {};
    return {
      ...(elsewhere !== undefined
        ? { state: 'elsewhere', replica: elsewhere }
        : this.#failure !== undefined
          ? { state: 'unavailable', reason: this.#failure }
          : { state: 'here' }),
      ...(kind === 'sqlite' && home !== undefined && { home }),
      waiting: this.#waiting,
      ...(lost !== undefined && { lost }),
    };
  }

  /**
   * Asks the ledger. If this replica drains the outbox, first waits up to 2 seconds until the ledger has all events of
   * the revisions that the replica serves. `reader`: a key for who asks, so that readers get their turns one after the
   * other. Rejects with {@link LedgerElsewhere} or {@link LedgerUnavailable}.
   */
  async read<T>(ask: (ledger: Ledger) => Promise<T>, reader = ''): Promise<T> {
    const { views, intervals = ledgerIntervals } = this.#options;
    const { revision } = views;
    let isAwaited = true;
    const answer = async () => {
      const ledger = await this.#opened();
      await within(this.#drainUpTo(revision), catchUpMilliseconds);
      return this.#reads.run(
        reader,
        () => ask(ledger),
        () => isAwaited,
      );
    };
    const answered = answer();
    try {
      if (await within(answered, intervals.read)) return await answered;
    } catch (error) {
      throw ofLedger(error);
    }
    isAwaited = false;
    throw new LedgerUnavailable(`it did not answer within ${intervals.read / 1000} seconds`);
  }

  /**
   * Returns the holders of an address. For a hold without an end, the current state of the store decides whether it has
   * ended (test/ledger/lost-events.test.ts).
   */
  addressHistory(
    filter: HoldFilter & { address: Address },
    page: PageWanted,
    reader?: string,
  ): Promise<LedgerPage<AddressHold>> {
    const { revision } = this.#options.views;
    const record = this.#options.views.pools.address(filter.space, filter.address);
    return this.read(async (ledger) => {
      const isKnown = await this.#hasAllUpTo(revision, addressKey(filter.space, filter.address));
      const gaps = this.#home?.lost?.gaps;
      const now = isKnown ? { revision, at: Date.now(), holders: holdersOf(record?.value) } : undefined;
      return ledger.addressHistory({ ...filter, gaps, now }, page);
    }, reader);
  }

  /**
   * Opens a copy of a ledger in a file, as it is now. The outbox is not emptied before the copy is released, so that
   * the store has exactly the events that the copy lacks. Rejects as {@link read} does.
   */
  async openCopy(folder: string) {
    const { task } = this.#options;
    if (task.kind !== 'sqlite') throw new LedgerUnavailable('it is not a file');
    let isHeld = true;
    this.#holds += 1;
    const release = () => {
      if (isHeld) this.#holds -= 1;
      isHeld = false;
    };
    try {
      const ledger = await this.#opened();
      // Rejects if another file is at the path: the copy would be made from that file.
      await ledger.identity();
      await this.#running.get('drain');
      const { SqliteCopy } = await import('./sqlite-copy.ts');
      const copy = openedCopy(() => SqliteCopy.open(task.file, folder));
      const { octets } = copy;
      const close = async () => {
        release();
        copy.close();
      };
      return { octets, release, pieces: (size: number) => copy.pieces(size), close };
    } catch (error) {
      release();
      throw ofLedger(error);
    }
  }

  /** Ends all work. Waiting events stay for the next start, or for another replica. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([this.#ledger.close(), ...this.#running.values()]);
    await this.#options.leadership.resign();
  }

  #every(milliseconds: number, name: string, work: () => Promise<void>): void {
    this.#timers.push(setInterval(() => void this.#run(name, work), milliseconds).unref());
  }

  /** Runs the work, or waits for it if it runs already. Failures are shown by {@link status} and in the log. */
  #run(name: string, work: () => Promise<void>): Promise<void> {
    const running = this.#running.get(name);
    if (running !== undefined || this.#closed) return running ?? Promise.resolve();
    const started = work()
      .catch((error: unknown) =>
        this.#options.logger.debug({ reason: messageOf(error) }, `the ledger's ${name} failed`),
      )
      .finally(() => this.#running.delete(name));
    this.#running.set(name, started);
    return started;
  }

  /** Reads where the ledger is, and how many transactions wait for it. The leader drops those beyond the limit. */
  async #watch(): Promise<void> {
    const { store, views, leadership, outboxMax, logger, intervals = ledgerIntervals } = this.#options;
    if (!views.loaded) return;
    this.#home = (await readHome(store))?.home;
    if (this.#home?.ledger !== this.#claimed) this.#claimed = undefined;
    await this.#closeUnlessOurs();
    if (this.#isWriter() && this.#empty !== undefined && performance.now() - this.#empty.time < intervals.watch) {
      this.#waiting = 0;
      return;
    }
    this.#waiting = await store.count(outboxKind.prefix);
    if (this.#waiting <= outboxMax || !leadership.isLeader()) return;
    await dropOldest(store, this.#place, this.#waiting - outboxMax, logger);
    this.#home = (await readHome(store))?.home;
  }

  /** Returns whether this replica is the one that writes into the ledger. */
  #isWriter(): boolean {
    if (
      this.#closed ||
      this.#holds > 0 ||
      !this.#options.views.loaded ||
      otherHome(this.#home, this.#place) !== undefined
    )
      return false;
    return this.#place.kind === 'sqlite' && this.#home?.replica !== undefined
      ? true
      : this.#options.leadership.isLeader();
  }

  /**
   * Drains all events up to a revision. Up to two drains are needed, because one that runs already may have read the
   * outbox too early.
   */
  async #drainUpTo(revision: Revision): Promise<void> {
    for (let drains = 0; drains < 2 && (this.#empty?.at ?? 0) < revision; drains += 1)
      await this.#run('drain', () => this.#drain());
  }

  /** Returns whether the ledger has all events up to a revision. False also while the value of `key` is unreadable. */
  async #hasAllUpTo(revision: Revision, key: string): Promise<boolean> {
    const { store, views } = this.#options;
    if (!views.loaded || views.faults.has(key)) return false;
    try {
      const { entries, next } = await store.list(outboxKind.prefix, { limit: maxListed });
      return next === undefined && entries.every(({ modified }) => modified > revision);
    } catch (error) {
      if (error instanceof StoreUnavailable) return false;
      throw error;
    }
  }

  async #drain(): Promise<void> {
    const { store, views, logger, intervals = ledgerIntervals } = this.#options;
    const { revision, history } = views;
    const emptyAt = this.#empty?.history === history ? this.#empty.at : undefined;
    if (!this.#isWriter() || (emptyAt !== undefined && revision <= emptyAt) || performance.now() < this.#retryAt)
      return;
    try {
      const ledger = () => this.#opened();
      const begin = performance.now();
      const drained = await drainOutbox({ store, ledger, logger }, () => this.#isWriter(), emptyAt);
      if (drained.emptyAt !== undefined) {
        this.#empty = { at: drained.emptyAt, history, time: begin };
        this.#waiting = 0;
      }
      this.#failure = undefined;
      this.#failures = 0;
      this.#trouble.succeeded();
    } catch (error) {
      // Trouble of the store is logged elsewhere.
      if (error instanceof StoreUnavailable || error instanceof LedgerElsewhere || this.#closed) throw error;
      this.#failure = messageOf(error);
      // The next open may find another ledger.
      this.#claimed = undefined;
      this.#retryAt = performance.now() + Math.min(intervals.retry * 2 ** this.#failures, intervals.maxRetry);
      this.#failures += 1;
      this.#trouble.failed(error);
    }
  }

  async #sample(): Promise<void> {
    if (!this.#isWriter()) return;
    const samples = this.#sampler.sample(Date.now());
    if (samples.length === 0) return;
    await (await this.#opened()).appendSamples(samples);
    this.#sampler.noteWritten(samples);
  }

  async #retain(): Promise<void> {
    const { keepDays, maxEvents, logger } = this.#options;
    if (!this.#isWriter() || this.#claimed === undefined) return;
    const now = Date.now();
    const deleted = await this.#ledger.retain({
      hourlyBefore: now - fineDays * day,
      ...(keepDays > 0 && { before: now - keepDays * day }),
      ...(maxEvents > 0 && { maxEvents }),
    });
    if (deleted > 0) logger.info({ deleted }, 'deleted old rows from the ledger');
  }

  /** Returns the ledger once it is known to belong to this store. */
  async #opened(): Promise<Ledger> {
    const { store, logger } = this.#options;
    if (this.#claimed === undefined) this.#home = (await readHome(store))?.home;
    const other = otherHome(this.#home, this.#place);
    if (other !== undefined) throw new LedgerElsewhere(other);
    if (this.#claimed !== undefined) return this.#ledger;
    const before = this.#home;
    const identity = await this.#ledger.identity();
    const standing = await claimHome(store, this.#place, identity);
    this.#home = (await readHome(store))?.home;
    await this.#closeUnlessOurs();
    if (standing.at === 'elsewhere') throw new LedgerElsewhere(standing.replica);
    if (standing.at === 'wrong') throw new LedgerUnavailable(standing.reason);
    this.#claimed = identity.id;
    if (standing.isNew && before?.ledger !== undefined) {
      logger.warn(
        { before, now: this.#home },
        'the ledger is new: its history begins now, and earlier events are only in the previous ledger',
      );
    } else if (standing.isNew) logger.info({ ...this.#place }, 'the ledger begins');
    return this.#ledger;
  }

  /**
   * Closes the file while another replica has the ledger, so that an operator can replace the file by a copy of that
   * ledger.
   */
  async #closeUnlessOurs(): Promise<void> {
    if (otherHome(this.#home, this.#place) === undefined || this.#closed) return;
    this.#claimed = undefined;
    const closing = this.#ledger;
    this.#ledger = new LedgerThread(this.#options.task);
    await closing.close();
  }
}

/** Returns the error. If the store could not say where the ledger is, returns LedgerUnavailable instead. */
function ofLedger(error: unknown): unknown {
  return error instanceof StoreUnavailable ? new LedgerUnavailable(`its home is not known: ${error.message}`) : error;
}

function holdersOf(record: AddressRecord | undefined): AddressHolder[] {
  if (record === undefined) return [];
  const { givenBy: pool, holders } = record;
  return holders.map((holder) => ({ holder: describeHolder(holder), owner: holder.owner, pool }));
}

/** Returns the result of `open`. Turns its errors into LedgerUnavailable. */
function openedCopy<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw new LedgerUnavailable(messageOf(error), { cause: error });
  }
}
