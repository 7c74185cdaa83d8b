// Asserts that code makes no garbage: the heap does not grow while the code runs.

import assert from 'node:assert/strict';
import { GCProfiler } from 'node:v8';

/**
 * Asserts that `run`, which does something `calls` times, leaves nothing on the heap. Runs it ten times and counts the
 * run in which the heap grew least, because V8's compilers also allocate from time to time. An allocation of our code
 * shows in every run: even one number object (16 octets) in one of ten calls exceeds the limit.
 */
export function assertMakesNoGarbage(calls: number, run: () => void): void {
  const grown: number[] = [];
  for (let window = 0; window < 10; window += 1) {
    const profiler = new GCProfiler();
    profiler.start();
    const before = process.memoryUsage().heapUsed;
    run();
    const growth = process.memoryUsage().heapUsed - before;
    if (profiler.stop().statistics.length === 0) grown.push(growth);
  }
  assert.ok(
    Math.min(...grown) < calls / 10,
    `the heap grew in every run of ${calls} calls, in octets: ${grown.join(', ')}`,
  );
}
