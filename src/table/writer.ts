// The zone table's writer: zones and what their names hold, into shared memory, freed when no reader can still see it. One for each table; only views/
// calls it. How it lies in memory: layout.ts. How it is read: reader.ts.

import { type Fqdn, nameFromWire } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import type { Rrset } from '../model/rrset.ts';
import type { Soa } from '../model/zone.ts';
import * as layout from './layout.ts';
import { none, type Reference, unitBytes, unitWords, type ZoneId } from './layout.ts';
import { type Memory, openMemory } from './memory.ts';
import type { NameKey } from './name-key.ts';
import { decodeRrsets, NodeDataEncoder } from './node-data.ts';
import { createNode, removeEmptyNodes } from './node-tree.ts';
import { decodeSoa, encodeSoa } from './soa-block.ts';
import type { Table } from './table.ts';
import { Zones } from './zones.ts';

/** A name that holds RRsets, as an iteration meets it. */
interface ListedNode {
  name: Fqdn;
  modified: Revision;
  /** What {@link TableWriter.stamp} gave it last; 0 for a name that never had one. */
  stamp: number;
}

/** Nodes of withdrawn zones that are freed with one change, or with one call of `collect`. */
const nodesFreedPerChange = 64;
const nodesFreedPerCollect = 4096;

/** `poison` overwrites what is freed, so that a test sees who reads it still. */
export function createTableWriter(table: Table, options: { poison?: boolean } = {}): TableWriter {
  return new TableWriter(openMemory(table.buffer, options.poison ?? false));
}

