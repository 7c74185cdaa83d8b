// Pages of a list. A cursor is the key of the last item of a page, in base64url so that no client relies on its form.

import { atField } from '../errors.ts';
import { InvalidValue } from '../model/invalid-value.ts';

/** The query parameters of a list. */
interface PageQuery {
  limit?: number;
  cursor?: string;
}

const defaultLimit = 100;

/** Returns the number of items on a page. */
export function limitOf({ limit }: PageQuery): number {
  return limit ?? defaultLimit;
}

/** Returns the cursor for a key. */
export function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/**
 * Returns the key in a cursor; undefined without a cursor. Refuses with `invalid_request` a text that does not have the
 * form of a cursor, or whose key `parse` does not accept.
 */
export function decodeCursor<T>(cursor: string | undefined, parse: (key: string) => T): T | undefined {
  if (cursor === undefined) return undefined;
  return atField('?cursor', () => {
    const key = Buffer.from(cursor, 'base64url').toString();
    if (encodeCursor(key) !== cursor) throw new InvalidValue('is not a cursor that a list returned');
    return parse(key);
  });
}

/**
 * Returns a page with the first of these items. They must begin after the cursor. `keyOf` returns the key for a cursor.
 */
export function pageOf<T, U>(
  items: Iterable<T>,
  query: PageQuery,
  keyOf: (item: T) => string,
  show: (item: T) => U,
): { items: U[]; nextCursor: string | null } {
  const limit = limitOf(query);
  const shown: U[] = [];
  let last: T | undefined;
  for (const item of items) {
    if (shown.length === limit) return { items: shown, nextCursor: encodeCursor(keyOf(last as T)) };
    shown.push(show(item));
    last = item;
  }
  return { items: shown, nextCursor: null };
}
