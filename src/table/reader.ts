// Reads the table: finds zones, nodes and RRsets by name. The methods that answering uses allocate nothing. Every
// thread that answers queries has a reader, and so has the writer. Layout: layout.ts. Presentation form: node-data.ts.

import { isInRanges } from './address-ranges.ts';
import * as layout from './layout.ts';
import { none, type Reference, unitBytes, unitWords, type ZoneId } from './layout.ts';
import { NameKey } from './name-key.ts';
import { cellWord, claimCell, load, releaseCell, wordsOf } from './table.ts';

/**
 * Opens the table with a free cell, for tests and benchmarks. An answering thread gets its cell from the thread that
 * starts it. The reader begins asleep: call {@link TableReader.enter} before reading and before each further batch, and
 * {@link TableReader.leave} before waiting.
 */
export function openTableReader(buffer: SharedArrayBuffer): TableReader {
  return new TableReader(buffer, claimCell(wordsOf(buffer)));
}

export class TableReader {
  declare readonly words: Uint32Array;
  declare readonly bytes: Uint8Array;
  /** The cell that shows the writer what this reader can still see; −1 for the writer's own reader. */
  readonly cell: number;
  readonly #seed: number;
  /** Room for a client's IPv4 address in its IPv4-mapped form. */
  readonly #mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0);
  /** The number of the key's suffix that is the zone's name. {@link findZone} sets it. */
  zoneSuffix = 0;

  constructor(buffer: SharedArrayBuffer, cell: number) {
    this.words = wordsOf(buffer);
    this.bytes = new Uint8Array(buffer);
    this.cell = cell;
    this.#seed = this.words[layout.header.seed] as number;
  }

  newKey(): NameKey {
    return new NameKey(this.#seed);
  }

  /**
   * Declares that the reader no longer uses what it has read before. What it reads from now on is valid until the next
   * {@link enter} or {@link leave}.
   */
  enter(): void {
    Atomics.store(this.words, cellWord(this.cell) + layout.cell.seen, Atomics.load(this.words, layout.header.epoch));
  }

  /** Declares that the reader uses nothing until the next {@link enter}, so that the writer need not wait for it. */
  leave(): void {
    Atomics.store(this.words, cellWord(this.cell) + layout.cell.seen, 0);
  }

  close(): void {
    releaseCell(this.words, this.cell);
  }

  /**
   * Returns the closest served zone or forwarder ({@link isForwarder}) at or above the key's suffix number `from`, and
   * sets `zoneSuffix`. Returns `none` if there is none.
   */
  findZone(key: NameKey, from: number): ZoneId {
    const { words } = this;
    const { labelCount } = key;
    const zones = load(words, layout.header.zones);
    for (let suffix = from; suffix <= labelCount; suffix += 1) {
      const depth = labelCount - suffix;
      const depths = words[layout.header.zoneDepths + (depth >>> 5)] as number;
      if ((depths & (1 << (depth & 31))) === 0) continue;
      const entry = this.find(zones, key, suffix, 1);
      if (entry === none) continue;
      const zone = load(words, entry * unitWords + layout.node.data);
      if (zone === none) continue;
      this.zoneSuffix = suffix;
      return zone as ZoneId;
    }
    return none as ZoneId;
  }

  /**
   * Returns whether a result of {@link findZone} is a forwarder. Methods for zones must not be called with a forwarder.
   */
  isForwarder(zone: ZoneId): boolean {
    return (this.words[zone * unitWords + layout.forwarder.index] as number) === none;
  }

  /** Returns the number that identifies the forwarder. */
  forwarderNumber(forwarder: ZoneId): number {
    return this.words[forwarder * unitWords + layout.forwarder.number] as number;
  }

  /** Returns whether a client may ask the forwarder. The client's address is the first `length` octets of `address`. */
  allowsClient(forwarder: ZoneId, address: Uint8Array, length: 4 | 16): boolean {
    const { words, bytes } = this;
    const ipv4Ranges = words[forwarder * unitWords + layout.forwarder.ipv4Ranges] as number;
    const ranges = forwarder * unitBytes + layout.forwarderRangesByte;
    if (length === 4) {
      for (let i = 0; i < 4; i += 1) this.#mapped[12 + i] = address[i] as number;
      return isInRanges(bytes, ranges, 0, ipv4Ranges, this.#mapped);
    }
    const all = words[forwarder * unitWords + layout.forwarder.ranges] as number;
    return isInRanges(bytes, ranges, ipv4Ranges, all, address);
  }

  /** Counts an answer that came from the cache. */
  countHit(forwarder: ZoneId): void {
    Atomics.add(this.words, forwarder * unitWords + layout.forwarder.hits, 1);
  }

  /** Returns the node of the key's suffix number `suffix`, or `none`. The suffix must be in the zone. */
  findNode(zone: ZoneId, key: NameKey, suffix: number): Reference {
    const at = zone * unitWords;
    const index = load(this.words, at + layout.zone.index);
    return this.find(index, key, suffix, this.words[at + layout.zone.nameLength] as number);
  }

  /**
   * Returns the node of the key's suffix number `suffix` in an index of nodes or of zones, or `none`. The index has the
   * names without the last `tail` octets of the key.
   */
  find(index: Reference, key: NameKey, suffix: number, tail: number): Reference {
    // Load `previous` before searching the new table. Otherwise the last names could be copied after that search: they
    // would not be found in the new table, and `previous` would then be `none`.
    const previous = load(this.words, index * unitWords + layout.index.previous);
    const hash = key.hash(suffix);
    const found = this.#probe(index, hash, key, suffix, tail);
    return found !== none || previous === none ? found : this.#probe(previous, hash, key, suffix, tail);
  }

  /**
   * Searches one table. While a name is inserted or removed, either result is right. Only a reference that is followed
   * needs load().
   */
  #probe(index: Reference, hash: number, key: NameKey, suffix: number, tail: number): Reference {
    const { words } = this;
    const mask = words[index * unitWords + layout.index.mask] as number;
    const slots = index * unitWords + layout.indexSlotsWord;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const at = slots + place * layout.slotWords;
      if (words[at + layout.slot.hash] === hash) {
        const found = load(words, at + layout.slot.node);
        if (found > layout.removed && this.#isNamed(found, key, suffix, tail)) return found;
      }
      if (words[at + layout.slot.node] === none) return none;
    }
  }

  #isNamed(node: Reference, key: NameKey, suffix: number, tail: number): boolean {
    const { bytes } = this;
    const start = key.starts[suffix] as number;
    const length = key.length - tail - start;
    const at = node * unitBytes + layout.nodeNameByte;
    if (bytes[node * unitBytes + layout.nodeLengthByte] !== length) return false;
    for (let i = 0; i < length; i += 1) if (bytes[at + i] !== key.bytes[start + i]) return false;
    return true;
  }

