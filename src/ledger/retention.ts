// Deletes rows beyond the limits, in pieces, so that others can write in between. Each function yields after each
// piece.

import type { Client } from './client.ts';
import { forgetHours, idsOfHours } from './event-hours.ts';
import type { Retention } from './ledger.ts';
import { millisecondsPerHour } from './rows.ts';

/** The rows of one piece. SQLite deletes them in about 30 ms. */
const piece = 1000;
/**
 * A run thins out only the samples of the last 7 days before `hourlyBefore`. Earlier runs have thinned out the older
 * ones.
 */
const thinnedMilliseconds = 7 * 24 * millisecondsPerHour;

interface Piece {
  rows: number;
  milliseconds: number;
}

export async function* deleteEvents(client: Client, { before, maxEvents }: Retention): AsyncGenerator<Piece> {
  const hour = Math.floor((before ?? 0) / millisecondsPerHour);
  const ids = before === undefined ? undefined : await idsOfHours(client, 0, hour - 1);
  if (ids !== undefined) {
    yield* pieces(
      (rows) => client.$executeRaw`
        DELETE FROM "event" WHERE "id" IN (
          SELECT "id" FROM "event" WHERE "id" >= ${ids.first} AND "id" <= ${ids.last} AND "hour" < ${hour}
          ORDER BY "id" LIMIT ${rows})`,
    );
    await forgetHours(client, hour);
  }
  const excess = maxEvents === undefined ? 0 : (await client.event.count()) - maxEvents;
  yield* pieces(
    (rows) => client.$executeRaw`
      DELETE FROM "event" WHERE "id" IN (SELECT "id" FROM "event" ORDER BY "id" LIMIT ${rows})`,
    excess,
  );
}

/**
 * Deletes holds that ended before `before`, and the oldest ended ones if there are more than `maxEvents` rows. An ended
 * hold usually has two rows.
 */
export async function* deleteUses(client: Client, { before, maxEvents }: Retention): AsyncGenerator<Piece> {
  const endedBefore = (time: number) => (rows: number) =>
    client.$executeRaw`
    WITH ended AS MATERIALIZED (
      SELECT "space", "address", "holder", max("id") AS "last" FROM (
        SELECT "space", "address", "holder", "id" FROM "address_use"
        WHERE "action" = 'released' AND "at" < ${BigInt(time)} ORDER BY "at" LIMIT ${Math.ceil(rows / 2)}
      ) oldest GROUP BY "space", "address", "holder"
    ), parts AS MATERIALIZED (
      SELECT part."id" FROM ended JOIN "address_use" part
        ON part."address" = ended."address" AND part."space" = ended."space"
        AND part."holder" = ended."holder" AND part."id" <= ended."last"
    )
    DELETE FROM "address_use" WHERE "id" IN (SELECT "id" FROM parts)`;
  if (before !== undefined) yield* pieces(endedBefore(before));
  const excess = maxEvents === undefined ? 0 : (await client.addressUse.count()) - maxEvents;
  yield* pieces(endedBefore(Number.MAX_SAFE_INTEGER), excess);
}

/** Deletes samples from before `before`. Of those from before `hourlyBefore`, leaves only the last of each hour. */
export async function* deleteSamples(client: Client, { before, hourlyBefore }: Retention): AsyncGenerator<Piece> {
  if (before !== undefined) {
    yield* pieces(
      (rows) => client.$executeRaw`
        DELETE FROM "usage_sample" WHERE ("pool", "family", "at") IN (
          SELECT "pool", "family", "at" FROM "usage_sample" WHERE "at" < ${BigInt(before)} ORDER BY "at" LIMIT ${rows})`,
    );
  }
  if (hourlyBefore === undefined) return;
  const hour = BigInt(millisecondsPerHour);
  // The end of the last hour that is completely before `hourlyBefore`.
  const end = (BigInt(hourlyBefore) / hour) * hour;
  yield* pieces(
    (rows) => client.$executeRaw`
      DELETE FROM "usage_sample" WHERE ("pool", "family", "at") IN (
        SELECT "pool", "family", "at" FROM "usage_sample" early
        WHERE "at" >= ${end - BigInt(thinnedMilliseconds)} AND "at" < ${end} AND EXISTS (
          SELECT 1 FROM "usage_sample" late WHERE late."pool" = early."pool" AND late."family" = early."family"
            AND late."at" > early."at" AND late."at" < (early."at" / ${hour} + 1) * ${hour})
        LIMIT ${rows})`,
  );
}

/** Deletes piece by piece, until about `max` rows are deleted or a piece finds none. */
async function* pieces(
  deletePiece: (rows: number) => Promise<number>,
  max = Number.POSITIVE_INFINITY,
): AsyncGenerator<Piece> {
  for (let left = max; left > 0; ) {
    const begin = performance.now();
    const rows = await deletePiece(Math.min(piece, left));
    if (rows === 0) return;
    left -= rows;
    yield { rows, milliseconds: performance.now() - begin };
  }
}
