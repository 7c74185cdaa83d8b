// How long to wait before the next attempt: longer after each failure, up to 30 seconds, and not the same for all
// replicas.

export interface RetryTimes {
  firstMilliseconds: number;
  maxMilliseconds: number;
}

export const retryTimes: RetryTimes = { firstMilliseconds: 250, maxMilliseconds: 30_000 };

/**
 * Returns milliseconds after this many failures one after the other; 0 after none. `atLeast`: what the server asked
 * for. `random` works like Math.random.
 */
export function retryPause(
  failures: number,
  { firstMilliseconds, maxMilliseconds }: RetryTimes = retryTimes,
  atLeast = 0,
  random: () => number = Math.random,
): number {
  if (failures === 0) return 0;
  const longest = Math.min(maxMilliseconds, firstMilliseconds * 2 ** (failures - 1));
  return Math.min(maxMilliseconds, Math.max(atLeast, longest * (0.5 + random() / 2)));
}
