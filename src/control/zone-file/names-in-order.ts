// Reads the names of a zone in canonical order (RFC 4034 §6.1), page by page. The keys are nearly in that order, but
// `%`, `*` and `-` sort before the dot that ends a label: names below `web` come after `web-1`. Where that can happen,
// the names below are read first. A name with escapes (`\032`) comes where its escapes sort.

import { setImmediate as turn } from 'node:timers/promises';
import type { Revision } from '../../model/revision.ts';
import type { Entry, Page, Store } from '../../store/store.ts';

const pageSize = 1000;
/** Characters of keys that sort before the dot. */
const early = /[%*-]/g;

/** Yields all entries below the prefix as of the revision. */
export async function* namesInOrder(store: Store, prefix: string, revision: Revision): AsyncGenerator<Entry> {
  yield* walk(store, prefix, prefix.length, revision);
}

/** `labelAt`: the position in the keys of the first label in which the entries below the prefix differ. */
async function* walk(store: Store, prefix: string, labelAt: number, revision: Revision): AsyncGenerator<Entry> {
  /** Prefixes whose entries were read before their place in the order of keys. */
  let ahead: string[] = [];
  /** Starts of labels that were checked already: each is a prefix of the next. */
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
    await turn();
  } while (from !== undefined);
}

/**
 * Returns whether the store can have keys with that prefix after the page's first key; a key in the page decides it.
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

/** Returns the starts of the key, from that label on, that an early character follows. */
function earlyEnds(key: string, labelAt: number): string[] {
  const ends: string[] = [];
  early.lastIndex = labelAt;
  for (let found = early.exec(key); found !== null; found = early.exec(key)) {
    if (found.index > labelAt && key[found.index - 1] !== '.') ends.push(key.slice(0, found.index));
  }
  return ends;
}
