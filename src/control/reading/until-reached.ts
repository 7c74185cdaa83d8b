// Waits until the views reach a revision of the store, but not for long: the store may be away.

import { refuse } from '../../errors.ts';
import type { Revision } from '../../model/revision.ts';
import { within } from '../../store/within.ts';
import type { Views } from '../../views/views.ts';

/** About as long as a call of the store takes to give up. */
const maxMilliseconds = 4000;

/**
 * Resolves when this replica serves all changes up to the revision. Refuses with `store_unavailable` and `detail` if it
 * takes too long.
 */
export async function untilReached(
  views: Views,
  revision: Revision,
  detail = 'this replica does not receive changes from the store: try again later',
  milliseconds = maxMilliseconds,
): Promise<void> {
  if (views.revision >= revision) return;
  if (!(await within(views.reached(revision), milliseconds))) refuse('store_unavailable', detail);
}

/** The same for the revision of a committed change: the refusal says that the change is durable. */
export function untilServed(views: Views, revision: Revision, milliseconds?: number): Promise<void> {
  const detail = `the change is durable (revision ${revision}), but this replica does not serve it yet`;
  return untilReached(views, revision, detail, milliseconds);
}
