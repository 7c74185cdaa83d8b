// If-Match and If-None-Match as a use case sees them: checked against the view, proven by the transaction's compare.

import { refuse } from '../../errors.ts';
import type { Revision } from '../../model/revision.ts';

/** `match`: entity tags of which one must be the resource's; `*` any. `create`: the resource must not exist. */
export interface Precondition {
  match?: string[];
  create?: boolean;
}

/** A resource's entity tag: the revision that last wrote it. */
export function entityTag(modified: Revision): string {
  return `"${modified}"`;
}

/** Refuses with `precondition_failed` unless the resource is as the caller last saw it. `tag` is undefined where there is none. */
export function checkPrecondition({ match, create }: Precondition, tag: string | undefined): void {
  if (create === true && tag !== undefined)
    refuse('precondition_failed', 'the resource exists already (If-None-Match: *)');
  if (match === undefined) return;
  if (tag === undefined) refuse('precondition_failed', 'the resource does not exist (If-Match)');
  if (!match.includes('*') && !match.includes(tag)) {
    refuse('precondition_failed', `the resource is now ${tag}: read it again, then repeat the change`, {
      currentTag: tag,
    });
  }
}
