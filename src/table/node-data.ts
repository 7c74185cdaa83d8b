// Converts a name's RRsets between presentation form and the table's form (layout.ts). soa-block.ts converts the SOA.

import { type AddressNumber, addressFromRdata } from '../model/address.ts';
import { formatRdata, parseRdata } from '../model/rdata/rdata.ts';
import { recordTypeCode, recordTypeName, typeCode } from '../model/rdata/record-types.ts';
import type { Revision } from '../model/revision.ts';
import { type Manager, maxTypes, type Rrset } from '../model/rrset.ts';
import {
  dataFlags,
  dataRrsetsByte,
  data as dataWord,
  inheritsTtl,
  none,
  type Reference,
  recordFixedBytes,
  rrsetRecordsByte,
  rrset as rrsetWord,
} from './layout.ts';
import type { TableReader } from './reader.ts';

/** An RRset as it is put into the table. */
export interface TableRrset extends Rrset {
  /** True: the TTL is the zone's default TTL, and changes with it. */
  inheritsTtl?: true;
}

/** In the table, a manager's number is its index here plus one; 0 means no manager. */
const managers: readonly Manager[] = ['host', 'zone', 'skydns'];

const classIn = 1;
const maxRrset = 0xff_ffff;

/** Encodes blocks. The encoded block is the first `length` octets of `bytes`, until the next call. */
export class NodeDataEncoder {
  bytes = new Uint8Array(4096);
  length = 0;
  /** The `dataFlags` of the last encoded block. */
  flags = 0;
  #view = new DataView(this.bytes.buffer);

  /** Encodes all RRsets that have records. Throws InvalidValue or RangeError if the table cannot store them. */
  encode(rrsets: readonly TableRrset[], modified: Revision, isApex: boolean): void {
    const present = rrsets.filter((rrset) => rrset.records.length > 0);
    if (present.length > maxTypes) throw new RangeError(`a name holds at most ${maxTypes} RRsets`);
    if (present.some((rrset) => rrset.type === 'SOA'))
      throw new RangeError('the SOA is not among the RRsets: use putSoa');
    const coded = present.map((rrset) => ({ rrset, code: recordTypeCode(rrset.type) }));
    if (coded.length > 1) coded.sort((a, b) => a.code - b.code);
    this.flags = 0;
    this.length = dataRrsetsByte;
    for (const { rrset, code } of coded) this.#encodeRrset(rrset, code, isApex, coded);
    this.#encodeSignatureTtl(present);
    const view = this.#view;
    view.setUint32(dataWord.modifiedLow * 4, modified % 2 ** 32, littleEndian);
    const high = Math.floor(modified / 2 ** 32);
    if (high > 0xffff) throw new RangeError('a revision has at most 48 bits');
    const rest = (coded.length << 24) | (this.flags << 16) | high;
    view.setUint32(dataWord.rest * 4, rest >>> 0, littleEndian);
  }

  #encodeRrset(rrset: TableRrset, code: number, isApex: boolean, all: readonly CodedRrset[]): void {
    const start = this.length;
    this.#room(rrsetRecordsByte);
    this.length += rrsetRecordsByte;
    for (const text of rrset.records) {
      const rdata = parseRdata(rrset.type, text);
      const ttl = code === typeCode.RRSIG ? (ttlOfCovered(rdata, all) ?? rrset.ttl) : rrset.ttl;
      if (ttl !== rrset.ttl) this.flags |= dataFlags.signatureTtl;
      this.#encodeRecord(code, ttl, rdata);
    }
    if (code === typeCode.CNAME) this.flags |= dataFlags.cname;
    if (code === typeCode.DNAME) this.flags |= dataFlags.dname;
    if (code === typeCode.NS && !isApex) this.flags |= dataFlags.delegation;
    const length = this.length - start - rrsetRecordsByte;
    if (length > maxRrset || rrset.records.length > 0xffff) throw new RangeError('an RRset is too large');
    const manager = rrset.manager === undefined ? 0 : managers.indexOf(rrset.manager) + 1;
    const typeAndCount = code | (rrset.records.length << 16);
    if (rrset.inheritsTtl === true) this.flags |= dataFlags.inheritsTtl;
    const lengthAndManager = length | (manager << 24) | (rrset.inheritsTtl === true ? inheritsTtl : 0);
    this.#view.setUint32(start + rrsetWord.typeAndCount * 4, typeAndCount >>> 0, littleEndian);
    this.#view.setUint32(start + rrsetWord.lengthAndManager * 4, lengthAndManager >>> 0, littleEndian);
    const padded = (this.length + 3) & ~3;
    this.#room(3);
    this.bytes.fill(0, this.length, padded);
    this.length = padded;
  }

  /** Writes the TTL of the RRSIG RRset if one of its records got another TTL. */
  #encodeSignatureTtl(rrsets: readonly Rrset[]): void {
    if ((this.flags & dataFlags.signatureTtl) === 0) return;
    this.#room(4);
    this.#view.setUint32(this.length, rrsets.find(({ type }) => type === 'RRSIG')?.ttl ?? 0, littleEndian);
    this.length += 4;
  }

  #encodeRecord(code: number, ttl: number, rdata: Uint8Array): void {
    this.#room(recordFixedBytes + rdata.length);
    const view = this.#view;
    const at = this.length;
    view.setUint16(at, 0xc00c);
    view.setUint16(at + 2, code);
    view.setUint16(at + 4, classIn);
    view.setUint32(at + 6, ttl);
    view.setUint16(at + 10, rdata.length);
    this.bytes.set(rdata, at + recordFixedBytes);
    this.length = at + recordFixedBytes + rdata.length;
  }

  #room(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

