// The doorbell wakes a sleeping taker. It is one cell of shared memory, which all answering threads ring.

/**
 * The values of the cell. Answering threads ring only while the taker sleeps; at other times, the doorbell costs them
 * only one load.
 */
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
 * Runs `wake` when the bell rings, or soon if `hasWork()` is true now. `hasWork` is called after the cell was set to
 * `asleep`, so every query that it misses rings the bell (test/dns/handed-on/doorbell.test.ts).
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
