// Finds the RRsets of a name that inherit their TTL from the zone's default TTL, and copies the name's data with
// another TTL in these RRsets.

import { typeCode } from '../model/rdata/record-types.ts';
import { dataFlags, none, type Reference, recordFixedBytes, unitBytes } from './layout.ts';
import { decodeRrsets, type TableRrset } from './node-data.ts';
import type { TableReader } from './reader.ts';

/** The octets of a record at which its TTL and the length of its rdata begin. */
const ttlByte = 6;
const lengthByte = 10;

/** Returns whether an RRset in the data inherits a TTL that differs from `ttl`. */
export function hasOtherTtl(reader: TableReader, data: Reference, ttl: number): boolean {
  if (data === none || (reader.dataFlags(data) & dataFlags.inheritsTtl) === 0) return false;
  let rrset = reader.firstRrset(data);
  for (let left = reader.rrsetCount(data); left > 0; left -= 1, rrset = reader.nextRrset(rrset)) {
    if (reader.inheritsTtl(rrset) && ttlAt(reader.bytes, reader.firstRecord(rrset)) !== ttl) return true;
  }
  return false;
}

/** Copies `length` octets of `data` to the block `copy`, and sets `ttl` in the RRsets that inherit their TTL. */
export function copyWithTtl(reader: TableReader, data: Reference, copy: Reference, length: number, ttl: number): void {
  const { bytes } = reader;
  bytes.copyWithin(copy * unitBytes, data * unitBytes, data * unitBytes + length);
  let rrset = reader.firstRrset(copy);
  for (let left = reader.rrsetCount(copy); left > 0; left -= 1, rrset = reader.nextRrset(rrset)) {
    if (!reader.inheritsTtl(rrset)) continue;
    let record = reader.firstRecord(rrset);
    for (let records = reader.recordCount(rrset); records > 0; records -= 1) {
      for (let i = 0; i < 4; i += 1) bytes[record + ttlByte + i] = ttl >>> (24 - 8 * i);
      record +=
        recordFixedBytes + ((bytes[record + lengthByte] as number) << 8) + (bytes[record + lengthByte + 1] as number);
    }
  }
}

/**
 * Returns whether the data has signatures. Their TTLs depend on the RRsets that they cover, so such data is encoded
 * again, not copied.
 */
export function hasSignatures(reader: TableReader, data: Reference): boolean {
  return reader.findRrset(data, typeCode.RRSIG) !== 0;
}

/** Returns the RRsets of the data, with `ttl` in those that inherit their TTL. */
export function rrsetsWithTtl(reader: TableReader, data: Reference, ttl: number): TableRrset[] {
  let at = reader.firstRrset(data);
  return decodeRrsets(reader, data).map((rrset) => {
    const inherits = reader.inheritsTtl(at);
    at = reader.nextRrset(at);
    return inherits ? { ...rrset, ttl, inheritsTtl: true } : rrset;
  });
}

function ttlAt(bytes: Uint8Array, record: number): number {
  let ttl = 0;
  for (let i = 0; i < 4; i += 1) ttl = ttl * 256 + (bytes[record + ttlByte + i] as number);
  return ttl;
}
