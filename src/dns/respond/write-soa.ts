// Writes the zone's SOA record, with its own TTL or with the TTL of negative answers.

import { octetsInForm, recordFixedBytes, suffixInForm, wholeName } from '../../table/layout.ts';
import { copyOctets } from '../wire/copy-octets.ts';
import { writeUint16, writeUint32 } from '../wire/header.ts';
import type { Exchange } from './exchange.ts';

/**
 * Writes the SOA record. Returns the number of records: 1, or 0 if it does not fit. Every served zone has a SOA
 * (TableWriter.publishZone). With `negative`, the TTL is the smaller of the SOA's TTL and its minimum (RFC 2308 §5).
 */
export function writeSoa(exchange: Exchange, negative: boolean): number {
  const { reader, response, lookup } = exchange;
  const { octets, at } = response;
  const soa = reader.soa(lookup.zone);
  const length = reader.soaLength(soa);
  if (!response.fits(length)) return 0;
  copyOctets(reader.bytes, reader.soaRecord(soa), octets, at, length);
  writeUint16(octets, at, 0xc000 | lookup.suffixAt(lookup.zoneSuffix));
  if (negative) writeUint32(octets, at + 6, reader.negativeTtl(soa));
  const responsible = endName(exchange, at + recordFixedBytes, reader.primaryForm(soa));
  endName(exchange, responsible, reader.responsibleForm(soa));
  response.at = at + length;
  return 1;
}

/**
 * Ends the name at offset `name` with a pointer to a suffix of the zone's name, if the form of the name says so.
 * Returns the offset after the name.
 */
function endName({ response, lookup }: Exchange, name: number, form: number): number {
  const end = name + octetsInForm(form);
  const shared = suffixInForm(form);
  if (shared === wholeName) return end;
  writeUint16(response.octets, end, 0xc000 | lookup.suffixAt(lookup.zoneSuffix + shared));
  return end + 2;
}
