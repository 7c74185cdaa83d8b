// Waits until this replica serves a revision of the store. The wait is limited, because the store may not answer.

import { refuse } from '../../errors.ts';
import type { Revision } from '../../model/revision.ts';
import { within } from '../../model/within.ts';
import type { Views } from '../../views/views.ts';

/** The limit for the wait: as long as our calls to etcd wait for an answer. */
const maxMilliseconds = 4000;

/**
 * Resolves when this replica serves all changes up to the revision. If that takes too long, refuses with
 * `store_unavailable` and `detail`. Waits longer while the views are applying a revision.
 */
export async function untilReached(
  views: Views,
  revision: Revision,
  detail = 'this replica does not receive changes from the store: try again later',
): Promise<void> {
  if (views.revision >= revision) return;
  if (!(await isReached(views, revision, maxMilliseconds))) refuse('store_unavailable', detail);
}

/**
 * Returns whether this replica serves all changes up to the revision, at most about so many milliseconds later, or when
 * the views have applied what they are applying: a new default TTL of a large zone may take longer (views.ts).
 */
export async function isReached(views: Views, revision: Revision, milliseconds: number): Promise<boolean> {
  while (!(await within(views.reached(revision), milliseconds))) if (!views.applying) return false;
  return true;
}

/** Waits as {@link untilReached} does, for a committed change. The refusal says that the change is durable. */
export function untilServed(views: Views, revision: Revision): Promise<void> {
  const detail = `the change is durable (revision ${revision}), but this replica does not serve it yet`;
  return untilReached(views, revision, detail);
}
