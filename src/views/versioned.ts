// A stored value as every view returns it.

import type { Revision } from '../model/revision.ts';

/** A value of the store with the revision that wrote it. */
export interface Versioned<T> {
  value: T;
  modified: Revision;
}
