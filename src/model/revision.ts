// The revisions of the store, and the serials of zones, which are revisions. store/store.ts defines the store.

/** The number of a transaction that changed something. Revisions grow strictly, from 1. */
export type Revision = number & { readonly brand: 'Revision' };

/** The revision of a key that the store does not have. */
export const noRevision = 0 as Revision;

export const firstRevision = 1 as Revision;

/**
 * The serial of a zone: the revision of the zone's last change. A restored zone that was not changed since has the
 * serial that it had in the old store. In the new store, no key has this revision, so no compare may use it.
 */
export type Serial = number & { readonly brand: 'Serial' };

/** Returns the serial of a zone that this revision changed. */
export function serialAt(revision: Revision): Serial {
  return Number(revision) as Serial;
}

/** Returns the serial as DNS shows it: modulo 2^32 (RFC 1982). */
export function shownSerial(serial: Serial): number {
  return serial % 2 ** 32;
}

/** Returns how many revisions the shown serial `one` is behind `other` (RFC 1982); 0 if it is equal or ahead. */
export function serialsBehind(one: number, other: number): number {
  const difference = (other - one + 2 ** 32) % 2 ** 32;
  return difference < 2 ** 31 ? difference : 0;
}

/** Returns the revision after this one, from which a watch continues. */
export function after(revision: Revision): Revision {
  return (revision + 1) as Revision;
}
