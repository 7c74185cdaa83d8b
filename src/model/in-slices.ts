// Long work in slices: between two slices, the event loop gets its turn and serves other requests.

import { nextTurn } from './turn.ts';

/** Runs work that yields after each slice. */
export async function inSlices<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}

/** A list that changes while it is read. */
export interface ChangingList<T, K> {
  /** Yields the items in the order of their keys. With `after`, only the items after that key. */
  items: (after: K | undefined) => Iterable<T>;
  keyOf: (item: T) => K;
  /** Returns whether the item is wanted. Default: every item is wanted. */
  matches?: (item: T) => boolean;
}

/** The number of items in a slice of a list (test/http/list-slices.test.ts). */
const sliceSize = 1000;

/**
 * Yields the wanted items. With `start`, only those after that key. Each slice asks for the items after the last item
 * of the slice before.
 */
export async function* listInSlices<T, K>(
  { items, keyOf, matches = () => true }: ChangingList<T, K>,
  start?: K,
): AsyncGenerator<T> {
  for (let after = start; ; await nextTurn()) {
    const found: T[] = [];
    let read = 0;
    for (const item of items(after)) {
      after = keyOf(item);
      if (matches(item)) found.push(item);
      if (++read === sliceSize) break;
    }
    yield* found;
    if (read < sliceSize) return;
  }
}
