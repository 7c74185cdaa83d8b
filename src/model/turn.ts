// Shares the event loop between requests with long work. All of them together get a few milliseconds of each pass of
// the loop, and the rest of the work waits in line for later passes. So a health check, which does not wait in line,
// and the store's watch wait for one pass at most, however many requests there are. All work that requests do in slices
// uses this file (test/model/turn.test.ts).
// Node accepts one connection in each pass. So a health check on a new connection waits one pass for each connection
// before it, and most passes have no work of requests while connections arrive (test/http/turns.test.ts).

/** The time of a pass for all requests together. A slice that has begun is not interrupted. */
const passMilliseconds = 5;
/** How long the work in line waits while a connection is accepted in each pass. Then it gets the time of one pass. */
const arrivalMilliseconds = 20;

/** The work that waits for a later pass, in order. */
let line: (() => void)[] = [];
/** The work that may run in this pass, in order. */
let current: (() => void)[] = [];
let isScheduled = false;
/** The end of the requests' time in this pass, by performance.now(). */
let endsAt = 0;
/** True if a connection was accepted since the last pass. */
let hasArrived = false;
/** While connections arrive, passes have no work until this time, by performance.now(). Undefined: passes have work. */
let waitsUntil: number | undefined;

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

/** Notes that a connection was accepted: other connections may wait to be accepted. */
export function noteArrival(): void {
  hasArrived = true;
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(beginPass);
}

function beginPass(): void {
  isScheduled = false;
  const now = performance.now();
  if (waitsForArrivals(now)) {
    endsAt = now;
    schedule();
    return;
  }
  endsAt = now + passMilliseconds;
  // Work that asks again during this pass waits for the next pass.
  current = [...current, ...line];
  line = [];
  if (current.length > 0) runNext();
}

/** Returns whether this pass has no work, so that the next connection is accepted sooner. */
function waitsForArrivals(now: number): boolean {
  waitsUntil = hasArrived ? (waitsUntil ?? now + arrivalMilliseconds) : undefined;
  hasArrived = false;
  if (waitsUntil !== undefined && now < waitsUntil) return true;
  waitsUntil = undefined;
  return false;
}

/** Runs the first work of `current`, then more while there is time. */
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