export class TableWriter {
  readonly #memory: Memory;
  readonly #zones: Zones;
  readonly #encoder = new NodeDataEncoder();
  readonly #key: NameKey;
  /** Where each iteration under way goes on. A node that is removed must be nobody's next. */
  readonly #iterations = new Set<{ zone: ZoneId; next: Reference }>();

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#key = memory.reader.newKey();
    this.#zones = new Zones(memory);
    memory.allocator.whenFull(() => {
      memory.quiescence.collect();
      this.#zones.dismantle(Number.POSITIVE_INFINITY);
    });
  }

  /** Octets in use, what waits to be freed included. */
  get usedBytes(): number {
    return this.#memory.allocator.usedBytes;
  }

  /** Octets that the table has ever taken from the machine. */
  get touchedBytes(): number {
    return this.#memory.allocator.touchedBytes;
  }

  /** An empty zone, built aside: nobody is served from it before {@link publishZone}. Throws TableFull. */
  createZone(name: Fqdn): ZoneId {
    return this.#zones.create(name);
  }

  zoneName(zone: ZoneId): Fqdn {
    return this.#zones.nameOf(zone);
  }

  /** The instance that is served under exactly this name. */
  servedZone(name: Fqdn): ZoneId | undefined {
    return this.#zones.served(name);
  }

  /**
   * Serves the zone from now on, instead of the instance of that name, if there is one, which is withdrawn by the same store. The zone must have
   * a SOA. Throws TableFull.
   */
  publishZone(zone: ZoneId): void {
    const old = this.#zones.served(this.zoneName(zone));
    this.#zones.publish(zone);
    if (old !== undefined && old !== zone) this.#endIterations(old);
    this.#changed();
  }

  /** Stops serving the zone, or drops what was built aside; its memory is freed bit by bit. The zone must not be used any more. */
  withdrawZone(zone: ZoneId): void {
    this.#zones.withdraw(zone);
    this.#endIterations(zone);
    this.#changed();
  }

  /**
   * Replaces all that the name holds, with one store. No records: the same as {@link deleteNode}. The SOA stands apart: {@link putSoa}. Throws
   * TableFull, RangeError for a name outside the zone or more than a name can hold, InvalidValue for a record that is not one; nothing has changed then.
   */
  putNode(zone: ZoneId, name: Fqdn, rrsets: readonly Rrset[], modified: Revision): void {
    if (!rrsets.some((rrset) => rrset.records.length > 0)) {
      this.deleteNode(zone, name);
      return;
    }
    const node = this.#find(zone, name);
    const encoder = this.#encoder;
    encoder.encode(rrsets, modified, node === this.#memory.reader.apex(zone));
    const data = this.#store(encoder.bytes, encoder.length);
    const cuts = layout.cutsIn(encoder.flags);
    // A cut is announced before anyone can be below it, and the announcement withdrawn after.
    this.#countCuts(zone, cuts);
    if (node !== none) this.#replaceData(zone, node, data);
    else {
      try {
        createNode(this.#memory, zone, this.#key, data);
      } catch (error) {
        this.#countCuts(zone, -cuts);
        this.#memory.allocator.free(data);
        throw error;
      }
    }
    this.#changed();
  }

  /** Whether the name held anything. Names below it stay. */
  deleteNode(zone: ZoneId, name: Fqdn): boolean {
    const node = this.#find(zone, name);
    if (node === none || this.#memory.reader.data(node) === none) return false;
    this.#replaceData(zone, node, none);
    removeEmptyNodes(this.#memory, zone, this.#key, node, (gone) => this.#passBy(gone));
    this.#changed();
    return true;
  }

  /** All that the name holds, as it was put but in the order of types; undefined when that is nothing. */
  getNode(zone: ZoneId, name: Fqdn): { rrsets: Rrset[]; modified: Revision } | undefined {
    const { reader } = this.#memory;
    const data = this.#dataOf(zone, name);
    if (data === none) return undefined;
    return { rrsets: decodeRrsets(reader, data), modified: reader.modified(data) as Revision };
  }

  /** The revision that the name was put with. */
  modified(zone: ZoneId, name: Fqdn): Revision | undefined {
    const data = this.#dataOf(zone, name);
    return data === none ? undefined : (this.#memory.reader.modified(data) as Revision);
  }

  /** Whether any name of the zone holds a delegation or a DNAME. */
  hasCuts(zone: ZoneId): boolean {
    return this.#memory.reader.hasCuts(zone);
  }

  /**
   * The names that hold something below this one, in no order; nothing may change until the last of them. Where there are any, every node of the zone is asked
   * what it stands below, which is far less than to name it.
   */
  *nodesBelow(zone: ZoneId, name: Fqdn): Generator<Omit<ListedNode, 'stamp'>, void, undefined> {
    const { words, reader } = this.#memory;
    const top = this.#find(zone, name);
    if (top === none || words[top * unitWords + layout.node.children] === 0) return;
    const next = (node: Reference) => words[node * unitWords + layout.node.next] as number;
    for (let node = words[zone * unitWords + layout.zone.nodes] as number; node !== none; node = next(node)) {
      const data = reader.data(node);
      if (data === none || !this.#isBelow(node, top)) continue;
      yield { name: this.#nodeName(zone, node), modified: reader.modified(data) as Revision };
    }
  }

  #isBelow(node: Reference, top: Reference): boolean {
    const { reader } = this.#memory;
    let above = reader.parent(node);
    while (above !== none && above !== top) above = reader.parent(above);
    return above === top;
  }

  /** Marks a name that holds something with 32 bits for a later sweep over {@link nodes}; false when it holds nothing. No reader sees the mark. */
  stamp(zone: ZoneId, name: Fqdn, stamp: number): boolean {
    const node = this.#find(zone, name);
    const { words, reader } = this.#memory;
    if (node === none || reader.data(node) === none) return false;
    words[node * unitWords + layout.node.stamp] = stamp;
    return true;
  }

  /**
   * Every name that holds something, the newest first. Names may be put and deleted meanwhile, across any pause: none that stays is missed, and a
   * new one is not met. When the zone is withdrawn the iteration ends.
   */
  *nodes(zone: ZoneId): Generator<ListedNode, void, undefined> {
    const { words, reader } = this.#memory;
    const iteration = { zone, next: words[zone * unitWords + layout.zone.nodes] as number };
    this.#iterations.add(iteration);
    try {
      while (iteration.next !== none) {
        const at = iteration.next * unitWords;
        const name = iteration.next;
        iteration.next = words[at + layout.node.next] as number;
        const data = reader.data(name);
        if (data === none) continue;
        yield {
          name: this.#nodeName(zone, name),
          modified: reader.modified(data) as Revision,
          stamp: words[at + layout.node.stamp] as number,
        };
      }
    } finally {
      this.#iterations.delete(iteration);
    }
  }

  #passBy(gone: Reference): void {
    for (const iteration of this.#iterations) {
      if (iteration.next === gone) iteration.next = this.#memory.words[gone * unitWords + layout.node.next] as number;
    }
  }

  #endIterations(zone: ZoneId): void {
    for (const iteration of this.#iterations) if (iteration.zone === zone) iteration.next = none;
  }

  /** One store; cheap enough for every change of the zone. Throws TableFull. */
  putSoa(zone: ZoneId, soa: Soa): void {
    const { words, quiescence, reader } = this.#memory;
    const encoded = encodeSoa(soa, reader.zoneName(zone));
    const block = this.#store(encoded, encoded.length);
    const word = zone * unitWords + layout.zone.soa;
    const old = words[word] as number;
    Atomics.store(words, word, block);
    if (old !== none) quiescence.retire(old);
    this.#changed();
  }

  getSoa(zone: ZoneId): Soa | undefined {
    const { reader } = this.#memory;
    return reader.soa(zone) === none ? undefined : decodeSoa(reader, zone);
  }

  /** Frees what no reader can see any more, some thousand blocks at most; true while there is more to free, now or once the readers have moved on. */
  collect(): boolean {
    this.#memory.quiescence.collect();
    this.#zones.dismantle(nodesFreedPerCollect);
    return this.#memory.quiescence.waiting || this.#zones.dismantling;
  }

  #changed(): void {
    this.#memory.quiescence.changed();
    this.#zones.dismantle(nodesFreedPerChange);
  }

  /** The name's node; sets `#key`. Throws RangeError for a name that is not in the zone. */
  #find(zone: ZoneId, name: Fqdn): Reference {
    const { reader } = this.#memory;
    const key = this.#key;
    key.setName(name);
    for (let suffix = 0; suffix <= key.labelCount; suffix += 1) {
      if (reader.isZoneName(zone, key, suffix)) return reader.findNode(zone, key, 0);
    }
    throw new RangeError(`${name} is not in the zone ${this.zoneName(zone)}`);
  }

  #dataOf(zone: ZoneId, name: Fqdn): Reference {
    const node = this.#find(zone, name);
    return node === none ? none : this.#memory.reader.data(node);
  }

  #nodeName(zone: ZoneId, node: Reference): Fqdn {
    const { bytes } = this.#memory;
    const start = node * unitBytes + layout.nodeNameByte;
    const relative = bytes.subarray(start, start + (bytes[node * unitBytes + layout.nodeLengthByte] as number));
    return nameFromWire(Buffer.concat([relative, this.#memory.reader.zoneName(zone)])).name;
  }

  /** A block with what was encoded. */
  #store(encoded: Uint8Array, length: number): Reference {
    const { allocator, bytes } = this.#memory;
    const block = allocator.allocate(length);
    for (let i = 0; i < length; i += 1) bytes[block * unitBytes + i] = encoded[i] as number;
    return block;
  }

  #replaceData(zone: ZoneId, node: Reference, data: Reference): void {
    const { words, reader, quiescence } = this.#memory;
    const word = node * unitWords + layout.node.data;
    const old = words[word] as number;
    Atomics.store(words, word, data);
    if (old === none) return;
    this.#countCuts(zone, -layout.cutsIn(reader.dataFlags(old)));
    quiescence.retire(old);
  }

  #countCuts(zone: ZoneId, more: number): void {
    if (more !== 0) Atomics.add(this.#memory.words, zone * unitWords + layout.zone.cuts, more);
  }
}
