// The life of zones in the table: they are created, served, withdrawn, and freed in parts. Also serves forwarders. The
// names in a zone: writer.ts.

import { type Fqdn, nameFromWire, nameToWire } from '../model/name.ts';
import * as layout from './layout.ts';
import { none, type Reference, unitBytes, unitWords, type ZoneId } from './layout.ts';
import type { Memory } from './memory.ts';
import type { NameKey } from './name-key.ts';
import { createApex, linkNode } from './node-tree.ts';

export class Zones {
  readonly #memory: Memory;
  readonly #key: NameKey;
  /** For each number of labels: how many served zones and forwarders have it. */
  readonly #atDepth = new Uint32Array(128);
  /** Withdrawn zones that no reader can see any more, and that are not freed yet. */
  readonly #dismantling: ZoneId[] = [];

  /** Throws TableFull, and an Error if the table has a writer already. */
  constructor(memory: Memory) {
    this.#memory = memory;
    this.#key = memory.reader.newKey();
    const { words, indexes } = memory;
    if (words[layout.header.zones] !== none) throw new Error('this table has a writer already');
    Atomics.store(words, layout.header.zones, indexes.create());
  }

  /** Returns whether there are withdrawn zones that no reader can see any more, and that are not freed yet. */
  get dismantling(): boolean {
    return this.#dismantling.length > 0;
  }