  /**
   * Returns the node of `*` directly below `encloser` (RFC 4592 §2.1.1), or `none`. `encloser` is the node of the key's
   * suffix number `suffix`.
   */
  findWildcard(zone: ZoneId, encloser: Reference, key: NameKey, suffix: number): Reference {
    const flags = this.bytes[encloser * unitBytes + layout.nodeFlagsByte] as number;
    if ((flags & layout.nodeFlags.wildcardChild) === 0) return none;
    const index = load(this.words, zone * unitWords + layout.zone.index);
    const previous = load(this.words, index * unitWords + layout.index.previous);
    const hash = key.wildcardHash(suffix);
    const found = this.#probeWildcard(index, hash, encloser);
    return found !== none || previous === none ? found : this.#probeWildcard(previous, hash, encloser);
  }

  #probeWildcard(index: Reference, hash: number, encloser: Reference): Reference {
    const { words } = this;
    const mask = words[index * unitWords + layout.index.mask] as number;
    const slots = index * unitWords + layout.indexSlotsWord;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const at = slots + place * layout.slotWords;
      if (words[at + layout.slot.hash] === hash) {
        const found = load(words, at + layout.slot.node);
        if (found > layout.removed && this.#isWildcard(found, encloser)) return found;
      }
      if (words[at + layout.slot.node] === none) return none;
    }
  }

  #isWildcard(node: Reference, encloser: Reference): boolean {
    const name = node * unitBytes + layout.nodeNameByte;
    return this.parent(node) === encloser && this.bytes[name] === 1 && this.bytes[name + 1] === 0x2a;
  }

  /** Returns a copy of the zone's name in wire form. Allocates, so it is not for answering. */
  zoneName(zone: ZoneId): Uint8Array {
    const start = zone * unitBytes + layout.zoneNameByte;
    return this.bytes.slice(start, start + (this.words[zone * unitWords + layout.zone.nameLength] as number));
  }

  /** Returns whether the key's suffix number `suffix` is the zone's name. */
  isZoneName(zone: ZoneId, key: NameKey, suffix: number): boolean {
    const length = this.words[zone * unitWords + layout.zone.nameLength] as number;
    return key.suffixIs(suffix, this.bytes, zone * unitBytes + layout.zoneNameByte, length);
  }

  apex(zone: ZoneId): Reference {
    return this.words[zone * unitWords + layout.zone.apex] as number;
  }

  parent(node: Reference): Reference {
    return this.words[node * unitWords + layout.node.parent] as number;
  }

  /** Returns whether any name of the zone has a delegation or a DNAME. */
  hasCuts(zone: ZoneId): boolean {
    return load(this.words, zone * unitWords + layout.zone.cuts) !== 0;
  }

  /**
   * Returns the data of the node: all its RRsets as they are now; `none` for an empty non-terminal. Call this once for
   * each node and answer, so that all parts of the answer agree.
   */
  data(node: Reference): Reference {
    return load(this.words, node * unitWords + layout.node.data);
  }

  /** Returns the name's `dataFlags` (layout.ts); 0 for `none`. */
  dataFlags(data: Reference): number {
    return data === none ? 0 : ((this.words[data * unitWords + layout.data.rest] as number) >>> 16) & 0xff;
  }

  rrsetCount(data: Reference): number {
    return data === none ? 0 : (this.words[data * unitWords + layout.data.rest] as number) >>> 24;
  }

  modified(data: Reference): number {
    const at = data * unitWords;
    const low = this.words[at + layout.data.modifiedLow] as number;
    return ((this.words[at + layout.data.rest] as number) & 0xffff) * 2 ** 32 + low;
  }

  /** Returns the length of a name's data in octets, without the word for `signatureTtl`. */
  dataLength(data: Reference): number {
    let rrset = this.firstRrset(data);
    for (let left = this.rrsetCount(data); left > 0; left -= 1) rrset = this.nextRrset(rrset);
    return rrset - data * unitBytes;
  }

  /** Returns the octet at which the first RRset begins. The RRset after it: {@link nextRrset}. */
  firstRrset(data: Reference): number {
    return data * unitBytes + layout.dataRrsetsByte;
  }

  nextRrset(rrset: number): number {
    return rrset + layout.rrsetRecordsByte + ((this.rrsetLength(rrset) + 3) & ~3);
  }

  /** Returns the octet at which the RRset of this type begins; 0 if there is none. */
  findRrset(data: Reference, type: number): number {
    let rrset = this.firstRrset(data);
    for (let left = this.rrsetCount(data); left > 0; left -= 1) {
      if (this.rrsetType(rrset) === type) return rrset;
      rrset = this.nextRrset(rrset);
    }
    return 0;
  }

  rrsetType(rrset: number): number {
    return (this.words[rrset / 4 + layout.rrset.typeAndCount] as number) & 0xffff;
  }

  recordCount(rrset: number): number {
    return (this.words[rrset / 4 + layout.rrset.typeAndCount] as number) >>> 16;
  }

  /** Returns the length of all records of the RRset, in octets. */
  rrsetLength(rrset: number): number {
    return (this.words[rrset / 4 + layout.rrset.lengthAndManager] as number) & 0xff_ffff;
  }

  rrsetManager(rrset: number): number {
    return ((this.words[rrset / 4 + layout.rrset.lengthAndManager] as number) >>> 24) & 0x7f;
  }

  inheritsTtl(rrset: number): boolean {
    return ((this.words[rrset / 4 + layout.rrset.lengthAndManager] as number) & layout.inheritsTtl) !== 0;
  }

  /** Returns the octet at which the RRset's first record begins. The other records follow it. */
  firstRecord(rrset: number): number {
    return rrset + layout.rrsetRecordsByte;
  }

  /** Returns the zone's setting `addressNames` (held-addresses.ts); `none` if it has none. */
  addressNames(zone: ZoneId): Reference {
    return load(this.words, zone * unitWords + layout.zone.addressNames);
  }

  soa(zone: ZoneId): Reference {
    return load(this.words, zone * unitWords + layout.zone.soa);
  }

  negativeTtl(soa: Reference): number {
    return this.words[soa * unitWords + layout.soa.negativeTtl] as number;
  }

  soaRecord(soa: Reference): number {
    return soa * unitBytes + layout.soaRecordByte;
  }

  soaLength(soa: Reference): number {
    return this.words[soa * unitWords + layout.soa.length] as number;
  }

  /** Returns the form of the primary server's name (`soaNameForm`). */
  primaryForm(soa: Reference): number {
    return this.words[soa * unitWords + layout.soa.primary] as number;
  }

  responsibleForm(soa: Reference): number {
    return this.words[soa * unitWords + layout.soa.responsible] as number;
  }
}
