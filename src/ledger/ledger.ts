// The interface of the ledger, which keeps the past. The implementation (prisma-ledger.ts) runs in a thread of its own
// (ledger-thread.ts) on SQLite or PostgreSQL. drain.ts brings the events from the store.

import type { AuditActor, EventAction, EventResource, Fields } from '../model/audit-event.ts';
import type { LostGap } from '../store/kinds/ledger.ts';

/** One key of the outbox, with its value as it is stored, and the revision that wrote it. */
export interface OutboxRow {
  key: string;
  revision: number;
  value: string;
}

/** A change that users could see. */
export interface LedgerEvent {
  /** `<revision>-<place in its transaction>` */
  id: string;
  revision: number;
  /** RFC 3339 */
  at: string;
  resource: EventResource;
  action: EventAction;
  name: string;
  actor: AuditActor;
  /** The replica that carried the change out. */
  replica: string;
  before: Fields | null;
  after: Fields | null;
  digest: boolean;
}

/**
 * The filter of a list of events. Times are milliseconds since the epoch: from `since`, up to but not including
 * `until`.
 */
export interface EventFilter {
  resource?: EventResource | undefined;
  action?: EventAction | undefined;
  /** The resource's name. */
  name?: string | undefined;
  /** The id of an actor. */
  actor?: string | undefined;
  since?: number | undefined;
  until?: number | undefined;
}

/** A part of a list, newest first. `before`: the id of the last item of the previous part. */
export interface PageWanted {
  limit: number;
  before?: string | undefined;
}

/** `next`: the `before` of the following part; undefined if this is the last part. */
export interface LedgerPage<T> {
  items: T[];
  next: string | undefined;
}

/** The holder of an address, with the pool of the address. */
export interface AddressHolder {
  holder: string;
  owner: string;
  pool: string | null;
}

/** A time in which a holder had an address. */
export interface AddressHold extends AddressHolder {
  /** RFC 3339. Null: before the ledger began. */
  from: string | null;
  /** Null: the holder still has the address. */
  until: string | null;
  /** Set if a part of the hold is not known. `from` and `until` are then the widest possible. */
  lost?: LostPart;
}

/**
 * The part of a hold that fell into a time whose events were lost: its beginning, its end, or perhaps a break, after
 * which the holder took the address again.
 */
export interface LostPart {
  what: 'beginning' | 'break' | 'end';
  from: string;
  until: string;
}

/** The holders of an address at a revision. The ledger has all events up to this revision. */
export interface HoldersNow {
  revision: number;
  /** Milliseconds since the epoch. */
  at: number;
  holders: AddressHolder[];
}

/** The filter of a list of holds: those that overlap the time from `since` up to and including `until`. */
export interface HoldFilter {
  space: string;
  address: string;
  since?: number | undefined;
  until?: number | undefined;
  /** The times whose events were lost, in their order. */
  gaps?: readonly LostGap[] | undefined;
  /** Absent: it is not known whether holds without an end still last. */
  now?: HoldersNow | undefined;
}

export const families = ['ipv4', 'ipv6'] as const;
export type Family = (typeof families)[number];

/** How full the addresses of one family of a pool are. Numbers beyond 2^53 are rounded. */
export interface PoolLevel {
  capacity: number;
  used: number;
  recorded: number;
  coolingDown: number;
}

export interface UsageSample extends PoolLevel {
  pool: string;
  family: Family;
  /** Milliseconds since the epoch. */
  at: number;
}

/** The steps of a plot, each `step` milliseconds long. The first begins at `since`, the last begins before `until`. */
export interface UsageWanted {
  pool: string;
  since: number;
  until: number;
  step: number;
}

/** The level at the end of a step, and the largest number of used addresses within it. */
export type StepLevel = PoolLevel & { peak: number };
/** `at`: the beginning of the step. A family without a level has no addresses, or nothing is known of it yet. */
export type UsageStep = { at: string } & { [F in Family]?: StepLevel };

/** The limits for what is kept. */
export interface Retention {
  /** Milliseconds since the epoch: events, samples and ended holds from before this time are deleted. */
  before?: number | undefined;
  /** The limit for the rows of events, and also for the rows of holds. */
  maxEvents?: number | undefined;
  /** Samples from before this time are thinned out to one an hour. */
  hourlyBefore?: number | undefined;
}

/** The identity of a ledger. */
export interface LedgerIdentity {
  id: string;
  /** True if the ledger has no events and no uses of addresses. */
  isEmpty: boolean;
}

/**
 * In the main thread, every method but `close` rejects with {@link LedgerUnavailable} if the ledger cannot be reached,
 * read or written.
 */
export interface Ledger {
  identity(): Promise<LedgerIdentity>;
  /**
   * Adds the events in the rows of the outbox. Rows that were added before change nothing. Leaves unreadable rows out,
   * and returns their keys.
   */
  append(rows: readonly OutboxRow[]): Promise<string[]>;
  appendSamples(samples: readonly UsageSample[]): Promise<void>;
  /** Returns events, the one with the highest revision first. */
  listEvents(filter: EventFilter, page: PageWanted): Promise<LedgerPage<LedgerEvent>>;
  /** Returns the holds of an address, the last one first. */
  addressHistory(filter: HoldFilter, page: PageWanted): Promise<LedgerPage<AddressHold>>;
  usage(wanted: UsageWanted): Promise<UsageStep[]>;
  /**
   * Deletes the rows beyond the limits, in pieces, so that others can write in between. The beginning of a current hold
   * is never deleted. Returns the number of deleted rows.
   */
  retain(retention: Retention): Promise<number>;
  close(): Promise<void>;
}

/** The ledger cannot be reached, read or written now. */
export class LedgerUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LedgerUnavailable';
  }
}

/** Another replica has the ledger, or the ledger is in PostgreSQL and this replica does not use PostgreSQL. */
export class LedgerElsewhere extends Error {
  readonly replica: string;

  constructor(replica: string) {
    super(`the ledger is at the replica '${replica}'`);
    this.name = 'LedgerElsewhere';
    this.replica = replica;
  }
}

/** The maximum number of rows of one transaction in a table: the ids of the next revision begin this much higher. */
const idsPerRevision = 65_536;
export const maxIndex = idsPerRevision - 1;
/** The last revision whose ids are exact numbers. */
export const maxRevision = 2 ** 37 - 1;

/** Returns the id of a row in the tables. The ids order the rows as the store's history does. */
export function rowId(revision: number, index: number): number {
  return revision * idsPerRevision + index;
}

/** Returns the revision that wrote a row. */
export function revisionOf(id: number): number {
  return Math.floor(id / idsPerRevision);
}

/** Returns the id of a row as it is shown. */
export function shownId(id: number): string {
  return `${revisionOf(id)}-${id % idsPerRevision}`;
}

/** Returns the id of a row from the result of {@link shownId}; undefined for another text. */
export function parseShownId(text: string): number | undefined {
  const [, revision, index] = /^(0|[1-9]\d{0,11})-(0|[1-9]\d{0,4})$/.exec(text) ?? [];
  if (revision === undefined || Number(index) >= idsPerRevision) return undefined;
  const id = rowId(Number(revision), Number(index));
  return Number.isSafeInteger(id) ? id : undefined;
}
