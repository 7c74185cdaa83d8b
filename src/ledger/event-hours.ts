// Which ids the events of a time have: the table has the lowest and the highest id of each hour. An index of the events
// by their hour would be as large as the events of a month.

import type { Client } from './client.ts';

/** No hour is later, and a column of four octets holds it. */
export const maxHour = 2 ** 31 - 1;

export interface Ids {
  first: bigint;
  last: bigint;
}

/** Returns the range of the ids that events of these hours have; undefined if there are none. It may be too wide. */
export async function idsOfHours(client: Client, from: number, to: number): Promise<Ids | undefined> {
  const [ids] = await client.$queryRaw<{ first: bigint | null; last: bigint | null }[]>`
    SELECT min("first") AS "first", max("last") AS "last" FROM "event_hour" WHERE "hour" >= ${from} AND "hour" <= ${to}`;
  return ids?.first == null || ids.last === null ? undefined : { first: ids.first, last: ids.last };
}

/** Forgets the hours before this one that have no events. Others may write events of them at the same time. */
export async function forgetHours(client: Client, before: number): Promise<void> {
  await client.$transaction([
    // PostgreSQL: this waits for those who write events of these hours, and the next statement sees them.
    client.$executeRaw`UPDATE "event_hour" SET "last" = "last" WHERE "hour" < ${before}`,
    client.$executeRaw`
      DELETE FROM "event_hour" WHERE "hour" < ${before} AND NOT EXISTS (
        SELECT 1 FROM "event"
        WHERE "id" >= "event_hour"."first" AND "id" <= "event_hour"."last" AND "event"."hour" = "event_hour"."hour")`,
  ]);
}
