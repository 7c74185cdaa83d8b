// Limits how often a costly value is computed.

/**
 * The returned function returns the last value of `read`. If that value is older than `milliseconds`, the function
 * calls `read` again.
 */
export function readAtMostEvery<T>(milliseconds: number, read: () => Promise<T>): () => Promise<T> {
  let last: { value: Promise<T>; at: number } | undefined;
  return () => {
    const now = performance.now();
    if (last === undefined || now - last.at >= milliseconds) last = { value: read(), at: now };
    return last.value;
  };
}
