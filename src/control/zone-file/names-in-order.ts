// The names of a zone in canonical order (RFC 4034 §6.1), read page by page. Keys are nearly in that order: but `-` and `*` sort before the dot that
// ends a label, so what is below `web` stands behind `web-1`. Where that can be, what is below is read first. A name with escapes
// (`\032`) stands where its escapes sort.

import { setImmediate as turn } from 'node:timers/promises';
import type { Revision } from '../../model/revision.ts';
import type { Entry, Page, Store } from '../../store/store.ts';

const pageSize = 1000;
/** Characters of keys that sort before the dot. */
const early = /[%*-]/g;

/** All entries below the prefix as of the revision. */
export async function* namesInOrder(store: Store, prefix: string, revision: Revision): AsyncGenerator<Entry> {
  yield* walk(store, prefix, prefix.length, revision);
}

/** `labelAt`: where in the keys the label begins that the entries below the prefix differ in first. */
async function* walk(store: Store, prefix: string, labelAt: number, revision: Revision): AsyncGenerator<Entry> {
  /** Prefixes that were read before their place. */
  let ahead: string[] = [];
  /** Beginnings of labels that were looked at already: each begins the next. */
  let looked: string[] = [];
  let from: string | undefined;
  do {
    const page = await store.list(prefix, { at: revision, limit: pageSize, ...(from !== undefined && { from }) });
    const [{ key: firstKey } = { key: '' }] = page.entries;
    ahead = ahead.filter((one) => one > firstKey || firstKey.startsWith(one));
    for (const entry of page.entries) {
      const { key } = entry;
      if (ahead.some((one) => key.startsWith(one))) continue;
      looked = looked.filter((one) => key.startsWith(one));
      for (const start of earlyEnds(key, labelAt)) {
        if (looked.includes(start)) continue;
        looked.push(start);
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

/** Whether there can be keys with that prefix, behind the page's first: within the page the answer is at hand. */
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

/** The beginnings of the key, from that label on, after which an early character follows. */
function earlyEnds(key: string, labelAt: number): string[] {
  const ends: string[] = [];
  early.lastIndex = labelAt;
  for (let found = early.exec(key); found !== null; found = early.exec(key)) {
    if (found.index > labelAt && key[found.index - 1] !== '.') ends.push(key.slice(0, found.index));
  }
  return ends;
}
