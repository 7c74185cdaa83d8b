// Samples how full the pools are. A level is written only if it differs from the last written one.

import type { Views } from '../views/views.ts';
import { families, type PoolLevel, type UsageSample } from './ledger.ts';

export class UsageSampler {
  readonly #views: Views;
  /** The last level that was written, by pool and family. */
  readonly #written = new Map<string, string>();

  constructor(views: Views) {
    this.#views = views;
  }

  /** Returns the levels that differ from the last ones given to {@link noteWritten}. */
  sample(now: number): UsageSample[] {
    const samples: UsageSample[] = [];
    for (const { value: pool } of this.#views.pools.list()) {
      const usage = this.#views.pools.usage(pool.id, now);
      for (const family of families) {
        const found = usage?.[family];
        if (found === undefined) continue;
        const { capacity, used, recorded, coolingDown } = found;
        const level: PoolLevel = {
          capacity: Number(capacity),
          used: Number(used),
          recorded: Number(recorded),
          coolingDown: Number(coolingDown),
        };
        const sample = { pool: pool.id, family, at: now, ...level };
        if (this.#written.get(nameOf(sample)) !== textOf(sample)) samples.push(sample);
      }
    }
    return samples;
  }

  noteWritten(samples: readonly UsageSample[]): void {
    for (const sample of samples) this.#written.set(nameOf(sample), textOf(sample));
  }
}

function nameOf({ pool, family }: UsageSample): string {
  return `${family} ${pool}`;
}

function textOf({ capacity, used, recorded, coolingDown }: UsageSample): string {
  return [capacity, used, recorded, coolingDown].join();
}
