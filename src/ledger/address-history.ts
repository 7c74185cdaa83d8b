// Lists the holders of an address in the past. The table has a row for each beginning and each end of a hold; a read
// combines them, so the rows may arrive in any order. If rows are missing, because events were lost or never written,
// the hold says what is not known.

import { laterOf, timestamp } from '../model/timestamp.ts';
import type { LostGap } from '../store/kinds/ledger.ts';
import type { Client } from './client.ts';
import {
  type AddressHold,
  type HoldersNow,
  type HoldFilter,
  type LedgerPage,
  maxIndex,
  maxRevision,
  type PageWanted,
  parseShownId,
  revisionOf,
  rowId,
  shownId,
} from './ledger.ts';

interface HoldRow {
  id: bigint;
  action: 'taken' | 'released';
  holder: string;
  owner: string;
  pool: string | null;
  at: bigint;
  /** The previous row of the same holder. */
  previousId: bigint | null;
  previousAt: bigint | null;
  /** The next row of the same holder. */
  nextId: bigint | null;
  nextAt: bigint | null;
  nextAction: 'taken' | 'released' | null;
}

type LastRow = Pick<HoldRow, 'id' | 'action' | 'holder' | 'owner' | 'at'>;
type KnownHold = AddressHold & { id: number };

const minTime = 0;
const maxTime = Number.MAX_SAFE_INTEGER;

/** Returns the holds of an address that overlap a time, the newest first. */
export async function listHolds(
  client: Client,
  filter: HoldFilter,
  { limit, before }: PageWanted,
): Promise<LedgerPage<AddressHold>> {
  const { since = minTime, until = maxTime, now } = filter;
  const below = (before === undefined ? undefined : parseShownId(before)) ?? maxTime;
  const untold = (now === undefined ? [] : await listUntold(client, filter, now)).filter(({ id }) => id < below);
  const rows = await listRows(client, filter, below, limit + 1);
  const found = [...untold, ...rows.map((row) => holdOf(row, filter))];
  const shown = found.slice(0, limit);
  // A hold whose end is not known may have ended earlier than its rows say.
  const overlaps = ({ from, until: end }: AddressHold) =>
    (from === null || Date.parse(from) <= until) && (end === null || Date.parse(end) > since);
  const last = shown.at(-1);
  return {
    items: shown.filter(overlaps).map(({ id: _, ...hold }) => hold),
    next: found.length > limit && last !== undefined ? shownId(last.id) : undefined,
  };
}

/** Returns the rows that begin a hold, and the rows that end a hold whose beginning is missing. */
function listRows(
  client: Client,
  { space, address, since = minTime, until = maxTime }: HoldFilter,
  below: number,
  count: number,
): Promise<HoldRow[]> {
  return client.$queryRaw<HoldRow[]>`
    WITH uses AS (
      SELECT "id", "at", "action", "holder", "owner", "pool",
             lag("id") OVER of_holder AS "previousId",
             lag("at") OVER of_holder AS "previousAt",
             lag("action") OVER of_holder AS "previousAction",
             lead("id") OVER of_holder AS "nextId",
             lead("at") OVER of_holder AS "nextAt",
             lead("action") OVER of_holder AS "nextAction"
      FROM "address_use" WHERE "address" = ${address} AND "space" = ${space}
      WINDOW of_holder AS (PARTITION BY "holder" ORDER BY "id")
    )
    SELECT * FROM uses
    WHERE "id" < ${BigInt(below)} AND (
      ("action" = 'taken' AND "at" <= ${BigInt(until)} AND ("nextAt" IS NULL OR "nextAt" > ${BigInt(since)}))
      OR ("action" = 'released' AND ("previousAction" IS NULL OR "previousAction" = 'released')
        AND "at" > ${BigInt(since)})
    )
    ORDER BY "id" DESC LIMIT ${count}`;
}

