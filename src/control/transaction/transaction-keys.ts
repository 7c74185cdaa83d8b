// The key, or the prefix of keys, that a compare reads or an operation writes.

import type { Compare, Operation } from '../../store/store.ts';

/** Returns the key that the operation writes, or the prefix of the keys that it deletes. */
export function writtenKey(operation: Operation): string {
  return operation.kind === 'delete-prefix' ? operation.prefix : operation.key;
}

/** Returns the key that the compare reads, or the prefix of the keys that must be unchanged. */
export function comparedKey(compare: Compare): string {
  return compare.kind === 'quiet' ? compare.prefix : compare.key;
}
