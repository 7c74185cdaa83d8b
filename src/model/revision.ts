// The store's revision, as every room speaks of it. What makes revisions: store/store.ts.

/** One for each transaction that changed something, strictly growing, from 1. */
export type Revision = number & { readonly brand: 'Revision' };

export const firstRevision = 1 as Revision;

/** The revision after this one: where a watch goes on. */
export function after(revision: Revision): Revision {
  return (revision + 1) as Revision;
}