/** Returns the hold that the row begins or ends. */
function holdOf(row: HoldRow, { gaps = [], now }: HoldFilter): KnownHold {
  const { holder, owner, pool } = row;
  const [id, at] = [Number(row.id), Number(row.at)];
  const known = { id, holder, owner, pool };
  if (row.action === 'released') {
    const previous = row.previousId === null ? -1 : Number(row.previousId);
    const lost = gapBetween(gaps, previous, id);
    const until = timestamp(at);
    if (row.previousAt === null) return { ...known, from: null, until, ...(lost && lostPart('beginning', lost)) };
    const time = lost ?? { from: timestamp(Number(row.previousAt)), until };
    return { ...known, from: time.from, until, ...lostPart('beginning', time) };
  }
  const from = timestamp(at);
  const next = row.nextAt === null ? null : timestamp(Number(row.nextAt));
  const lost = gapBetween(gaps, id, row.nextId === null ? maxTime : Number(row.nextId));
  const hasEnded = next === null ? now !== undefined && !isHeld(row, now) : row.nextAction === 'taken';
  if (!hasEnded) return { ...known, from, until: next, ...(lost && lostPart('break', lost)) };
  const time = lost ?? { from, until: next ?? timestamp(Math.max(at, now?.at ?? at)) };
  return { ...known, from, until: laterOf(from, time.until), ...lostPart('end', time) };
}

/** Returns whether the holder of an open hold still has the address. A hold that is newer than `now` counts as held. */
function isHeld({ id, holder, owner }: LastRow, { revision, holders }: HoldersNow): boolean {
  return revisionOf(Number(id)) > revision || holders.some((one) => one.holder === holder && one.owner === owner);
}

/** Returns the current holds whose beginnings are in no row. */
async function listUntold(
  client: Client,
  { space, address, gaps = [] }: HoldFilter,
  { revision, at, holders }: HoldersNow,
): Promise<KnownHold[]> {
  if (holders.length === 0) return [];
  const rows = await client.$queryRaw<LastRow[]>`
    SELECT "id", "at", "action", "holder", "owner" FROM "address_use" WHERE "id" IN (
      SELECT max("id") FROM "address_use" WHERE "address" = ${address} AND "space" = ${space} GROUP BY "holder")`;
  const lastRows = new Map(rows.map((row) => [row.holder, row]));
  const untold: KnownHold[] = [];
  for (const known of holders.toSorted((a, b) => (a.holder < b.holder ? -1 : 1))) {
    const last = lastRows.get(known.holder);
    if (last !== undefined && revisionOf(Number(last.id)) > revision) continue;
    if (last?.action === 'taken' && last.owner === known.owner) continue;
    // No row has an id this high, so these holds come first in the list.
    const id = rowId(maxRevision, maxIndex) - 1 - untold.length;
    const lost = gapBetween(gaps, last === undefined ? -1 : Number(last.id), maxTime);
    if (last === undefined)
      untold.push({ id, ...known, from: null, until: null, ...(lost && lostPart('beginning', lost)) });
    else {
      const time = lost ?? { from: timestamp(Number(last.at)), until: timestamp(at) };
      untold.push({ id, ...known, from: time.from, until: null, ...lostPart('beginning', time) });
    }
  }
  return untold;
}

/** Returns the time in which events between two rows may have been lost; undefined if none were. */
function gapBetween(
  gaps: readonly LostGap[],
  after: number,
  before: number,
): Pick<LostGap, 'from' | 'until'> | undefined {
  const found = gaps.filter(({ first, last }) => rowId(last, maxIndex) > after && rowId(first, 0) < before);
  const [one, other] = [found[0], found.at(-1)];
  return one && other && { from: one.from, until: laterOf(one.until, other.until) };
}

function lostPart(what: 'beginning' | 'break' | 'end', { from, until }: Pick<LostGap, 'from' | 'until'>) {
  return { lost: { what, from, until } };
}
