// Copies RRsets from the table into the response. Compresses owner names, and the names in rdata of NS, CNAME, PTR and
// MX (RFC 3597 §4). Names in rdata point only at the question's name, which saves nearly as much as any pointer.

import { typeCode } from '../../model/rdata/record-types.ts';
import { recordFixedBytes } from '../../table/layout.ts';
import { headerLength, readUint16, writeUint16 } from '../wire/header.ts';
import { maxPointer, nameLength, skipName } from '../wire/names.ts';
import { additionalTypes, targetOffset } from './additional-types.ts';
import type { Exchange } from './exchange.ts';
import { ownName } from './targets.ts';

/** Octets of the compression pointer at the beginning of each record in the table. */
const pointerLength = 2;

/** For each type: 1 if names in its rdata are compressed, or are targets (targets.ts). */
const namesIn = Uint8Array.from({ length: 128 }, (_, type) =>
  isCompressed(type) || additionalTypes(type).length > 0 ? 1 : 0,
);

/**
 * Writes the RRset at octet `rrset` of the table, with the name at `ownerAt` of the response as its owner. Returns the
 * number of records. If not all records fit, writes nothing and returns 0.
 */
export function writeRrset(exchange: Exchange, rrset: number, ownerAt: number): number {
  const { reader, response, targets } = exchange;
  const type = reader.rrsetType(rrset);
  const from = reader.firstRecord(rrset);
  const length = reader.rrsetLength(rrset);
  const count = reader.recordCount(rrset);
  if (ownerAt === headerLength && !hasNames(type)) {
    if (!response.fits(length)) return 0;
    response.append(reader.bytes, from, length);
    return count;
  }
  const start = response.at;
  const targetCount = targets.count;
  let record = from;
  for (let left = count; left > 0; left -= 1) {
    writeRecord(exchange, record, ownerAt, type);
    if (!response.fits(0)) {
      response.rewind(start);
      targets.rewind(targetCount);
      return 0;
    }
    record += recordFixedBytes + readUint16(reader.bytes, record + 10);
  }
  return count;
}

/** Writes one record of the table. If it does not fit, the response ends beyond `maxRecordsEnd`. */
function writeRecord(exchange: Exchange, record: number, ownerAt: number, type: number): void {
  const { reader, response } = exchange;
  const { bytes } = reader;
  const length = readUint16(bytes, record + 10);
  writeOwner(exchange, ownerAt);
  response.append(bytes, record + pointerLength, recordFixedBytes - pointerLength);
  // If the record does not fit already, its rdata is not copied: it may have 64 KiB.
  if (!response.fits(0)) return;
  const rdata = response.at;
  if (hasNames(type)) {
    writeRdata(exchange, record + recordFixedBytes, length, type);
    writeUint16(response.octets, rdata - 2, response.at - rdata);
  } else if (response.fits(length)) response.append(bytes, record + recordFixedBytes, length);
  else response.at = rdata + length;
}

/** Writes a pointer to the name at `ownerAt`, or a copy of that name if no pointer can point so far. */
export function writeOwner({ response }: Exchange, ownerAt: number): void {
  const { octets, at } = response;
  if (ownerAt > maxPointer) {
    response.append(octets, ownerAt, skipName(octets, ownerAt, at) - ownerAt);
    return;
  }
  writeUint16(octets, at, 0xc000 | ownerAt);
  response.at = at + pointerLength;
}

/** Returns whether rdata of this type has names that are compressed or remembered as targets. */
function hasNames(type: number): boolean {
  return type < namesIn.length && namesIn[type] !== 0;
}

/**
 * Returns whether names in rdata of this type are compressed. Names in types that are newer than RFC 1035 must not be
 * compressed (RFC 3597 §4).
 */
function isCompressed(type: number): boolean {
  return type === typeCode.NS || type === typeCode.CNAME || type === typeCode.PTR || type === typeCode.MX;
}

/** Writes rdata that has names. Afterwards, the response may end beyond `maxRecordsEnd`. */
function writeRdata(exchange: Exchange, rdata: number, length: number, type: number): void {
  const { reader, response, written } = exchange;
  const { bytes } = reader;
  const before = targetOffset(type);
  if (!isCompressed(type)) {
    written.setWhole(response.at + before);
    response.append(bytes, rdata, length);
    rememberTarget(exchange, rdata, type);
    return;
  }
  response.append(bytes, rdata, before);
  writeName(exchange, bytes, rdata + before);
  if (additionalTypes(type).length > 0) rememberTarget(exchange, rdata, type);
}

/** Remembers the name in the rdata as a target. This name must be the last one that was written. */
function rememberTarget({ reader, lookup, written, targets }: Exchange, rdata: number, type: number): void {
  const { bytes } = reader;
  const name = rdata + targetOffset(type);
  if (bytes[name] !== 0) targets.remember(type, name, written.at);
  // The root as target means that there is no host (RFC 2782, RFC 7505 §3). In SVCB and HTTPS with a priority other
  // than 0, it means the owner (RFC 9460 §2.5).
  else if (isService(type) && readUint16(bytes, rdata) !== 0) targets.remember(type, ownName, lookup.suffixAt(0));
}

function isService(type: number): boolean {
  return type === typeCode.SVCB || type === typeCode.HTTPS;
}

/**
 * Writes a name, and sets `written` to its place. The name is well formed, uncompressed and lower-cased, and begins at
 * `offset` of `source`. Its longest end that is also an end of the question's name becomes a pointer.
 */
export function writeName(exchange: Exchange, source: Uint8Array, offset: number): void {
  const { response, written } = exchange;
  const question = exchange.query.name;
  const length = nameLength(source, offset);
  const start = response.at;
  let questionLabel = 0;
  let label = 0;
  let at = 0;
  for (; length - at > 1; at += 1 + (source[offset + at] as number), label += 1) {
    // The offset of the question's suffix with the same length. It counts only if a label begins there.
    const shared = question.length - (length - at);
    if (shared < 0) continue;
    while ((question.starts[questionLabel] as number) < shared) questionLabel += 1;
    if (
      question.starts[questionLabel] !== shared ||
      !question.suffixIs(questionLabel, source, offset + at, length - at)
    ) {
      continue;
    }
    const pointer = headerLength + shared;
    response.append(source, offset, at);
    writeUint16(response.octets, response.at, 0xc000 | pointer);
    response.at += pointerLength;
    written.set(at === 0 ? pointer : start, label, pointer);
    return;
  }
  response.append(source, offset, length);
  written.setWhole(start);
}