interface CodedRrset {
  rrset: TableRrset;
  code: number;
}

/**
 * Returns the TTL of the RRset that a signature covers: the signature must have the same TTL (RFC 4034 §3). Undefined
 * if `all` has no such RRset, as for the signature of a SOA.
 */
function ttlOfCovered(signature: Uint8Array, all: readonly CodedRrset[]): number | undefined {
  const covered = ((signature[0] as number) << 8) | (signature[1] as number);
  return all.find(({ code }) => code === covered)?.rrset.ttl;
}

const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * Returns the RRsets of a block that {@link NodeDataEncoder.encode} made, in the order of their types' codes, without
 * `inheritsTtl`.
 */
export function decodeRrsets(reader: TableReader, data: Reference): Rrset[] {
  const rrsets: Rrset[] = [];
  let at = reader.firstRrset(data);
  for (let left = reader.rrsetCount(data); left > 0; left -= 1) {
    rrsets.push(decodeRrset(reader, at));
    at = reader.nextRrset(at);
  }
  if ((reader.dataFlags(data) & dataFlags.signatureTtl) !== 0) {
    const signatures = rrsets.find(({ type }) => type === 'RRSIG');
    if (signatures !== undefined) signatures.ttl = reader.words[at / 4] as number;
  }
  return rrsets;
}

function decodeRrset(reader: TableReader, at: number): Rrset {
  const type = recordTypeName(reader.rrsetType(at));
  const start = reader.firstRecord(at);
  const bytes = reader.bytes.slice(start, start + reader.rrsetLength(at));
  const view = new DataView(bytes.buffer);
  const records: string[] = [];
  for (let record = 0; record < bytes.length; ) {
    const rdata = record + recordFixedBytes;
    const end = rdata + view.getUint16(record + 10);
    records.push(formatRdata(type, bytes.subarray(rdata, end)));
    record = end;
  }
  const rrset: Rrset = { type, ttl: view.getUint32(6), records };
  const manager = managers[reader.rrsetManager(at) - 1];
  return manager === undefined ? rrset : { ...rrset, manager };
}

const noAddresses: AddressNumber[] = [];

/** Returns the addresses of the A and AAAA records that no host manages. `data` may be `none`. */
export function addressesIn(reader: TableReader, data: Reference): AddressNumber[] {
  if (data === none) return noAddresses;
  let addresses = noAddresses;
  let at = reader.firstRrset(data);
  for (let left = reader.rrsetCount(data); left > 0; left -= 1) {
    const type = reader.rrsetType(at);
    if ((type === typeCode.A || type === typeCode.AAAA) && reader.rrsetManager(at) !== managers.indexOf('host') + 1) {
      const size = recordFixedBytes + (type === typeCode.A ? 4 : 16);
      if (addresses === noAddresses) addresses = [];
      for (let index = 0; index < reader.recordCount(at); index += 1) {
        const start = reader.firstRecord(at) + index * size;
        addresses.push(addressFromRdata(reader.bytes.subarray(start + recordFixedBytes, start + size)));
      }
    }
    at = reader.nextRrset(at);
  }
  return addresses;
}
