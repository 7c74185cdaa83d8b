// Maps the store's keys to the keys of its backend: relative keys are put below a root; keys that begin with `/` stay
// as they are. Both implementations use this, so that a prefix has the same keys in both. The meaning of keys: kinds/.

/** The keys from `start` (inclusive) to `end` (exclusive), in the order of their UTF-8 bytes. */
export interface KeyRange {
  start: string;
  end: string;
}

export function fullKey(root: string, key: string): string {
  return key.startsWith('/') ? key : root + key;
}

/** Returns the key in the caller's form: relative if `asked`, the caller's key or prefix, is relative. */
export function knownKey(root: string, full: string, asked: string): string {
  return asked.startsWith('/') ? full : full.slice(root.length);
}

/** Returns the range of the keys that begin with the prefix; with `from`, only from that key on. */
export function rangeOf(root: string, prefix: string, from?: string): KeyRange {
  const first = fullKey(root, prefix);
  const wanted = from === undefined ? first : fullKey(root, from);
  const start = Buffer.compare(Buffer.from(wanted), Buffer.from(first)) > 0 ? wanted : first;
  return { start, end: endOfPrefix(first) };
}

/** Returns the first possible key after `key`. */
export function successor(key: string): string {
  return `${key}\0`;
}

/**
 * Returns the first string after all strings with the prefix: drops U+10FFFF at the end, and increments the last
 * character that remains.
 */
function endOfPrefix(prefix: string): string {
  const characters = [...prefix];
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const codePoint = last.codePointAt(0) ?? 0;
    if (codePoint === 0x10ffff) continue;
    // UTF-8 has no surrogates: U+E000 follows U+D7FF.
    return characters.join('') + String.fromCodePoint(codePoint === 0xd7ff ? 0xe000 : codePoint + 1);
  }
  throw new RangeError('a prefix needs a character that has a successor');
}
