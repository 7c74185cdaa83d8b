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

export function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** Returns the key in a cursor. Refuses with `invalid_request` a text that no list returned as its cursor. */
export function decodeCursor<T>(cursor: string | undefined, parse: (key: string) => T): T | undefined {
  if (cursor === undefined) return undefined;
  return atField('?cursor', () => {
    const key = Buffer.from(cursor, 'base64url').toString();
    if (encodeCursor(key) !== cursor) throw new InvalidValue('is not a cursor that a list returned');
    return parse(key);
  });
}

/** Returns the first page of the items, which begin after the cursor. `keyOf` returns the key that a cursor has. */
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
