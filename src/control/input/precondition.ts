// The preconditions of a request: If-Match and If-None-Match. They are checked against the views. The compares of the
// transaction prove that they still hold at the commit.

import { refuse } from '../../errors.ts';
import type { Revision } from '../../model/revision.ts';

/**
 * The state of a resource that a request requires. `match`: the resource must exist and have one of these entity tags;
 * `*` stands for any tag. `create`: the resource must not exist.
 */
export interface Precondition {
  match?: string[];
  create?: boolean;
}

/** Returns the entity tag of a resource: the revision that last wrote it. */
export function entityTag(modified: Revision): string {
  return `"${modified}"`;
}

/** Refuses with `precondition_failed` if the resource is not as required. `tag`: undefined if there is no resource. */
export function checkPrecondition({ match, create }: Precondition, tag: string | undefined): void {
  if (create === true && tag !== undefined)
    refuse('precondition_failed', 'the resource exists already (If-None-Match: *)', {}, 'header if-none-match');
  if (match === undefined) return;
  if (tag === undefined) refuse('precondition_failed', 'the resource does not exist (If-Match)', {}, 'header if-match');
  if (!match.includes('*') && !match.includes(tag)) {
    const message = `the resource is now ${tag}: read it again, then repeat the change`;
    refuse('precondition_failed', message, { currentTag: tag }, 'header if-match');
  }
}
