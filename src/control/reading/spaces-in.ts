// The spaces in which an address may be held.

import { defaultSpace } from '../../model/pool.ts';
import type { Views } from '../../views/views.ts';

/** Returns the default space and those of all pools. */
export function spacesIn({ pools }: Views): Set<string> {
  return new Set([defaultSpace, ...[...pools.list()].map(({ value }) => value.space)]);
}
