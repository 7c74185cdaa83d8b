// Pools form a tree: a pool that was carved out of another one has that one as its parent.

import type { Pool } from '../../model/pool.ts';
import type { Views } from '../../views/views.ts';

/** Returns whether the pool was carved out of the other one, or out of a pool that was. */
export function isCarvedFrom(pools: Views['pools'], { parent }: Pool, other: Pool): boolean {
  const seen = new Set<string>();
  // Only an edit by hand can make a circle of parents.
  for (let id = parent; id !== undefined && !seen.has(id); id = pools.byId(id)?.value.parent) {
    if (id === other.id) return true;
    seen.add(id);
  }
  return false;
}
