// The filter for a tag, in lists of hosts and of addresses.

import type { Tags } from '../../model/pool.ts';

/** Returns whether tags match `filter`: `key` or `key=value`. Without a filter, all match. */
export function parseTagFilter(filter: string | undefined): (tags: Readonly<Tags>) => boolean {
  if (filter === undefined) return () => true;
  const [key = '', value] = filter.split(/=(.*)/s);
  return (tags) => Object.hasOwn(tags, key) && (value === undefined || tags[key] === value);
}
