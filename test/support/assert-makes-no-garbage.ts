// Asserts that code makes no garbage: the heap does not grow while the code runs.

import assert from 'node:assert/strict';
import { GCProfiler } from 'node:v8';

const maxWindows = 40;

/**
 * Asserts that `run`, which does something `calls` times, leaves nothing on the heap. Repeats it until the heap has not
 * grown in one of the runs, because V8's compilers also allocate from time to time, and a collection hides what was
 * allocated. An allocation of our code shows in every run: even one number object (16 octets) in one of ten calls
 * exceeds the limit.
 */
export function assertMakesNoGarbage(calls: number, run: () => void): void {
  const grown: number[] = [];
  for (let window = 0; window < maxWindows; window += 1) {
    const profiler = new GCProfiler();
    profiler.start();
    const before = process.memoryUsage().heapUsed;
    run();
    const growth = process.memoryUsage().heapUsed - before;
    if (profiler.stop().statistics.length > 0) continue;
    if (growth < calls / 10) return;
    grown.push(growth);
  }
  assert.fail(`the heap grew in every run of ${calls} calls, in octets: ${grown.join(', ')}`);
}
