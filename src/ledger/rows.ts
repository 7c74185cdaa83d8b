// Makes the rows of the ledger's tables from values of the outbox, and the statements that insert them. A statement
// takes all its rows as one JSON parameter, which costs a tenth of Prisma's createMany. Prisma also has no ON CONFLICT
// on SQLite.

import { InvalidValue } from '../model/invalid-value.ts';
import { outboxValue } from '../store/kinds/outbox.ts';
import { maxIndex, type OutboxRow, rowId, type UsageSample } from './ledger.ts';

export type Dialect = 'sqlite' | 'postgresql';
export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** Table → its columns with their types in PostgreSQL. */
const tables = {
  event: {
    id: 'bigint',
    at: 'bigint',
    hour: 'int',
    replica: 'text',
    resource: 'text',
    action: 'text',
    name: 'text',
    actor_kind: 'text',
    actor_id: 'text',
    actor_name: 'text',
    client: 'text',
    request_id: 'text',
    request: 'text',
    before: 'text',
    after: 'text',
    digest: 'boolean',
  },
  event_hour: {
    hour: 'bigint',
    first: 'bigint',
    last: 'bigint',
  },
  address_use: {
    id: 'bigint',
    at: 'bigint',
    space: 'text',
    address: 'text',
    action: 'text',
    holder: 'text',
    owner: 'text',
    pool: 'text',
  },
  usage_sample: {
    pool: 'text',
    family: 'text',
    at: 'bigint',
    capacity: 'float8',
    used: 'float8',
    recorded: 'float8',
    cooling_down: 'float8',
  },
} as const;

export type Table = keyof typeof tables;

/** Returns the clause of an INSERT for existing rows: they stay unchanged, but the range of an hour is widened. */
function conflictClause(dialect: Dialect, table: Table): string {
  if (table !== 'event_hour') return 'ON CONFLICT DO NOTHING';
  const [least, greatest] = dialect === 'postgresql' ? ['least', 'greatest'] : ['min', 'max'];
  const ranges = [
    `"first" = ${least}("event_hour"."first", excluded."first")`,
    `"last" = ${greatest}("event_hour"."last", excluded."last")`,
  ];
  return `ON CONFLICT ("hour") DO UPDATE SET ${ranges.join(', ')}`;
}

/** Returns the statement that inserts the rows of its parameter, all at once. */
export function insertStatement(dialect: Dialect, table: Table): string {
  const columns = Object.entries(tables[table]);
  const names = columns.map(([name]) => `"${name}"`).join(', ');
  const conflict = conflictClause(dialect, table);
  if (dialect === 'postgresql') {
    const typed = columns.map(([name, type]) => `"${name}" ${type}`).join(', ');
    return `INSERT INTO "${table}" (${names}) SELECT ${names} FROM json_to_recordset($1::json) AS rows(${typed}) ${conflict}`;
  }
  const values = columns.map((_, place) => `value ->> ${place}`).join(', ');
  // Without a WHERE, SQLite would parse ON CONFLICT as the ON of a join.
  return `INSERT INTO "${table}" (${names}) SELECT ${values} FROM json_each(?) WHERE true ${conflict}`;
}

/** Returns the parameter of {@link insertStatement}. SQLite finds a value by its place faster than by its name. */
export function insertParameter(dialect: Dialect, table: Table, rows: readonly Row[]): string {
  if (dialect === 'postgresql') return JSON.stringify(rows);
  const names = Object.keys(tables[table]);
  return JSON.stringify(rows.map((row) => names.map((name) => row[name])));
}

export const millisecondsPerHour = 3_600_000;

/** Returns the rows of a key of the outbox. Throws InvalidValue for an unreadable value. */
export function rowsOf(row: OutboxRow): { events: Row[]; uses: Row[] } {
  const { at: time, replica, decisions, revision = row.revision } = outboxValue.decode(row.value);
  const at = Date.parse(time);
  const hour = Math.floor(at / millisecondsPerHour);
  if (Number.isNaN(at)) throw new InvalidValue('the time of the stored events is not valid');
  const events: Row[] = [];
  const uses: Row[] = [];
  for (const { actor, events: made, uses: used } of decisions) {
    for (const { resource, action, name, before, after, digest = false } of made) {
      events.push({
        id: idAt(revision, events.length),
        at,
        hour,
        replica: storable(replica),
        resource,
        action,
        name: storable(name),
        actor_kind: actor.kind,
        actor_id: storable(actor.id),
        actor_name: storable(actor.name),
        client: storableOrNull(actor.from),
        request_id: storableOrNull(actor.requestId),
        request: storableOrNull(actor.request),
        before: before && JSON.stringify(before),
        after: after && JSON.stringify(after),
        digest,
      });
    }
    for (const { space, address, action, holder, owner, pool } of used) {
      const who = { holder: storable(holder), owner: storable(owner), pool };
      uses.push({ id: idAt(revision, uses.length), at, space, address, action, ...who });
    }
  }
  return { events, uses };
}

/** Returns a row for each hour of the events. The rows are in order, so that two transactions cannot deadlock. */
export function hourRows(events: readonly Row[]): Row[] {
  const hours = new Map<number, { hour: number; first: number; last: number }>();
  for (const event of events) {
    const [hour, id] = [Number(event.hour), Number(event.id)];
    const { first, last } = hours.get(hour) ?? { first: id, last: id };
    hours.set(hour, { hour, first: Math.min(first, id), last: Math.max(last, id) });
  }
  return [...hours.values()].sort((a, b) => a.hour - b.hour);
}

export function sampleRow({ coolingDown, ...others }: UsageSample): Row {
  return { ...others, cooling_down: coolingDown };
}

function idAt(revision: number, index: number): number {
  if (index > maxIndex) throw new InvalidValue('the transaction has more events than ids');
  return rowId(revision, index);
}

/** Replaces what PostgreSQL cannot have in a text: NUL, and half of a surrogate pair. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\u{fffd}');
}

function storableOrNull(text: string | undefined): string | null {
  return text === undefined ? null : storable(text);
}
