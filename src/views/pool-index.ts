// The pools in memory, by id and by name. The id of a pool never changes, its name may. pool-view.ts keeps the index
// current.

import type { Pool } from '../model/pool.ts';
import type { Revision } from '../model/revision.ts';
import type { PoolState } from './pool-state.ts';
import { SortedMap } from './sorted-map.ts';

type NameAndId = readonly [name: string, id: string];

export class PoolIndex {
  readonly #byId = new Map<string, PoolState>();
  /**
   * Control gives no name to two pools. While the views load, a pool can arrive with the old name of a pool that
   * arrives later, so two pools may have one name for a moment, or if somebody wrote them into the store by hand.
   */
  readonly #byName = new SortedMap<NameAndId, PoolState>(
    undefined,
    (a, b) => compareTexts(a[0], b[0]) || compareTexts(a[1], b[1]),
  );

  get size(): number {
    return this.#byId.size;
  }

  byId(id: string): PoolState | undefined {
    return this.#byId.get(id);
  }

  /** Returns the pool of that name. If several pools have the name, returns the one with the lowest id. */
  byName(name: string): PoolState | undefined {
    const pair = this.#byName.nextHigherPair([name, '']);
    return pair !== undefined && pair[0][0] === name ? pair[1] : undefined;
  }

  /** Yields the pools in the order of their names. With `after`, only those after that name. */
  *list(after?: string): Generator<PoolState> {
    for (const [[name], pool] of this.#byName.entries(after === undefined ? undefined : [after, ''])) {
      if (name !== after) yield pool;
    }
  }

  add(pool: PoolState): void {
    const { id, name } = pool.value;
    this.#byId.set(id, pool);
    this.#byName.set([name, id], pool);
  }

  delete({ value: { id, name } }: PoolState): void {
    this.#byId.delete(id);
    this.#byName.delete([name, id]);
  }

  /** Sets new settings of a pool, and its new name. `countsAs` of the pool must be true for them. */
  renew(pool: PoolState, value: Pool, modified: Revision): void {
    this.delete(pool);
    pool.renew(value, modified);
    this.add(pool);
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
