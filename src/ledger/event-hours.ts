// Finds the ids of the events of a time. The table `event_hour` has a range of ids for each hour. An index on the hour
// of each event would be much larger.

import type { Client } from './client.ts';

/** The largest hour that fits the column of four octets. */
export const maxHour = 2 ** 31 - 1;

export interface Ids {
  first: bigint;
  last: bigint;
}

/**
 * Returns a range that contains the ids of all events of these hours; undefined if there are none. The range may be too
 * wide.
 */
export async function idsOfHours(client: Client, from: number, to: number): Promise<Ids | undefined> {
  const [ids] = await client.$queryRaw<{ first: bigint | null; last: bigint | null }[]>`
    SELECT min("first") AS "first", max("last") AS "last" FROM "event_hour" WHERE "hour" >= ${from} AND "hour" <= ${to}`;
  return ids?.first == null || ids.last === null ? undefined : { first: ids.first, last: ids.last };
}

/** Deletes the hours before `before` that have no events. Others may write events of these hours at the same time. */
export async function forgetHours(client: Client, before: number): Promise<void> {
  await client.$transaction([
    // On PostgreSQL, this waits for transactions that write events of these hours, so that the next statement sees
    // these events.
    client.$executeRaw`UPDATE "event_hour" SET "last" = "last" WHERE "hour" < ${before}`,
    client.$executeRaw`
      DELETE FROM "event_hour" WHERE "hour" < ${before} AND NOT EXISTS (
        SELECT 1 FROM "event"
        WHERE "id" >= "event_hour"."first" AND "id" <= "event_hour"."last" AND "event"."hour" = "event_hour"."hour")`,
  ]);
}
