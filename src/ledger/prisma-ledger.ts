// The ledger on a database, through Prisma's client. Both databases have the same tables and get the same statements;
// only the inserts differ (rows.ts). The same tests run on both databases.

import { setTimeout as delay, setImmediate as nextPass } from 'node:timers/promises';
import type { EventAction, EventResource } from '../model/audit-event.ts';
import { InvalidValue } from '../model/invalid-value.ts';
import { timestamp } from '../model/timestamp.ts';
import { listHolds } from './address-history.ts';
import type { Client, EventRow } from './client.ts';
import { idsOfHours, maxHour } from './event-hours.ts';
import {
  type AddressHold,
  type EventFilter,
  type HoldFilter,
  type Ledger,
  type LedgerEvent,
  type LedgerIdentity,
  type LedgerPage,
  type OutboxRow,
  type PageWanted,
  parseShownId,
  type Retention,
  shownId,
  type UsageSample,
  type UsageStep,
  type UsageWanted,
} from './ledger.ts';
import { deleteEvents, deleteSamples, deleteUses } from './retention.ts';
import {
  type Dialect,
  hourRows,
  insertParameter,
  insertStatement,
  millisecondsPerHour,
  type Row,
  rowsOf,
  sampleRow,
  type Table,
} from './rows.ts';
import { listUsage } from './usage.ts';

/** The maximum number of rows of events that are read at once. A row has up to about 64 kB. */
const rowsAtOnce = 100;
/** A page of events also ends after this many characters of changes. */
const maxPageCharacters = 1_000_000;

export class PrismaLedger implements Ledger {
  readonly #client: Client;
  readonly #dialect: Dialect;
  readonly #identity: string;
  #closing = false;

  constructor(client: Client, dialect: Dialect, identity: string) {
    this.#client = client;
    this.#dialect = dialect;
    this.#identity = identity;
  }

  async identity(): Promise<LedgerIdentity> {
    const [event, use] = [await this.#client.event.findFirst(), await this.#client.addressUse.findFirst()];
    return { id: this.#identity, isEmpty: event === null && use === null };
  }

  async append(rows: readonly OutboxRow[]): Promise<string[]> {
    const unreadable: string[] = [];
    const events: Row[] = [];
    const uses: Row[] = [];
    for (const row of rows) {
      try {
        const made = rowsOf(row);
        events.push(...made.events);
        uses.push(...made.uses);
      } catch (error) {
        if (!(error instanceof InvalidValue)) throw error;
        unreadable.push(row.key);
      }
    }
    await this.#client.$transaction([
      ...(events.length > 0 ? [this.#insert('event', events), this.#insert('event_hour', hourRows(events))] : []),
      ...(uses.length > 0 ? [this.#insert('address_use', uses)] : []),
    ]);
    return unreadable;
  }

  async appendSamples(samples: readonly UsageSample[]): Promise<void> {
    if (samples.length > 0) await this.#insert('usage_sample', samples.map(sampleRow));
  }

  async listEvents(filter: EventFilter, { limit, before }: PageWanted): Promise<LedgerPage<LedgerEvent>> {
    const { since, until, name } = filter;
    const isTimed = since !== undefined || until !== undefined;
    // With a name there are few events, so the ids need no bounds.
    const bounds = isTimed && name === undefined ? await this.#idsBetween(since, until) : {};
    const conditions = [...conditionsOf(filter), ...(isTimed ? [{ at: range(since, until) }] : []), bounds];
    let above: number | bigint | undefined = before === undefined ? undefined : parseShownId(before);
    const items: LedgerEvent[] = [];
    for (let characters = 0; ; ) {
      const take = Math.min(limit - items.length + 1, rowsAtOnce);
      const rows: EventRow[] = await this.#client.event.findMany({
        where: { AND: [...conditions, ...(above === undefined ? [] : [{ id: { lt: above } }])] },
        orderBy: { id: 'desc' },
        take,
      });
      for (const row of rows) {
        if (items.length === limit || characters >= maxPageCharacters) return { items, next: items.at(-1)?.id };
        items.push(shownEvent(row));
        characters += (row.before?.length ?? 0) + (row.after?.length ?? 0);
        above = row.id;
      }
      if (rows.length < take) return { items, next: undefined };
    }
  }

  addressHistory(filter: HoldFilter, page: PageWanted): Promise<LedgerPage<AddressHold>> {
    return listHolds(this.#client, filter, page);
  }

  usage(wanted: UsageWanted): Promise<UsageStep[]> {
    return listUsage(this.#client, wanted);
  }

  async retain(retention: Retention): Promise<number> {
    let deleted = 0;
    for (const step of [deleteEvents, deleteUses, deleteSamples]) {
      for await (const count of step(this.#client, retention)) {
        if (this.#closing) return deleted;
        deleted += count.rows;
        // Pauses for as long as this piece took, so that others can write.
        await delay(count.milliseconds);
        await nextPass();
      }
    }
    return deleted;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#client.$disconnect();
  }

  #insert(table: Table, rows: readonly Row[]) {
    const parameter = insertParameter(this.#dialect, table, rows);
    return this.#client.$executeRawUnsafe(insertStatement(this.#dialect, table), parameter);
  }

  /**
   * Returns bounds for the ids of the events of a time. Other events may lie within them: the order of times is only
   * nearly that of ids, because the clocks of replicas differ.
   */
  async #idsBetween(since: number | undefined, until: number | undefined) {
    const bounds = await idsOfHours(
      this.#client,
      hourOf(since ?? 0),
      until === undefined ? maxHour : hourOf(until - 1),
    );
    // No event matches: no id is below 0.
    return bounds === undefined ? { id: { lt: 0 } } : { id: { gte: bounds.first, lte: bounds.last } };
  }
}

function hourOf(time: number): number {
  return Math.floor(time / millisecondsPerHour);
}

/**
 * Returns the conditions of a filter. Only the first, which leaves the fewest events, can use an index. The others are
 * written so that no index fits, because SQLite does not know how many events a value has, and might choose a bad
 * index.
 */
function conditionsOf({ name, actor, resource, action }: EventFilter) {
  const given = Object.entries({ name, actorId: actor, resource, action }).filter(([, value]) => value !== undefined);
  return given.map(([field, value], index) =>
    index === 0 ? { [field]: value } : { NOT: { [field]: { not: value } } },
  );
}

function range(since: number | undefined, until: number | undefined) {
  return { ...(since !== undefined && { gte: since }), ...(until !== undefined && { lt: until }) };
}

function shownEvent(row: EventRow): LedgerEvent {
  const id = shownId(Number(row.id));
  return {
    id,
    revision: Number(id.split('-')[0]),
    at: timestamp(Number(row.at)),
    resource: row.resource as EventResource,
    action: row.action as EventAction,
    name: row.name,
    actor: {
      kind: row.actorKind as LedgerEvent['actor']['kind'],
      id: row.actorId,
      name: row.actorName,
      ...(row.client !== null && { from: row.client }),
      ...(row.requestId !== null && { requestId: row.requestId }),
      ...(row.request !== null && { request: row.request }),
    },
    replica: row.replica,
    before: row.before === null ? null : JSON.parse(row.before),
    after: row.after === null ? null : JSON.parse(row.after),
    digest: row.digest,
  };
}
