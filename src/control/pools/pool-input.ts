// Parses requests about pools: checks the fields of a request and returns a pool. A refusal names the path of the
// field.

import { atField, refuseField } from '../../errors.ts';
import { type Pool, poolDefaults, poolFrom } from '../../model/pool.ts';
import { isKnown } from '../../model/unknown.ts';
import { mergePatch } from '../input/merge-patch.ts';
import { checkReadOnly } from '../input/read-only.ts';
import { parseAll } from '../input/refusals.ts';

/**
 * A pool as people write it. Every field except `ranges` has a default. `id`: for a new pool, the caller makes it,
 * because all attempts of a decision must have the same.
 */
export type PoolInput = Partial<Omit<Pool, 'name'>>;

/** Returns the pool that the input asks for. Refuses with `invalid_request`. */
export function parsePoolInput(name: string, input: PoolInput): Pool {
  return atField('', () => poolFrom(name, input));
}

/**
 * Returns the pool that `current` becomes with the merge patch. Refuses with `invalid_request`, and with
 * `precondition_failed` another id.
 */
export function parsePoolPatch(current: Pool, patch: object): Pool {
  const { name, ...settings } = mergePatch(current, patch);
  checkReadOnly({ id: settings.id }, { id: current.id });
  return parsePoolInput(name, { ...settings, id: current.id });
}

/**
 * Returns the pool that a PUT makes of `current`. It keeps its id and its name. Refuses with `precondition_failed` if
 * the request has another id, and with `invalid_request` if it has another name.
 */
export function parsePoolPut(
  wanted: Pool,
  { id, name }: { id: unknown; name: unknown },
  current: Pool | undefined,
): Pool {
  const pool = current === undefined ? wanted : { ...wanted, id: current.id, name: current.name };
  parseAll(
    () => checkReadOnly({ id }, current && { id: current.id }),
    () => {
      if (name === undefined || !isKnown(name) || !isKnown(pool.name) || name === pool.name) return;
      refuseField('invalid_request', '/name', 'is not the name in the path: rename with PATCH');
    },
  );
  return pool;
}

/** Refuses with `invalid_request` a merge patch that is faulty for every pool. */
export function checkPoolPatch(patch: object): void {
  const { name, ...settings } = mergePatch({ ...poolDefaults, name: 'any', ranges: ['0.0.0.0'] }, patch);
  parsePoolInput(name, settings);
}
