// Who had an address, and when. The table has the beginnings and the ends, each when it was written; a hold is put
// together when it is read. So it does not matter in which order the rows have arrived.

import { timestamp } from '../model/timestamp.ts';
import type { Client } from './client.ts';
import {
  type AddressHold,
  type HoldFilter,
  type LedgerPage,
  type PageWanted,
  parseShownId,
  shownId,
} from './ledger.ts';

interface HoldRow {
  id: bigint;
  holder: string;
  owner: string;
  pool: string | null;
  from: bigint | null;
  until: bigint | null;
}

const minTime = 0;
const maxTime = Number.MAX_SAFE_INTEGER;

/**
 * Returns the holds of an address that overlap a time, the newest first. A beginning lasts to the next row of the same
 * holder. An end without a beginning is a hold from before the ledger began.
 */
export async function listHolds(
  client: Client,
  { space, address, since = minTime, until = maxTime }: HoldFilter,
  { limit, before }: PageWanted,
): Promise<LedgerPage<AddressHold>> {
  const below = BigInt((before === undefined ? undefined : parseShownId(before)) ?? maxTime);
  const rows = await client.$queryRaw<HoldRow[]>`
    WITH uses AS (
      SELECT "id", "at", "action", "holder", "owner", "pool",
             lag("action") OVER of_holder AS "earlier",
             lead("at") OVER of_holder AS "next"
      FROM "address_use" WHERE "address" = ${address} AND "space" = ${space}
      WINDOW of_holder AS (PARTITION BY "holder" ORDER BY "id")
    ), holds AS (
      SELECT "id", "holder", "owner", "pool", "at" AS "from", "next" AS "until" FROM uses WHERE "action" = 'taken'
      UNION ALL
      SELECT "id", "holder", "owner", "pool", NULL, "at" FROM uses
      WHERE "action" = 'released' AND ("earlier" IS NULL OR "earlier" = 'released')
    )
    SELECT * FROM holds
    WHERE "id" < ${below}
      AND ("from" IS NULL OR "from" <= ${BigInt(until)})
      AND ("until" IS NULL OR "until" > ${BigInt(since)})
    ORDER BY "id" DESC LIMIT ${limit + 1}`;
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(({ holder, owner, pool, from, until: end }) => ({
      holder,
      owner,
      pool,
      from: timeOrNull(from),
      until: timeOrNull(end),
    })),
    next: rows.length > limit && last !== undefined ? shownId(Number(last.id)) : undefined,
  };
}

function timeOrNull(time: bigint | null): string | null {
  return time === null ? null : timestamp(Number(time));
}
