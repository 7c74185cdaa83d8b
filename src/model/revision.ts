// The revision of the store. store/store.ts says how a store makes revisions.

/** The number of a transaction that changed something. Revisions grow strictly, from 1. */
export type Revision = number & { readonly brand: 'Revision' };

/** The revision of what the store does not have. */
export const noRevision = 0 as Revision;

export const firstRevision = 1 as Revision;

/**
 * What a zone's serial shows: the revision of the zone's last change. A restored zone that has not changed since keeps
 * that of the store that was backed up. No key has that revision, so no compare may use it.
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

/** Returns by how many revisions one shown serial is behind another (RFC 1982); 0 if it is the same or ahead. */
export function serialsBehind(one: number, other: number): number {
  const difference = (other - one + 2 ** 32) % 2 ** 32;
  return difference < 2 ** 31 ? difference : 0;
}

/** Returns the revision after this one, from which a watch continues. */
export function after(revision: Revision): Revision {
  return (revision + 1) as Revision;
}
