// Parses requests about pools: checks the fields of a request and returns a pool. A refusal names the path of the
// field.

import { atField, refuseField } from '../../errors.ts';
import { type Pool, poolDefaults, poolFrom, poolShape } from '../../model/pool.ts';
import { isKnown, orUnknown } from '../../model/unknown.ts';
import { mergePatch } from '../input/merge-patch.ts';
import { checkReadOnly } from '../input/read-only.ts';
import { parseAll } from '../input/refusals.ts';
import type { WantedCarving } from './carve-pool.ts';
import type { WantedSplit } from './split-pool.ts';

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
 * Returns the pool that `current` becomes with the merge patch. `parentName`: the name of its parent. Refuses with
 * `invalid_request`, and with `precondition_failed` another id.
 */
export function parsePoolPatch(
  current: Pool,
  { parent, ...patch }: { parent?: unknown; [field: string]: unknown },
  parentName: string | null = null,
): Pool {
  const { name, ...settings } = mergePatch(current, patch);
  checkReadOnly({ parent }, { parent: parentName });
  checkReadOnly({ id: settings.id }, { id: current.id });
  return parsePoolInput(name, { ...settings, id: current.id });
}

/**
 * Returns the pool that a PUT makes of `current`. It keeps its id and its name. Refuses with `precondition_failed` if
 * the request has another id, and with `invalid_request` if it has another name.
 */
export function parsePoolPut(
  wanted: Pool,
  { id, name, parent, autoAssign }: { id: unknown; name: unknown; parent: unknown; autoAssign: boolean | undefined },
  current: Pool | undefined,
  parentName: string | null,
): Pool {
  const pool = current === undefined ? wanted : keepPlace(wanted, current, autoAssign);
  parseAll(
    () => checkReadOnly({ id }, current && { id: current.id }),
    () => checkReadOnly({ parent }, { parent: parentName }),
    () => {
      if (name === undefined || !isKnown(name) || !isKnown(pool.name) || name === pool.name) return;
      refuseField('invalid_request', '/name', 'is not the name in the path: rename with PATCH');
    },
  );
  return pool;
}

function keepPlace(wanted: Pool, { id, name, parent }: Pool, autoAssign = parent === undefined): Pool {
  return { ...wanted, id, name, autoAssign, ...(parent !== undefined && { parent }) };
}

/** Refuses with `invalid_request` a merge patch that is faulty for every pool. */
export function checkPoolPatch({ parent: _, ...patch }: { parent?: unknown; [field: string]: unknown }): void {
  const { name, ...settings } = mergePatch({ ...poolDefaults, name: 'any', ranges: ['0.0.0.0'] }, patch);
  parsePoolInput(name, settings);
}

/** A pool to carve, as people write it. */
type CarveInput = Pick<WantedCarving, 'name' | 'prefixLength' | 'family'> & WantedCarving['settings'];

/** Returns the carving that the input asks for. Refuses with `invalid_request`. */
export function parseCarveInput(parent: string, id: string, input: CarveInput): WantedCarving {
  const { name, prefixLength, family, ...settings } = input;
  const whole = parsePoolInput(name, { ...settings, ranges: ['0.0.0.0'] });
  const parsed = orUnknown(() => ({ ...settings, exclude: whole.exclude, tags: whole.tags }));
  return { parent, id, name, prefixLength, ...(family && { family }), settings: parsed };
}

/** Returns the split that the input asks for. `id`: that of the new pool. Refuses with `invalid_request`. */
export function parseSplitInput(
  pool: string,
  id: string,
  { name, ranges }: { name: string; ranges: string[] },
): Omit<WantedSplit, 'precondition'> {
  const parsed = parsePoolInput(name, { ranges });
  return { pool, id, name, ranges: orUnknown(() => poolShape(parsed).ranges) };
}
