// Times as the store and the API write them: RFC 3339, in UTC.

/** Returns the text of a time in milliseconds since the epoch. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Returns the later one of two times that {@link timestamp} wrote. */
export function laterOf(one: string, other: string): string {
  return one > other ? one : other;
}
