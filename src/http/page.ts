// Pages of a list. A cursor is the key of the last item of a page. So an item that exists during the whole listing
// comes exactly once, even if other items are created or deleted between the pages (test/http/cursors.test.ts). The key
// is in base64url, so that no client relies on its form.

import { Turns } from '../control/reading/turns.ts';
import { atField } from '../errors.ts';
import { type ChangingList, listInSlices } from '../model/in-slices.ts';
import { InvalidValue } from '../model/invalid-value.ts';
import { nextTurn } from '../model/turn.ts';

/** The query parameters of a list. */
interface PageQuery {
  limit?: number;
  cursor?: string;
  total?: boolean;
}

/** A page in an answer. `total`: the number of matching items on all pages. */
interface ShownPage<U> {
  items: U[];
  nextCursor: string | null;
  total?: number;
}

interface Listing<T, K extends string, U> extends ChangingList<T, K> {
  show: (item: T) => U;
}

const defaultLimit = 100;
/**
 * A page also ends after this many characters of items: writing a longer page as JSON would block the event loop too
 * long (test/http/page.test.ts).
 */
export const maxPageCharacters = 1_000_000;

/** Returns the maximum number of items on a page. */
export function limitOf({ limit }: PageQuery): number {
  return limit ?? defaultLimit;
}

export function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** Returns the key in a cursor; undefined if there is none. Refuses with `invalid_request` a text that is no cursor. */
export function decodeCursor<T>(cursor: string | undefined, parse: (key: string) => T): T | undefined {
  if (cursor === undefined) return undefined;
  return atField('?cursor', () => {
    const key = Buffer.from(cursor, 'base64url').toString();
    if (encodeCursor(key) !== cursor) throw new InvalidValue('is not a cursor that a list returned');
    return parse(key);
  });
}

/** Returns one page of a listing: the items that follow the cursor. `parseKey` parses the key in a cursor. */
export async function pageOf<T, K extends string, U>(
  query: PageQuery,
  parseKey: (text: string) => K,
  listing: Listing<T, K, U>,
): Promise<ShownPage<U>> {
  const limit = limitOf(query);
  const page: ShownPage<U> = { items: [], nextCursor: null };
  const turns = new Turns();
  let characters = 0;
  let last: K | undefined;
  for await (const item of listInSlices(listing, decodeCursor(query.cursor, parseKey))) {
    if (last !== undefined && (page.items.length === limit || characters >= maxPageCharacters)) {
      page.nextCursor = encodeCursor(last);
      break;
    }
    const shown = listing.show(item);
    page.items.push(shown);
    last = listing.keyOf(item);
    const { length } = JSON.stringify(shown);
    characters += length;
    await turns.note(length);
  }
  return query.total === true ? { ...page, total: await count(listing) } : page;
}

/** Returns the number of all items that match. */
async function count<T, K extends string, U>(listing: Listing<T, K, U>): Promise<number> {
  let total = 0;
  await nextTurn();
  for await (const _ of listInSlices(listing)) total += 1;
  return total;
}
