// The time now, as the cache of answers counts it.

/** Returns the seconds since 1970. */
export function secondsNow(): number {
  return Math.floor(Date.now() / 1_000);
}
