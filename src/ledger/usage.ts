// How full a pool was, in steps for a plot. Samples are written when something has changed, so a step without a sample
// has the level of the previous step.

import { timestamp } from '../model/timestamp.ts';
import type { Client } from './client.ts';
import { type Family, families, type PoolLevel, type StepLevel, type UsageStep, type UsageWanted } from './ledger.ts';

interface BucketRow extends PoolLevel {
  family: Family;
  bucket: bigint;
  peak: number;
}

/**
 * Returns the steps. A step has a level for each family: that of its last sample, and its peak. CROSS JOIN keeps the
 * order of the tables, so that SQLite looks up each last sample by its key. Otherwise SQLite would read all samples for
 * each step (test/ledger/usage-plan.test.ts).
 */
export async function listUsage(client: Client, { pool, since, until, step }: UsageWanted): Promise<UsageStep[]> {
  const [from, to, width] = [BigInt(since), BigInt(until), BigInt(step)];
  const buckets = await client.$queryRaw<BucketRow[]>`
    SELECT last."family", last."bucket", last."peak", "capacity", "used", "recorded", "cooling_down" AS "coolingDown"
    FROM (
      SELECT "family", ("at" - ${from}) / ${width} AS "bucket", max("at") AS "at", max("used") AS "peak"
      FROM "usage_sample"
      WHERE "pool" = ${pool} AND "family" IN ('ipv4', 'ipv6') AND "at" >= ${from} AND "at" < ${to} GROUP BY 1, 2
    ) last CROSS JOIN "usage_sample" sample
    WHERE sample."pool" = ${pool} AND sample."family" = last."family" AND sample."at" = last."at"`;
  const found = new Map(buckets.map((row) => [`${row.family} ${row.bucket}`, row]));
  const current: { [F in Family]?: PoolLevel } = {};
  for (const family of families) {
    const earlier = await client.usageSample.findFirst({
      where: { pool, family, at: { lt: from } },
      orderBy: { at: 'desc' },
    });
    if (earlier !== null) current[family] = levelOf(earlier);
  }
  const steps: UsageStep[] = [];
  for (let bucket = 0; since + bucket * step < until; bucket += 1) {
    const levels: { [F in Family]?: StepLevel } = {};
    for (const family of families) {
      const row = found.get(`${family} ${bucket}`);
      const before = current[family];
      const level = row === undefined ? before : levelOf(row);
      if (level === undefined) continue;
      current[family] = level;
      levels[family] = { ...level, peak: Math.max(before?.used ?? 0, row?.peak ?? 0) };
    }
    steps.push({ at: timestamp(since + bucket * step), ...levels });
  }
  return steps;
}

function levelOf({ capacity, used, recorded, coolingDown }: PoolLevel): PoolLevel {
  return { capacity, used, recorded, coolingDown };
}
