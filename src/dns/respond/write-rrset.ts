// Copies RRsets from the table into the response, names compressed where RFC 3597 §4 lets us: in the owner, and in rdata of the types of RFC 1035.
// Names are compressed against the question alone: that is where nearly all that can be saved is.

import { typeCode } from '../../model/rdata/record-types.ts';
import { recordFixedBytes } from '../../table/layout.ts';
import { headerLength, readUint16, writeUint16 } from '../wire/header.ts';
import { nameLength, pointerLimit, skipName } from '../wire/names.ts';
import { additionalTypes, targetOffset } from './additional-types.ts';
import { type Exchange, ownName } from './exchange.ts';

/** Octets of the compression pointer that each record of the table begins with. */
const pointerLength = 2;

/** By type, a number other than 0 where rdata has names that are compressed or remembered. */
const namesIn = Uint8Array.from({ length: 128 }, (_, type) =>
  isCompressed(type) || additionalTypes(type).length > 0 ? 1 : 0,
);

/**
 * Writes the RRset at octet `rrset` of the table under the name at `ownerAt` of the response; returns how many records. 0 when they do not all fit;
 * then nothing is written.
 */
export function writeRrset(exchange: Exchange, rrset: number, ownerAt: number): number {
  const { reader } = exchange;
  const type = reader.rrsetType(rrset);
  const from = reader.firstRecord(rrset);
  const length = reader.rrsetLength(rrset);
  const count = reader.recordCount(rrset);
  if (ownerAt === headerLength && !hasNames(type)) {
    if (exchange.at + length > exchange.limit) return 0;
    copy(reader.bytes, from, exchange.response, exchange.at, length);
    exchange.at += length;
    return count;
  }
  const start = exchange.at;
  const targets = exchange.targets;
  let record = from;
  for (let left = count; left > 0; left -= 1) {
    if (!writeRecord(exchange, record, ownerAt, type)) {
      exchange.at = start;
      exchange.targets = targets;
      return 0;
    }
    record += recordFixedBytes + readUint16(reader.bytes, record + 10);
  }
  return count;
}

/** Writes one record of the table; false when it does not fit, and `at` is as it was. */
function writeRecord(exchange: Exchange, record: number, ownerAt: number, type: number): boolean {
  const { reader, response } = exchange;
  const { bytes } = reader;
  const start = exchange.at;
  const length = readUint16(bytes, record + 10);
  const rdata = record + recordFixedBytes;
  const isInReach = ownerAt < pointerLimit;
  const owner = isInReach ? pointerLength : skipName(response, ownerAt, start) - ownerAt;
  const fixed = start + owner;
  const to = fixed + recordFixedBytes - pointerLength;
  if (to > exchange.limit) return false;
  if (isInReach) writeUint16(response, start, 0xc000 | ownerAt);
  else copy(response, ownerAt, response, start, owner);
  copy(bytes, record + pointerLength, response, fixed, recordFixedBytes - pointerLength);
  exchange.at = to;
  if (hasNames(type)) {
    writeRdata(exchange, rdata, length, type);
    writeUint16(response, to - 2, exchange.at - to);
  } else if (exchange.at + length <= exchange.limit) {
    copy(bytes, rdata, response, exchange.at, length);
    exchange.at += length;
  } else exchange.at = exchange.limit + 1;
  if (exchange.at <= exchange.limit) return true;
  exchange.at = start;
  return false;
}

/** Whether there is more to writing its rdata than copying. */
function hasNames(type: number): boolean {
  return type < namesIn.length && namesIn[type] !== 0;
}

/** RFC 3597 §4: of types that are younger than RFC 1035, names are not. */
function isCompressed(type: number): boolean {
  return type === typeCode.NS || type === typeCode.CNAME || type === typeCode.PTR || type === typeCode.MX;
}

/** Writes rdata with names in it, perhaps beyond the limit. */
function writeRdata(exchange: Exchange, rdata: number, length: number, type: number): void {
  const { reader, response } = exchange;
  const { bytes } = reader;
  if (!isCompressed(type)) {
    copy(bytes, rdata, response, exchange.at, length);
    exchange.writtenAt = exchange.at + targetOffset(type);
    exchange.at += length;
    rememberTarget(exchange, rdata, type);
    return;
  }
  const before = targetOffset(type);
  copy(bytes, rdata, response, exchange.at, before);
  exchange.at += before;
  writeName(exchange, bytes, rdata + before);
  if (additionalTypes(type).length > 0) rememberTarget(exchange, rdata, type);
}

/** Remembers for the additional section the name in rdata, which was written last. */
function rememberTarget(exchange: Exchange, rdata: number, type: number): void {
  const { bytes } = exchange.reader;
  const name = rdata + targetOffset(type);
  if (bytes[name] !== 0) exchange.rememberTarget(type, name, exchange.writtenAt);
  // The root stands for "none" (RFC 2782, RFC 7505 §3), but for the owner where a service has a priority (RFC 9460 §2.5).
  else if (isService(type) && readUint16(bytes, rdata) !== 0) {
    exchange.rememberTarget(type, ownName, exchange.suffixAt(0));
  }
}

function isService(type: number): boolean {
  return type === typeCode.SVCB || type === typeCode.HTTPS;
}

/**
 * Writes a well-formed name that lies uncompressed and in lower case at `offset` of `source`, its end shared with the question's where they are the same.
 * Sets `written…`.
 */
export function writeName(exchange: Exchange, source: Uint8Array, offset: number): void {
  const { question, response } = exchange;
  const length = nameLength(source, offset);
  const start = exchange.at;
  let questionLabel = 0;
  let label = 0;
  let at = 0;
  for (; length - at > 1; at += 1 + (source[offset + at] as number), label += 1) {
    // The question's suffix of the same length, if one of its labels begins there.
    const shared = question.length - (length - at);
    if (shared < 0) continue;
    while ((question.starts[questionLabel] as number) < shared) questionLabel += 1;
    if (
      question.starts[questionLabel] !== shared ||
      !question.suffixIs(questionLabel, source, offset + at, length - at)
    ) {
      continue;
    }
    copy(source, offset, response, start, at);
    writeUint16(response, start + at, 0xc000 | (headerLength + shared));
    exchange.at = start + at + 2;
    exchange.writtenAt = at === 0 ? headerLength + shared : start;
    exchange.writtenSplit = label;
    exchange.writtenTail = headerLength + shared;
    return;
  }
  copy(source, offset, response, start, length);
  exchange.at = start + length;
  exchange.writtenAt = start;
  exchange.writtenSplit = 0;
  exchange.writtenTail = start;
}

/** A loop, because a subarray for `set` would be garbage. */
export function copy(source: Uint8Array, from: number, target: Uint8Array, to: number, length: number): void {
  for (let i = 0; i < length; i += 1) target[to + i] = source[from + i] as number;
}
