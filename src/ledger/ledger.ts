// The ledger's interface: what is kept of the past, and how it is asked. The implementation runs in a thread of its own
// (ledger-thread.ts) on SQLite or on PostgreSQL (prisma-ledger.ts). How events get here from the store: drain.ts.

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

/** Which events are wanted. Times are milliseconds since the epoch: from `since`, up to but not including `until`. */
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

/** A part of a list, newest first. `before`: the last id of the part before it. */
export interface PageWanted {
  limit: number;
  before?: string | undefined;
}

/** `next`: what `before` is for the part that follows; undefined if none does. */
export interface LedgerPage<T> {
  items: T[];
  next: string | undefined;
}

/** The one who has an address, with the pool that it is from. */
export interface AddressHolder {
  holder: string;
  owner: string;
  pool: string | null;
}

/** A time in which a holder had an address. */
export interface AddressHold extends AddressHolder {
  /** RFC 3339. Null: before the ledger began. */
  from: string | null;
  /** Null: the holder has it still. */
  until: string | null;
  /** Set if something of the hold is not known. `from` and `until` are then the widest that it can have been. */
  lost?: LostPart;
}

/**
 * What of a hold happened in a time of which nothing is known: its beginning, its end, or perhaps a break, after which
 * the holder took the address again.
 */
export interface LostPart {
  what: 'beginning' | 'break' | 'end';
  from: string;
  until: string;
}

/** Who has an address at a revision. The ledger has all that was written up to this revision. */
export interface HoldersNow {
  revision: number;
  /** Milliseconds since the epoch. */
  at: number;
  holders: AddressHolder[];
}

/** Which holds are wanted: those that overlap the time from `since` up to and including `until`. */
export interface HoldFilter {
  space: string;
  address: string;
  since?: number | undefined;
  until?: number | undefined;
  /** The times of which events were lost, in their order. */
  gaps?: readonly LostGap[] | undefined;
  /** Absent: it is not known whether holds that have not ended are still held. */
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

/** The steps of a plot: each of `step` milliseconds, the first begins at `since`, the last before `until`. */
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

/** What may be kept. */
export interface Retention {
  /** Milliseconds since the epoch: what ended before is deleted. */
  before?: number | undefined;
  maxEvents?: number | undefined;
  /** Samples from before this time are thinned out to one an hour. */
  hourlyBefore?: number | undefined;
}

/** Which store's history a ledger has. */
export interface LedgerIdentity {
  id: string;
  /** True if nothing was ever written into it. */
  isEmpty: boolean;
}

/** Every method rejects with {@link LedgerUnavailable} if the ledger cannot be reached, read or written. */
export interface Ledger {
  identity(): Promise<LedgerIdentity>;
  /**
   * Keeps what the rows of the outbox tell. Rows that it has already change nothing. Returns the keys of the rows that
   * cannot be read: nothing of these is kept.
   */
  append(rows: readonly OutboxRow[]): Promise<string[]>;
  appendSamples(samples: readonly UsageSample[]): Promise<void>;
  /** Returns events, the one with the highest revision first. */
  listEvents(filter: EventFilter, page: PageWanted): Promise<LedgerPage<LedgerEvent>>;
  /** Returns who had an address, the last one to take it first. */
  addressHistory(filter: HoldFilter, page: PageWanted): Promise<LedgerPage<AddressHold>>;
  usage(wanted: UsageWanted): Promise<UsageStep[]>;
  /**
   * Deletes what need not be kept, in pieces, between which others can write. An address that is still held keeps its
   * beginning. Returns the number of deleted rows.
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

/** Another replica has the ledger. */
export class LedgerElsewhere extends Error {
  readonly replica: string;

  constructor(replica: string) {
    super(`the ledger is at the replica '${replica}'`);
    this.name = 'LedgerElsewhere';
    this.replica = replica;
  }
}

/** The rows that one transaction may have in a table: its ids end where the next revision's begin. */
const idsPerRevision = 65_536;
export const maxIndex = idsPerRevision - 1;
/** The ids of this revision are still exact numbers. */
export const maxRevision = 2 ** 37 - 1;

/** Returns the id of a row in the tables: it orders the rows as the store's history does. */
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

/** Returns the row's id for one that was shown, or undefined for another text. */
export function parseShownId(text: string): number | undefined {
  const [, revision, index] = /^(0|[1-9]\d{0,11})-(0|[1-9]\d{0,4})$/.exec(text) ?? [];
  if (revision === undefined || Number(index) >= idsPerRevision) return undefined;
  const id = rowId(Number(revision), Number(index));
  return Number.isSafeInteger(id) ? id : undefined;
}
