// Parses what people ask of pools: text fields in, a checked pool out. Refusals carry the field's path.

import { atField } from '../../errors.ts';
import { type Pool, poolFrom } from '../../model/pool.ts';
import { mergePatch } from '../input/merge-patch.ts';

/** A pool as people write it. All but the ranges has a default. */
export type PoolInput = Partial<Omit<Pool, 'name'>>;

/** Returns the pool that the input asks for. Refuses with `invalid_request`. */
export function parsePoolInput(name: string, input: PoolInput): Pool {
  return atField('', () => poolFrom(name, input));
}

/** Returns the pool that a merge patch of the input's fields asks for. */
export function parsePoolPatch(current: Pool, patch: object): Pool {
  return parsePoolInput(current.name, mergePatch(current, patch));
}
