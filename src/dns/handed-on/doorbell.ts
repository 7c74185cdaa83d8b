// Wakes a taker that has nothing to do: one cell of shared memory for all answering threads that hand queries on to it.

/** The cell's values. Answering threads ring only if the taker sleeps: a busy taker costs them one load. */
const state = { awake: 0, asleep: 1 } as const;

export function newDoorbell(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/** Wakes the taker, if it sleeps. */
export function ringDoorbell(bell: Int32Array): void {
  if (Atomics.load(bell, 0) === state.awake) return;
  if (Atomics.compareExchange(bell, 0, state.asleep, state.awake) === state.asleep) Atomics.notify(bell, 0);
}

/**
 * Runs `wake` once the bell rings; soon if `hasWork()`. It asks after it has set the bell, so that no query is written
 * unseen in between (test/dns/handed-on/doorbell.test.ts).
 */
export function sleepUntilRung(bell: Int32Array, hasWork: () => boolean, wake: () => void): void {
  Atomics.store(bell, 0, state.asleep);
  if (hasWork()) {
    Atomics.store(bell, 0, state.awake);
    setImmediate(wake);
    return;
  }
  const waiting = Atomics.waitAsync(bell, 0, state.asleep);
  if (waiting.async) void waiting.value.then(wake);
  else setImmediate(wake);
}
