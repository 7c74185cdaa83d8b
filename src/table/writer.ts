// Writes the zone table: zones, and the RRsets of their names. Frees what no reader can see any more. A table has one
// writer, which only views/ calls. Layout: layout.ts. Reading: reader.ts.

import type { AddressNumber } from '../model/address.ts';
import type { AddressNames } from '../model/address-names.ts';
import type { AddressRange } from '../model/address-range.ts';
import { type Fqdn, labelsOf, nameFromWire } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import type { Rrset } from '../model/rrset.ts';
import type { Soa } from '../model/zone.ts';
import { encodeAddressNames } from './address-names-block.ts';
import { encodeForwarder } from './forwarder-block.ts';
import { HeldAddresses, held } from './held-addresses.ts';
import { copyWithTtl, hasOtherTtl, hasSignatures, rrsetsWithTtl } from './inherited-ttl.ts';
import * as layout from './layout.ts';
import { none, type Reference, unitBytes, unitWords, type ZoneId } from './layout.ts';
import { type Memory, openMemory } from './memory.ts';
import type { NameKey } from './name-key.ts';
import { addressesIn, decodeRrsets, NodeDataEncoder, type TableRrset } from './node-data.ts';
import { NodeIterations } from './node-iterations.ts';
import { createNode, removeEmptyNodes } from './node-tree.ts';
import { decodeSoa, encodeSoa } from './soa-block.ts';
import type { Table } from './table.ts';
import { Zones } from './zones.ts';

/** A name with RRsets, as iterations yield it. */
interface ListedNode {
  name: Fqdn;
  modified: Revision;
  /** The mark of {@link TableWriter.stamp}; 0 if the name was never marked. */
  stamp: number;
}

/** A name, and the addresses in its A and AAAA records that no host manages. */
export interface AddressNode {
  name: Fqdn;
  addresses: AddressNumber[];
}

/** A listener to writes: it learns which addresses the records of a name have before and after each write. */
export interface AddressListener {
  /** Returns whether writes in the zone are to be reported. */
  tracks(zone: ZoneId): boolean;
  /** `before` and `after` have the addresses in the A and AAAA records that no host manages. */
  changed(zone: ZoneId, name: Fqdn, before: readonly AddressNumber[], after: readonly AddressNumber[]): void;
}

/** The number of nodes after which {@link TableWriter.addressNodes} pauses. */
const nodesPerPause = 256;

/** How many nodes of withdrawn zones are freed with each change. */
const nodesFreedPerChange = 64;
/** How many nodes of withdrawn zones are freed with each call of {@link TableWriter.collect}. */
const nodesFreedPerCollect = 4096;

/**
 * The work of one slice of {@link TableWriter.setDefaultTtl}, which takes a few milliseconds (bench/default-ttl.ts). A
 * visited node counts 1; copying its data, or encoding it again, counts more.
 */
const workPerSlice = 10_000;
const workPerCopy = 8;
const workPerRewrite = 200;
const octetsPerWork = 64;

/**
 * Returns the table's writer. Throws an Error if the table has one already. `poison` overwrites freed blocks, so that
 * tests notice readers that still use them.
 */
export function createTableWriter(table: Table, options: { poison?: boolean } = {}): TableWriter {
  return new TableWriter(openMemory(table.buffer, options.poison ?? false));
}

