// Where a store's keys lie in its backend: relative ones below a root, those that begin with `/` as they are.
// Both implementations use it, so that they agree on what a prefix covers. What keys mean: kinds/.

/** Keys from `start` up to, and without, `end`, in the order of their UTF-8 bytes. */
export interface KeyRange {
  start: string;
  end: string;
}

/** The key as the backend has it. */
export function fullKey(root: string, key: string): string {
  return key.startsWith('/') ? key : root + key;
}

/** The full key as the caller who asked with `asked` (a key or prefix) knows it. */
export function knownKey(root: string, full: string, asked: string): string {
  return asked.startsWith('/') ? full : full.slice(root.length);
}

/** All keys that begin with the prefix, none of them before `from`. */
export function rangeOf(root: string, prefix: string, from?: string): KeyRange {
  const first = fullKey(root, prefix);
  const wanted = from === undefined ? first : fullKey(root, from);
  const start = Buffer.compare(Buffer.from(wanted), Buffer.from(first)) > 0 ? wanted : first;
  return { start, end: endOfPrefix(first) };
}

/** The first key after `key`. */
export function successor(key: string): string {
  return `${key}\0`;
}

/** The first string that is after everything that begins with the prefix: its last character that can grow, grown by one. */
function endOfPrefix(prefix: string): string {
  const characters = [...prefix];
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const codePoint = last.codePointAt(0) ?? 0;
    if (codePoint === 0x10ffff) continue;
    // Surrogates are no characters: UTF-8 has nothing between U+D7FF and U+E000.
    return characters.join('') + String.fromCodePoint(codePoint === 0xd7ff ? 0xe000 : codePoint + 1);
  }
  throw new RangeError('a prefix needs a character that has a successor');
}
