// Checks that calls to an etcd that cannot be reached fail within five seconds. The machine of the test may be slow at
// times.

import assert from 'node:assert/strict';

/** Asserts that the median of these times, in milliseconds, is below 5 s, and that all are below 10 s. */
export function assertFiveSeconds(took: readonly number[]): void {
  const sorted = took.toSorted((a, b) => a - b);
  assert.ok((sorted[(sorted.length - 1) >> 1] ?? 0) < 5_000 && (sorted.at(-1) ?? 0) < 10_000, `took ${sorted} ms`);
}