export class TableWriter {
  readonly #memory: Memory;
  readonly #zones: Zones;
  readonly #encoder = new NodeDataEncoder();
  readonly #key: NameKey;
  readonly #held = new HeldAddresses();
  #listener: AddressListener | undefined;
  readonly #iterations: NodeIterations;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#key = memory.reader.newKey();
    this.#zones = new Zones(memory);
    this.#iterations = new NodeIterations(memory.words);
    memory.allocator.whenFull(() => {
      memory.quiescence.collect();
      this.#zones.dismantle(Number.POSITIVE_INFINITY);
    });
  }

  /** Sets the only listener for addresses. */
  listen(listener: AddressListener): void {
    this.#listener = listener;
  }

  /** The number of octets in use, including blocks that wait to be freed. */
  get usedBytes(): number {
    return this.#memory.allocator.usedBytes;
  }

  /** The size, in octets, of all pages that were ever used. Their memory is never given back to the system. */
  get touchedBytes(): number {
    return this.#memory.allocator.touchedBytes;
  }

  /** Returns an empty zone. {@link publishZone} serves it. Throws TableFull. */
  createZone(name: Fqdn): ZoneId {
    return this.#zones.create(name);
  }

  zoneName(zone: ZoneId): Fqdn {
    return this.#zones.nameOf(zone);
  }

  /** Returns the zone that is served under exactly this name; undefined if there is none. */
  servedZone(name: Fqdn): ZoneId | undefined {
    return this.#zones.served(name);
  }

  /**
   * Serves the zone. With one atomic store, it replaces what was served under the same name: an older instance of the
   * zone, or a forwarder. The zone must have a SOA. Throws TableFull.
   */
  publishZone(zone: ZoneId): void {
    const old = this.#zones.served(this.zoneName(zone));
    this.#zones.publish(zone);
    if (old !== undefined && old !== zone) this.#iterations.end(old);
    this.#changed();
  }

  /**
   * Serves a forwarder: questions for names at or below `name` are forwarded, except those in zones and forwarders
   * below `name`. `number` identifies the forwarder; `allowFrom` has the clients that may ask. Throws TableFull, and an
   * Error if a zone has the name.
   */
  putForwarder(name: Fqdn, number: number, allowFrom: readonly AddressRange[]): void {
    const encoded = encodeForwarder(number, allowFrom);
    const block = this.#store(encoded, encoded.length);
    try {
      this.#zones.putForwarder(name, block);
    } catch (error) {
      this.#memory.allocator.free(block);
      throw error;
    }
    this.#changed();
  }

  /** Deletes the forwarder, if there is one. */
  deleteForwarder(name: Fqdn): void {
    this.#zones.deleteForwarder(name);
    this.#changed();
  }

  /** Returns how many answers of the forwarder came from the cache, modulo 2^32; 0 if there is no such forwarder. */
  forwarderHits(name: Fqdn): number {
    const block = this.#zones.forwarder(name);
    return block === none ? 0 : Atomics.load(this.#memory.words, block * unitWords + layout.forwarder.hits);
  }

  /**
   * Withdraws the zone, whether it is served or not. Its memory is freed in parts, with later changes and calls of
   * {@link collect}. The caller must not use the zone any more.
   */
  withdrawZone(zone: ZoneId): void {
    this.#zones.withdraw(zone);
    this.#iterations.end(zone);
    this.#changed();
  }

  /**
   * Replaces all RRsets of the name, except the SOA ({@link putSoa}), with one atomic store. If `rrsets` has no
   * records, does the same as {@link deleteNode}. Throws TableFull; RangeError for a name outside the zone, or for
   * RRsets that the table's form cannot have; InvalidValue for a malformed record. If it throws, no answer has changed.
   */
  putNode(zone: ZoneId, name: Fqdn, rrsets: readonly TableRrset[], modified: Revision): void {
    if (!rrsets.some((rrset) => rrset.records.length > 0)) {
      this.deleteNode(zone, name);
      return;
    }
    const node = this.#find(zone, name);
    const encoder = this.#encoder;
    encoder.encode(rrsets, modified, node === this.#memory.reader.apex(zone));
    const data = this.#store(encoder.bytes, encoder.length);
    const cuts = layout.cutsIn(encoder.flags);
    const before = this.#addressesBefore(zone, node);
    // A new cut is counted before readers can find it. An old cut is counted until they can no longer find it.
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
    if (before !== undefined) this.#listener?.changed(zone, name, before, addressesIn(this.#memory.reader, data));
    this.#changed();
  }

  /** Returns the addresses that the node has now; undefined if no listener tracks the zone. */
  #addressesBefore(zone: ZoneId, node: Reference): AddressNumber[] | undefined {
    if (this.#listener?.tracks(zone) !== true) return undefined;
    const { reader } = this.#memory;
    return node === none ? [] : addressesIn(reader, reader.data(node));
  }

  /** Deletes all RRsets of the name. Returns whether there were any. Names below it stay. */
  deleteNode(zone: ZoneId, name: Fqdn): boolean {
    const node = this.#find(zone, name);
    if (node === none || this.#memory.reader.data(node) === none) return false;
    const before = this.#addressesBefore(zone, node);
    this.#replaceData(zone, node, none);
    if (before !== undefined) this.#listener?.changed(zone, name, before, []);
    removeEmptyNodes(this.#memory, zone, this.#key, node, (gone) => this.#iterations.advancePast(gone));
    this.#changed();
    return true;
  }

  /** Returns all RRsets of the name, in the order of their types; undefined if there are none. */
  getNode(zone: ZoneId, name: Fqdn): { rrsets: Rrset[]; modified: Revision } | undefined {
    const { reader } = this.#memory;
    const data = this.#dataOf(zone, name);
    if (data === none) return undefined;
    return { rrsets: decodeRrsets(reader, data), modified: reader.modified(data) as Revision };
  }

  /** Returns the revision with which the name was put; undefined if it has no RRsets. */
  modified(zone: ZoneId, name: Fqdn): Revision | undefined {
    const data = this.#dataOf(zone, name);
    return data === none ? undefined : (this.#memory.reader.modified(data) as Revision);
  }

  /**
   * Returns how many names are directly below the name, including empty non-terminals. Undefined if the name does not
   * exist in DNS, because it has neither records nor names below it.
   */
  childrenOf(zone: ZoneId, name: Fqdn): number | undefined {
    const node = this.#find(zone, name);
    return node === none ? undefined : (this.#memory.words[node * unitWords + layout.node.children] as number);
  }

  /** Returns whether any name of the zone has a delegation or a DNAME. */
  hasCuts(zone: ZoneId): boolean {
    return this.#memory.reader.hasCuts(zone);
  }

  /**
   * Yields the names below `name` that have RRsets, in no order. The zone must not change meanwhile. If there is
   * a name below `name`, visits all nodes of the zone, but decodes only the names that it yields.
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

  /**
   * Marks a name with 32 bits, which {@link nodes} yields later. Returns false if the name has no RRsets. Readers do
   * not see the mark.
   */
  stamp(zone: ZoneId, name: Fqdn, stamp: number): boolean {
    const node = this.#find(zone, name);
    const { words, reader } = this.#memory;
    if (node === none || reader.data(node) === none) return false;
    words[node * unitWords + layout.node.stamp] = stamp;
    return true;
  }

  /**
   * Yields every name that has RRsets, the newest node first. The caller may put and delete names meanwhile: names that
   * stay are all yielded, names that get a new node are not. Ends when the zone is withdrawn or replaced.
   */
  *nodes(zone: ZoneId): Generator<ListedNode, void, undefined> {
    const { words, reader } = this.#memory;
    for (const node of this.#iterations.visit(zone)) {
      const data = reader.data(node);
      if (data === none) continue;
      yield {
        name: this.#nodeName(zone, node),
        modified: reader.modified(data) as Revision,
        stamp: words[node * unitWords + layout.node.stamp] as number,
      };
    }
  }

  /**
   * Yields the names with A or AAAA records that no host manages, the newest node first, and undefined after every
   * {@link nodesPerPause} nodes. The caller may change the zone meanwhile, as with {@link nodes}.
   */
  *addressNodes(zone: ZoneId): Generator<AddressNode | undefined, void, undefined> {
    const { reader } = this.#memory;
    let visited = 0;
    for (const node of this.#iterations.visit(zone)) {
      const addresses = addressesIn(reader, reader.data(node));
      if (addresses.length > 0) yield { name: this.#nodeName(zone, node), addresses };
      if (++visited % nodesPerPause === 0) yield undefined;
    }
  }

  /**
   * Sets the TTL of all RRsets of the zone that inherit the default TTL, name by name, each with one atomic store.
   * Yields after each slice; the caller may change the zone between slices. If it throws TableFull, only some of the
   * RRsets have the new TTL.
   */
  *setDefaultTtl(zone: ZoneId, ttl: number): Generator<void, void, undefined> {
    const { reader } = this.#memory;
    let left = workPerSlice;
    for (const node of this.#iterations.visit(zone)) {
      const data = reader.data(node);
      left -= 1;
      if (hasOtherTtl(reader, data, ttl)) left -= this.#putTtl(zone, node, data, ttl);
      if (left > 0) continue;
      left = workPerSlice;
      yield;
    }
  }

  /** Sets `ttl` in the RRsets of the node that inherit their TTL. Returns the work, in the unit of `workPerSlice`. */
  #putTtl(zone: ZoneId, node: Reference, data: Reference, ttl: number): number {
    const { reader } = this.#memory;
    const length = reader.dataLength(data);
    if (hasSignatures(reader, data)) {
      const rrsets = rrsetsWithTtl(reader, data, ttl);
      this.putNode(zone, this.#nodeName(zone, node), rrsets, reader.modified(data) as Revision);
      return workPerRewrite;
    }
    const copy = this.#memory.allocator.allocate(length);
    copyWithTtl(reader, data, copy, length, ttl);
    this.#countCuts(zone, layout.cutsIn(reader.dataFlags(copy)));
    this.#replaceData(zone, node, copy);
    this.#changed();
    return workPerCopy + length / octetsPerWork;
  }

  /**
   * Replaces the zone's SOA with one atomic store. This costs so little that it may follow every change of the zone.
   * Throws TableFull.
   */
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

  /**
   * Replaces the zone's setting `addressNames` with one atomic store; undefined removes the setting. `ttl` is the TTL
   * of the answers, in seconds. Throws TableFull.
   */
  putAddressNames(zone: ZoneId, setting: AddressNames | undefined, ttl: number): void {
    const { words, bytes, quiescence } = this.#memory;
    const word = zone * unitWords + layout.zone.addressNames;
    const old = words[word] as number;
    const encoded = setting && encodeAddressNames(setting, ttl);
    if (encoded === undefined ? old === none : old !== none && isStored(bytes, old, encoded)) return;
    Atomics.store(words, word, encoded === undefined ? none : this.#store(encoded, encoded.length));
    if (old !== none) quiescence.retire(old);
    this.#changed();
  }

  /** Returns bits of `held`: whether `addressNames` makes the name exist, and which address families it contains. */
  heldAddresses(zone: ZoneId, name: Fqdn): number {
    const { reader, words, bytes } = this.#memory;
    const block = reader.addressNames(zone);
    if (block === none) return held.nothing;
    this.#key.setName(name);
    const zoneSuffix = this.#key.labelCount - labelsOf(this.zoneName(zone)).length;
    return this.#held.find(words, bytes, block, this.#key, zoneSuffix);
  }

  getSoa(zone: ZoneId): Soa | undefined {
    const { reader } = this.#memory;
    return reader.soa(zone) === none ? undefined : decodeSoa(reader, zone);
  }

  /**
   * Frees the blocks that no reader can see any more, and some nodes of withdrawn zones. Returns whether anything is
   * left that can be freed now, or after readers have moved on.
   */
  collect(): boolean {
    this.#memory.quiescence.collect();
    this.#zones.dismantle(nodesFreedPerCollect);
    return this.#memory.quiescence.waiting || this.#zones.dismantling;
  }

  #changed(): void {
    this.#memory.quiescence.changed();
    this.#zones.dismantle(nodesFreedPerChange);
  }

  /** Returns the name's node, or `none`, and sets `#key`. Throws RangeError for a name outside the zone. */
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

  /** Returns a new block with the first `length` encoded octets. Throws TableFull. */
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

/** Returns whether the block begins with these octets. */
function isStored(bytes: Uint8Array, block: Reference, octets: Uint8Array): boolean {
  const at = block * unitBytes;
  return Buffer.compare(bytes.subarray(at, at + octets.length), octets) === 0;
}
