// Parses requests about pools: checks the fields of a request and returns a pool. A refusal names the path of the
// field.

import { atField } from '../../errors.ts';
import { type Pool, poolDefaults, poolFrom } from '../../model/pool.ts';
import { mergePatch } from '../input/merge-patch.ts';

/** A pool as people write it. Every field except `ranges` has a default. */
export type PoolInput = Partial<Omit<Pool, 'name'>>;

/** Returns the pool that the input asks for. Refuses with `invalid_request`. */
export function parsePoolInput(name: string, input: PoolInput): Pool {
  return atField('', () => poolFrom(name, input));
}

/** Returns the pool that `current` becomes with the merge patch. Refuses with `invalid_request`. */
export function parsePoolPatch(current: Pool, patch: object): Pool {
  return parsePoolInput(current.name, mergePatch(current, patch));
}

/** Refuses with `invalid_request` a merge patch that is faulty for every pool. */
export function checkPoolPatch(patch: object): void {
  parsePoolPatch({ ...poolDefaults, name: 'any', ranges: ['0.0.0.0'] }, patch);
}
