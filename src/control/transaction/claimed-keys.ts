// The keys that other requests are about to write, as a decision asks for them. Notes whether the decision has met one.

import type { Batch } from './batch.ts';
import type { DecisionContext } from './decision.ts';
import type { Footprint } from './footprint.ts';

export class ClaimedKeys<Job> {
  readonly #batches: readonly Batch<Job>[];
  readonly #reserved: Footprint;
  /** True if the decision has asked for a key that another request is about to write. */
  wereMet = false;

  /** `reserved`: the keys of jobs that wait. */
  constructor(batches: readonly Batch<Job>[], reserved: Footprint) {
    this.#batches = batches;
    this.#reserved = reserved;
  }

  has(key: string): boolean {
    const isClaimed = this.#reserved.written.has(key) || this.#batches.some(({ keys }) => keys.written.has(key));
    this.wereMet ||= isClaimed;
    return isClaimed;
  }
}

/** No key is claimed. */
export const noneClaimed: DecisionContext['claimed'] = new Set<string>();
