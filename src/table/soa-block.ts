// Converts a zone's SOA to a block of the table (layout.ts) and back. Negative answers have the SOA, so the names in it
// are already compressed in the table, with room for pointers to the zone's name.

import { nameFromWire, nameToWire } from '../model/name.ts';
import { typeCode } from '../model/rdata/record-types.ts';
import type { Soa } from '../model/zone.ts';
import {
  soa as layout,
  octetsInForm,
  recordFixedBytes,
  soaNameForm,
  soaRecordByte,
  suffixInForm,
  wholeName,
  type ZoneId,
} from './layout.ts';
import type { TableReader } from './reader.ts';

const classIn = 1;
const pointerBytes = 2;
const numberBytes = 20;

/** Returns the block. `zone` is the zone's name in wire form. */
export function encodeSoa(soa: Soa, zone: Uint8Array): Uint8Array {
  const primary = compress(nameToWire(soa.primary), zone);
  const responsible = compress(nameToWire(soa.responsible), zone);
  const rdataLength = primary.octets.length + responsible.octets.length + numberBytes;
  const block = Buffer.alloc(soaRecordByte + recordFixedBytes + rdataLength);
  const words = new Uint32Array(block.buffer, block.byteOffset, soaRecordByte / 4);
  words[layout.negativeTtl] = Math.min(soa.ttl, soa.minimum);
  words[layout.length] = recordFixedBytes + rdataLength;
  words[layout.primary] = primary.form;
  words[layout.responsible] = responsible.form;
  let at = soaRecordByte + 2;
  at = block.writeUInt16BE(typeCode.SOA, at);
  at = block.writeUInt16BE(classIn, at);
  at = block.writeUInt32BE(soa.ttl, at);
  at = block.writeUInt16BE(rdataLength, at);
  block.set(primary.octets, at);
  block.set(responsible.octets, at + primary.octets.length);
  at = block.length - numberBytes;
  for (const number of [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum])
    at = block.writeUInt32BE(number, at);
  return block;
}

/** Returns the SOA of a zone. The zone must have a SOA. */
export function decodeSoa(reader: TableReader, zone: ZoneId): Soa {
  const zoneName = reader.zoneName(zone);
  const block = reader.soa(zone);
  const start = reader.soaRecord(block);
  const record = Buffer.from(reader.bytes.slice(start, start + reader.soaLength(block)));
  const primary = expand(record, recordFixedBytes, reader.primaryForm(block), zoneName);
  const responsible = expand(record, primary.end, reader.responsibleForm(block), zoneName);
  const [serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0] = [0, 4, 8, 12, 16].map((at) =>
    record.readUInt32BE(responsible.end + at),
  );
  const names = { primary: primary.name, responsible: responsible.name };
  return { ttl: record.readUInt32BE(6), ...names, serial, refresh, retry, expire, minimum };
}

/**
 * Returns the octets and the form (`soaNameForm`) of a name. The octets are the first labels, then room for a pointer
 * to the longest suffix that the name shares with the zone. If there is no such suffix, they are the whole name.
 */
function compress(name: Uint8Array, zone: Uint8Array): { octets: Uint8Array; form: number } {
  const labels = labelStarts(name);
  for (const [shared, start] of labelStarts(zone).entries()) {
    const suffix = zone.subarray(start);
    const kept = name.length - suffix.length;
    if (!labels.includes(kept) || Buffer.compare(name.subarray(kept), suffix) !== 0) continue;
    const octets = new Uint8Array(kept + pointerBytes);
    octets.set(name.subarray(0, kept));
    return { octets, form: soaNameForm(kept, shared) };
  }
  return { octets: name, form: soaNameForm(name.length, wholeName) };
}

function expand(record: Buffer, at: number, form: number, zone: Uint8Array): { name: Soa['primary']; end: number } {
  const kept = at + octetsInForm(form);
  const shared = suffixInForm(form);
  const suffix = shared === wholeName ? [] : zone.subarray(labelStarts(zone)[shared]);
  const { name } = nameFromWire(Buffer.concat([record.subarray(at, kept), Uint8Array.from(suffix)]));
  return { name, end: shared === wholeName ? kept : kept + pointerBytes };
}

/** Returns the offsets at which the labels begin, without the root's octet. */
function labelStarts(name: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = 0; name[at] !== 0; at += 1 + (name[at] as number)) starts.push(at);
  return starts;
}
