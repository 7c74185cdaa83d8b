// Limits how often a costly value is computed, however often it is asked for.

/** Returns a function that returns the last value, and reads a new one if the last is older than the time given. */
export function readAtMostEvery<T>(milliseconds: number, read: () => Promise<T>): () => Promise<T> {
  let last: { value: Promise<T>; at: number } | undefined;
  return () => {
    const now = performance.now();
    if (last === undefined || now - last.at >= milliseconds) last = { value: read(), at: now };
    return last.value;
  };
}
