// Waits until this replica serves what the store has, no longer than a caller should: the store may have gone away in between.

import { refuse } from '../../errors.ts';
import type { Revision } from '../../model/revision.ts';
import type { Views } from '../../views/views.ts';
import { settlesWithin } from './settles-within.ts';

/** As long as the store's own calls take to give up. */
const patienceMilliseconds = 4000;

/** Resolves when everything up to the revision is served. Refuses with `store_unavailable`, in the words of `otherwise`, when it takes too long. */
export async function untilReached(
  views: Views,
  revision: Revision,
  otherwise = 'this replica does not hear from the store what changes there: try again later',
  milliseconds = patienceMilliseconds,
): Promise<void> {
  if (views.revision >= revision) return;
  if (!(await settlesWithin(views.reached(revision), milliseconds))) refuse('store_unavailable', otherwise);
}

/** The same for a revision that a change made: a refusal says that the change stands. */
export function untilServed(views: Views, revision: Revision, milliseconds?: number): Promise<void> {
  const otherwise = `the change is durable (revision ${revision}), but this replica does not serve it yet`;
  return untilReached(views, revision, otherwise, milliseconds);
}
