// The revision of the store. store/store.ts says how a store makes revisions.

/** The number of a transaction that changed something. Revisions grow strictly, from 1. */
export type Revision = number & { readonly brand: 'Revision' };

/** The revision of what the store does not have. */
export const noRevision = 0 as Revision;

export const firstRevision = 1 as Revision;

/** Returns the revision after this one, from which a watch continues. */
export function after(revision: Revision): Revision {
  return (revision + 1) as Revision;
}
