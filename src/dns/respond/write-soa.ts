// The zone's SOA record, with its own TTL, or with the one for negative answers.

import { octetsInForm, recordFixedBytes, suffixInForm, wholeName } from '../../table/layout.ts';
import { writeUint16, writeUint32 } from '../wire/header.ts';
import type { Exchange } from './exchange.ts';
import { copy } from './write-rrset.ts';

/** 1, or 0 when it does not fit. A zone that is served has a SOA (TableWriter.publishZone). With `negative`, its TTL is the lesser of its own and its minimum field (RFC 2308 §5). */
export function writeSoa(exchange: Exchange, negative: boolean): number {
  const { reader, response, at } = exchange;
  const soa = reader.soa(exchange.zone);
  const length = reader.soaLength(soa);
  if (at + length > exchange.limit) return 0;
  copy(reader.bytes, reader.soaRecord(soa), response, at, length);
  writeUint16(response, at, 0xc000 | exchange.suffixAt(exchange.zoneSuffix));
  if (negative) writeUint32(response, at + 6, reader.negativeTtl(soa));
  const responsible = endName(exchange, at + recordFixedBytes, reader.primaryForm(soa));
  endName(exchange, responsible, reader.responsibleForm(soa));
  exchange.at = at + length;
  return 1;
}

/** Points the name's end at the zone's name; returns where the next octet goes. */
function endName(exchange: Exchange, name: number, form: number): number {
  const end = name + octetsInForm(form);
  const shared = suffixInForm(form);
  if (shared === wholeName) return end;
  writeUint16(exchange.response, end, 0xc000 | exchange.suffixAt(exchange.zoneSuffix + shared));
  return end + 2;
}
