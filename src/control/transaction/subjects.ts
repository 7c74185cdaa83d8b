// The key or the prefix that a compare or an operation is about.

import type { Compare, Operation } from '../../store/store.ts';

/** Returns the key or the prefix that the operation writes. */
export function targetOf(operation: Operation): string {
  return operation.kind === 'delete-prefix' ? operation.prefix : operation.key;
}

/** Returns the key or the prefix that the compare is about. */
export function subjectOf(compare: Compare): string {
  return compare.kind === 'quiet' ? compare.prefix : compare.key;
}
