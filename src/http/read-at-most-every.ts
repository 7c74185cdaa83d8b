// Limits how often a costly value is computed.

/** Returns a function that returns the last value, or reads a new one if the last is older than `milliseconds`. */
export function readAtMostEvery<T>(milliseconds: number, read: () => Promise<T>): () => Promise<T> {
  let last: { value: Promise<T>; at: number } | undefined;
  return () => {
    const now = performance.now();
    if (last === undefined || now - last.at >= milliseconds) last = { value: read(), at: now };
    return last.value;
  };
}
