// The zone's SOA record, with its own TTL, or with the one for negative answers.

import { typeCode } from '../../model/rdata/record-types.ts';
import { soa as layout, soaRecordByte, unitBytes, unitWords } from '../../table/layout.ts';
import { writeUint32 } from '../wire/header.ts';
import type { Exchange } from './exchange.ts';
import { writeRecord } from './write-rrset.ts';

/** 1, or 0 when it does not fit. A zone that is served has a SOA (TableWriter.publishZone). With `negative`, its TTL is the lesser of its own and its minimum field (RFC 2308 §5). */
export function writeSoa(exchange: Exchange, negative: boolean): number {
  const { reader, zone } = exchange;
  const soa = reader.soa(zone);
  const start = exchange.at;
  if (!writeRecord(exchange, soa * unitBytes + soaRecordByte, exchange.suffixAt(exchange.zoneSuffix), typeCode.SOA)) {
    return 0;
  }
  if (negative) {
    writeUint32(exchange.response, start + 6, reader.words[soa * unitWords + layout.negativeTtl] as number);
  }
  return 1;
}
