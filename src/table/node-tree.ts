// The tree of one zone's names. Links and unlinks nodes so that every name between a node and the apex exists (RFC 4592
// §2.2.2). RRsets: node-data.ts. Zones: zones.ts.

import * as layout from './layout.ts';
import { node as field, none, type Reference, unitBytes, unitWords, type ZoneId } from './layout.ts';
import type { Memory } from './memory.ts';
import type { NameKey } from './name-key.ts';

/** Returns a new node for the apex. Throws TableFull. */
export function createApex(memory: Memory): Reference {
  const apex = memory.allocator.allocate(layout.nodeNameByte);
  writeNode(memory, apex, none, 0);
  return apex;
}

/** Writes the words and the octets of a node, but not its name. */
function writeNode({ words, bytes }: Memory, created: Reference, parent: Reference, nameLength: number): void {
  words.fill(0, created * unitWords, created * unitWords + layout.nodeFlagsByte / 4);
  words[created * unitWords + field.parent] = parent;
  bytes[created * unitBytes + layout.nodeFlagsByte] = 0;
  bytes[created * unitBytes + layout.nodeLengthByte] = nameLength;
}

/** Puts the node at the head of the list of its zone's nodes. */
export function linkNode({ words }: Memory, zone: ZoneId, created: Reference): void {
  const first = words[zone * unitWords + layout.zone.nodes] as number;
  words[created * unitWords + field.next] = first;
  words[created * unitWords + field.previous] = none;
  if (first !== none) words[first * unitWords + field.previous] = created;
  words[zone * unitWords + layout.zone.nodes] = created;
}

function unlinkNode({ words }: Memory, zone: ZoneId, gone: Reference): void {
  const next = words[gone * unitWords + field.next] as number;
  const previous = words[gone * unitWords + field.previous] as number;
  if (next !== none) words[next * unitWords + field.previous] = previous;
  if (previous !== none) words[previous * unitWords + field.next] = next;
  else words[zone * unitWords + layout.zone.nodes] = next;
}

/**
 * Creates the node of the key's name, with `data`, and the missing nodes above it. The name must not exist. Readers see
 * the nodes appear from the top down: a name never exists before the name above it. Throws TableFull; then no node was
 * created.
 */
export function createNode(memory: Memory, zone: ZoneId, key: NameKey, data: Reference): void {
  const { words, indexes, allocator } = memory;
  const owner = zone * unitWords + layout.zone.index;
  const tail = words[zone * unitWords + layout.zone.nameLength] as number;
  let missing = 1;
  let parent: Reference = none;
  while (parent === none) {
    parent = memory.reader.findNode(zone, key, missing);
    if (parent === none) missing += 1;
  }
  indexes.reserve(owner, missing);
  const blocks: Reference[] = [];
  try {
    for (let suffix = missing - 1; suffix >= 0; suffix -= 1) {
      blocks.push(allocator.allocate(layout.nodeNameByte + key.length - tail - (key.starts[suffix] as number)));
    }
  } catch (error) {
    for (const block of blocks) allocator.free(block);
    throw error;
  }
  for (const [i, created] of blocks.entries()) {
    const suffix = missing - 1 - i;
    const start = key.starts[suffix] as number;
    writeNode(memory, created, parent, key.length - tail - start);
    const name = created * unitBytes + layout.nodeNameByte;
    for (let at = start; at < key.length - tail; at += 1) memory.bytes[name + at - start] = key.bytes[at] as number;
    if (suffix === 0) words[created * unitWords + field.data] = data;
    linkNode(memory, zone, created);
    indexes.insert(owner, key.hash(suffix), created);
    linkChild(memory, parent, created);
    parent = created;
  }
}

/** Counts the child at its parent, and flags the parent if the child is a wildcard. */
function linkChild({ words, bytes }: Memory, parent: Reference, child: Reference): void {
  const at = parent * unitWords + field.children;
  words[at] = (words[at] as number) + 1;
  if (isWildcard(bytes, child)) setFlags(bytes, parent, layout.nodeFlags.wildcardChild);
}

function isWildcard(bytes: Uint8Array, which: Reference): boolean {
  const name = which * unitBytes + layout.nodeNameByte;
  return (bytes[name - 1] as number) > 0 && bytes[name] === 1 && bytes[name + 1] === 0x2a;
}

function setFlags(bytes: Uint8Array, which: Reference, flags: number): void {
  Atomics.store(bytes, which * unitBytes + layout.nodeFlagsByte, flags);
}

/**
 * Removes `node`, the node of the key's name, and then the nodes above it, up to the first one that is the apex, or has
 * RRsets or names below it. That one stays. Readers see the names disappear from the bottom up. Calls `before` with
 * each node before it is removed.
 */
export function removeEmptyNodes(
  memory: Memory,
  zone: ZoneId,
  key: NameKey,
  node: Reference,
  before: (gone: Reference) => void,
): void {
  const { words, bytes, indexes, quiescence } = memory;
  let gone = node;
  for (let suffix = 0; ; suffix += 1) {
    const at = gone * unitWords;
    const parent = words[at + field.parent] as number;
    if (parent === none || words[at + field.data] !== none || words[at + field.children] !== 0) return;
    before(gone);
    if (isWildcard(bytes, gone)) setFlags(bytes, parent, 0);
    indexes.remove(zone * unitWords + layout.zone.index, key.hash(suffix), gone);
    unlinkNode(memory, zone, gone);
    const children = parent * unitWords + field.children;
    words[children] = (words[children] as number) - 1;
    quiescence.retire(gone);
    gone = parent;
  }
}
