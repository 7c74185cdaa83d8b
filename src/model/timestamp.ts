// Times as the store and the API have them (RFC 3339), in UTC.

/** Of milliseconds since the epoch. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
