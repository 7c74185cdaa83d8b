// Shares the event loop between requests with long work. All of them together get a few milliseconds of each pass of
// the loop, and the rest of the work waits in line for later passes. So a health check, which does not wait in line,
// and the store's watch wait for one pass at most, however many requests there are. All work of requests in slices uses
// this file (test/model/turn.test.ts).

/** The time of a pass for all requests together. A slice that has begun is not interrupted. */
const passMilliseconds = 5;

/** The work that waits for a later pass, in order. */
let line: (() => void)[] = [];
/** The work that may run in this pass, in order. */
let current: (() => void)[] = [];
let isScheduled = false;
/** The end of the requests' time in this pass, by performance.now(). */
let endsAt = 0;

/** Waits for a turn. Returns undefined if there is still time in this pass and no work waits. */
export function turn(): Promise<void> | undefined {
  const isFree = line.length === 0 && current.length === 0;
  if (!isScheduled) {
    schedule();
    endsAt = performance.now() + passMilliseconds;
  } else if (!isFree || performance.now() >= endsAt) return nextTurn();
  return undefined;
}

/** Waits for a turn in a later pass, so that other work gets its turn between two slices. */
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
  // Work that asks again during this pass waits for the next pass.
  current = [...current, ...line];
  line = [];
  if (current.length > 0) runNext();
}

/** Runs the first work in line, then more while there is time. At least one runs in each pass. */
function runNext(): void {
  const resolve = current.shift();
  if (resolve === undefined) return;
  schedule();
  resolve();
  // The slice has ended when all its microtasks have run. A tick comes after them.
  queueMicrotask(() => process.nextTick(runOrWait));
}

function runOrWait(): void {
  if (current.length > 0 && performance.now() < endsAt) runNext();
}
