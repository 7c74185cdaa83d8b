// Lists by cursor: where the next page begins is the last item's key, wrapped so that nobody builds on its form.

import { atField } from '../errors.ts';
import { InvalidValue } from '../model/invalid-value.ts';

export interface PageQuery {
  limit?: number;
  cursor?: string;
}

const defaultLimit = 100;

export function limitOf({ limit }: PageQuery): number {
  return limit ?? defaultLimit;
}

export function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** The key that a cursor holds. Refuses with `invalid_request` what is no cursor of ours. */
export function decodeCursor<T>(cursor: string | undefined, parse: (key: string) => T): T | undefined {
  if (cursor === undefined) return undefined;
  return atField('?cursor', () => {
    const key = Buffer.from(cursor, 'base64url').toString();
    if (encodeCursor(key) !== cursor) throw new InvalidValue('is not a cursor that a list gave');
    return parse(key);
  });
}

/** One page of what is left after the cursor. `keyOf` names an item for the cursor after it. */
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