  create(name: Fqdn): ZoneId {
    const { words, bytes, allocator, indexes } = this.#memory;
    const wire = nameToWire(name);
    const blocks: Reference[] = [];
    const allocated = (block: Reference): Reference => {
      blocks.push(block);
      return block;
    };
    try {
      const zone = allocated(allocator.allocate(layout.zoneNameByte + wire.length)) as ZoneId;
      const at = zone * unitWords;
      words.fill(0, at, at + layout.zoneNameByte / 4);
      words[at + layout.zone.nameLength] = wire.length;
      bytes.set(wire, zone * unitBytes + layout.zoneNameByte);
      words[at + layout.zone.index] = allocated(indexes.create());
      const apex = allocated(createApex(this.#memory));
      words[at + layout.zone.apex] = apex;
      linkNode(this.#memory, zone, apex);
      this.#key.setName(name);
      indexes.insert(at + layout.zone.index, this.#key.hash(0), apex);
      return zone;
    } catch (error) {
      for (const block of blocks) allocator.free(block);
      throw error;
    }
  }

  nameOf(zone: ZoneId): Fqdn {
    return nameFromWire(this.#memory.reader.zoneName(zone)).name;
  }

  served(name: Fqdn): ZoneId | undefined {
    const entry = this.#findEntry(name);
    if (entry === none) return undefined;
    const zone = this.#memory.words[entry * unitWords + layout.node.data] as ZoneId;
    return this.#memory.reader.isForwarder(zone) ? undefined : zone;
  }

  publish(zone: ZoneId): void {
    const { words, reader, quiescence } = this.#memory;
    const at = zone * unitWords;
    if (words[at + layout.zone.soa] === none) throw new Error(`zone ${this.nameOf(zone)} has no SOA`);
    if (words[at + layout.zone.served] === 1) return;
    const entry = this.#findEntry(this.nameOf(zone));
    if (entry === none) {
      this.#createEntry(this.nameOf(zone), zone);
      words[at + layout.zone.served] = 1;
      return;
    }
    const old = words[entry * unitWords + layout.node.data] as ZoneId;
    Atomics.store(words, entry * unitWords + layout.node.data, zone);
    words[at + layout.zone.served] = 1;
    if (reader.isForwarder(old)) quiescence.retire(old);
    else this.#retire(old);
  }

  withdraw(zone: ZoneId): void {
    if (this.#memory.words[zone * unitWords + layout.zone.served] === 1) this.#removeEntry(this.nameOf(zone));
    this.#retire(zone);
  }

  /** Returns the forwarder with exactly this name, or `none`. */
  forwarder(name: Fqdn): Reference {
    const entry = this.#findEntry(name);
    const found = entry === none ? none : (this.#memory.words[entry * unitWords + layout.node.data] as ZoneId);
    return found !== none && this.#memory.reader.isForwarder(found as ZoneId) ? found : none;
  }

  /**
   * Serves the forwarder, in place of an older one with the same name. Throws TableFull, and an Error if a zone has the
   * name.
   */
  putForwarder(name: Fqdn, block: Reference): void {
    const { words, quiescence } = this.#memory;
    if (this.served(name) !== undefined) throw new Error(`there is a zone ${name}`);
    const old = this.forwarder(name);
    if (old === none) {
      this.#createEntry(name, block);
      return;
    }
    words[block * unitWords + layout.forwarder.hits] = words[old * unitWords + layout.forwarder.hits] as number;
    Atomics.store(words, this.#findEntry(name) * unitWords + layout.node.data, block);
    quiescence.retire(old);
  }

  deleteForwarder(name: Fqdn): void {
    const old = this.forwarder(name);
    if (old === none) return;
    this.#removeEntry(name);
    this.#memory.quiescence.retire(old);
  }

  /** Returns the name's node in the index of zones, or `none`, and sets `#key`. */
  #findEntry(name: Fqdn): Reference {
    const { words, reader } = this.#memory;
    this.#key.setName(name);
    return reader.find(words[layout.header.zones] as number, this.#key, 0, 1);
  }

  #createEntry(name: Fqdn, served: Reference): void {
    const { words, bytes, indexes, allocator } = this.#memory;
    const key = this.#key;
    key.setName(name);
    indexes.reserve(layout.header.zones, 1);
    const entry = allocator.allocate(layout.nodeNameByte + key.length - 1);
    words.fill(0, entry * unitWords, entry * unitWords + layout.nodeFlagsByte / 4);
    words[entry * unitWords + layout.node.data] = served;
    const at = entry * unitBytes;
    bytes[at + layout.nodeFlagsByte] = 0;
    bytes[at + layout.nodeLengthByte] = key.length - 1;
    for (let i = 0; i < key.length - 1; i += 1) bytes[at + layout.nodeNameByte + i] = key.bytes[i] as number;
    this.#countServed(key.labelCount, 1);
    indexes.insert(layout.header.zones, key.hash(0), entry);
  }

  #removeEntry(name: Fqdn): void {
    const { indexes, quiescence } = this.#memory;
    const entry = this.#findEntry(name);
    indexes.remove(layout.header.zones, this.#key.hash(0), entry);
    this.#countServed(this.#key.labelCount, -1);
    quiescence.retire(entry);
  }

  #countServed(depth: number, more: number): void {
    const count = (this.#atDepth[depth] as number) + more;
    this.#atDepth[depth] = count;
    const word = layout.header.zoneDepths + (depth >>> 5);
    const bit = 1 << (depth & 31);
    if (count === 0) Atomics.and(this.#memory.words, word, ~bit);
    else Atomics.or(this.#memory.words, word, bit);
  }

  #retire(zone: ZoneId): void {
    this.#memory.words[zone * unitWords + layout.zone.served] = 0;
    this.#memory.quiescence.whenUnseen(() => this.#dismantling.push(zone));
  }

  /** Frees at most `count` nodes and zones of `#dismantling`, with the blocks that belong to them. */
  dismantle(count: number): void {
    const { words, allocator, indexes } = this.#memory;
    for (let left = count; left > 0 && this.#dismantling.length > 0; left -= 1) {
      const zone = this.#dismantling[0] as ZoneId;
      const at = zone * unitWords;
      const node = words[at + layout.zone.nodes] as number;
      if (node !== none) {
        words[at + layout.zone.nodes] = words[node * unitWords + layout.node.next] as number;
        const data = words[node * unitWords + layout.node.data] as number;
        if (data !== none) allocator.free(data);
        allocator.free(node);
        continue;
      }
      const soa = words[at + layout.zone.soa] as number;
      if (soa !== none) allocator.free(soa);
      const addressNames = words[at + layout.zone.addressNames] as number;
      if (addressNames !== none) allocator.free(addressNames);
      indexes.free(words[at + layout.zone.index] as number);
      allocator.free(zone);
      this.#dismantling.shift();
    }
  }
}
