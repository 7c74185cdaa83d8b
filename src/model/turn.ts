// Turns of the event loop. All requests together get a few milliseconds of each pass of it; those that want more wait
// in line for the next pass. So a health check, which never waits in line, and the store's watch have to wait for one
// pass only, however many requests there are. All work of requests in slices is sliced
// with this. Tested by test/model/turn.test.ts.

/** What requests together get of a pass. A slice of work that has begun is not interrupted. */
const passMilliseconds = 5;

/** Those that wait, in order. */
let line: (() => void)[] = [];
/** Those whose turn is in this pass. */
let current: (() => void)[] = [];
let isScheduled = false;
/** When the share of this pass is used up, by performance.now(). */
let endsAt = 0;

/** Waits for a turn. Returns undefined if there is time in this pass, and nobody waits. */
export function turn(): Promise<void> | undefined {
  const isFree = line.length === 0 && current.length === 0;
  if (!isScheduled) {
    schedule();
    endsAt = performance.now() + passMilliseconds;
  } else if (!isFree || performance.now() >= endsAt) return nextTurn();
  return undefined;
}

/** Waits for a turn in a later pass of the event loop, so that others get theirs between two slices of long work. */
export function nextTurn(): Promise<void> {
  schedule();
  return new Promise((resolve) => line.push(resolve));
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(beginPass);
}

function beginPass(): void {
  isScheduled = false;
  endsAt = performance.now() + passMilliseconds;
  // Who asks again during this pass waits for the next one.
  current = [...current, ...line];
  line = [];
  if (current.length > 0) runNext();
}

/** Lets the first in line work, then the others while there is time. At least one works in each pass. */
function runNext(): void {
  const resolve = current.shift();
  if (resolve === undefined) return;
  schedule();
  resolve();
  // Its work is done when all microtasks are: a tick comes after them.
  queueMicrotask(() => process.nextTick(runOrWait));
}

function runOrWait(): void {
  if (current.length > 0 && performance.now() < endsAt) runNext();
}
