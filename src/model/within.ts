// Limits the time of a wait, for callers of a store that may not answer.

/**
 * Resolves with true when the promise resolves, with false if it has not settled after `milliseconds`. Rejects if the
 * promise rejects first. Leaves no timer running (test/model/within.test.ts).
 */
export async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
