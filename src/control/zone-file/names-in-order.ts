// Reads the names of a zone in canonical order (RFC 4034 §6.1), page by page. The keys of the store are nearly in that
// order. But `%`, `*` and `-` sort before the dot that ends a label: the keys of names below `web` come after the key
// of `web-1`. Where this can happen, the names below `web` are read first. A name with escapes, such as `\032`, is
// sorted by the text of the escapes.

import type { Revision } from '../../model/revision.ts';
import { nextTurn } from '../../model/turn.ts';
import type { Entry, Page, Store } from '../../store/store.ts';

const pageSize = 1000;
/** The characters of keys that sort before the dot. */
const early = /[%*-]/g;

/** Yields all entries below the prefix at the revision, in canonical order. */
export async function* namesInOrder(store: Store, prefix: string, revision: Revision): AsyncGenerator<Entry> {
  yield* walk(store, prefix, prefix.length, revision);
}

/**
 * Yields the entries below the prefix in canonical order. `labelAt`: the position in the keys where the first label
 * begins that may differ from key to key.
 */
async function* walk(store: Store, prefix: string, labelAt: number, revision: Revision): AsyncGenerator<Entry> {
  /** The prefixes whose entries were read before their place in the order of keys. */
  let ahead: string[] = [];
  /** The checked beginnings of the current key. Each is a prefix of the next one. */
  let checked: string[] = [];
  let from: string | undefined;
  do {
    const page = await store.list(prefix, { at: revision, limit: pageSize, ...(from !== undefined && { from }) });
    const [{ key: firstKey } = { key: '' }] = page.entries;
    ahead = ahead.filter((one) => one > firstKey || firstKey.startsWith(one));
    for (const entry of page.entries) {
      const { key } = entry;
      if (ahead.some((one) => key.startsWith(one))) continue;
      checked = checked.filter((one) => key.startsWith(one));
      for (const start of earlyEnds(key, labelAt)) {
        if (checked.includes(start)) continue;
        checked.push(start);
        const below = `${start}.`;
        if (!mayHave(page, below)) continue;
        ahead.push(below);
        yield* walk(store, below, below.length, revision);
      }
      yield entry;
    }
    from = page.next;
    await nextTurn();
  } while (from !== undefined);
}

/**
 * Returns whether the store may have keys with the prefix, on this page or later. Looks at the first key of the page
 * that does not sort before the prefix. If all keys of the page sort before it, only later pages can have such keys.
 */
function mayHave({ entries, next }: Page, prefix: string): boolean {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as Entry).key < prefix) low = middle + 1;
    else high = middle;
  }
  const found = entries[low];
  return found === undefined ? next !== undefined : found.key.startsWith(prefix);
}

/** Returns the beginnings of the key that end before an early character, from the label at `labelAt` on. */
function earlyEnds(key: string, labelAt: number): string[] {
  const ends: string[] = [];
  early.lastIndex = labelAt;
  for (let found = early.exec(key); found !== null; found = early.exec(key)) {
    if (found.index > labelAt && key[found.index - 1] !== '.') ends.push(key.slice(0, found.index));
  }
  return ends;
}
