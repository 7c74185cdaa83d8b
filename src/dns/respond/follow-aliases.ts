// Follows CNAME (RFC 1034 §3.6.2) and DNAME (RFC 6672): writes these records into the answer, and looks up the name to
// which they lead, as long as that name is in a zone of ours.

import { typeCode } from '../../model/rdata/record-types.ts';
import { dataFlags, recordFixedBytes } from '../../table/layout.ts';
import { rcode } from '../wire/codes.ts';
import { copyOctets } from '../wire/copy-octets.ts';
import { writeUint16 } from '../wire/header.ts';
import { nameLength } from '../wire/names.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { findNode } from './find-node.ts';
import { enterZone } from './find-zone.ts';
import { forwardAlias } from './forward-query.ts';
import { finding } from './lookup.ts';
import { writeName, writeRrset } from './write-rrset.ts';

export function followAliases(exchange: Exchange): Verdict {
  const { lookup, response, query } = exchange;
  // AA is for the zone of the first name (RFC 1034 §4.3.1). A referral is not authoritative.
  response.authoritative = lookup.finding !== finding.referral;
  while (isAlias(exchange)) {
    const result = lookup.finding === finding.dname ? addDname(exchange) : addCname(exchange);
    if (result !== verdict.next) return result;
    // The CNAME that a DNAME makes answers a query for CNAME, but not a query for ANY (RFC 6672 §3.2).
    if (query.type === typeCode.CNAME || lookup.hasMaxAliases() || lookup.isLoop()) return verdict.next;
    if (!enterZone(exchange)) return verdict.next;
    if (exchange.reader.isForwarder(lookup.zone)) return forwardAlias(exchange);
    findNode(exchange);
  }
  return verdict.next;
}

function isAlias({ reader, query, lookup }: Exchange): boolean {
  if (lookup.finding === finding.dname) return true;
  const { type } = query;
  if (lookup.finding !== finding.name || type === typeCode.CNAME || type === typeCode.ANY) return false;
  // NSEC, RRSIG and KEY may be at the same name as a CNAME, and answer queries for their own types (RFC 4035 §2.5, RFC
  // 2181 §10.1).
  return (reader.dataFlags(lookup.data) & dataFlags.cname) !== 0 && reader.findRrset(lookup.data, type) === 0;
}

function addCname(exchange: Exchange): Verdict {
  const { reader, lookup, written } = exchange;
  const cname = reader.findRrset(lookup.data, typeCode.CNAME);
  const records = writeRrset(exchange, cname, lookup.suffixAt(0));
  if (records === 0) return exchange.truncate();
  exchange.response.answers += records;
  lookup.follow(reader.bytes, reader.firstRecord(cname) + recordFixedBytes, written);
  return verdict.next;
}

/** Adds the DNAME, and the CNAME that it makes for the name. The CNAME has the TTL of the DNAME (RFC 6672 §3.1). */
function addDname(exchange: Exchange): Verdict {
  const { reader, lookup, response, included, written } = exchange;
  const { name, madeName } = lookup;
  const dname = reader.findRrset(lookup.data, typeCode.DNAME);
  // Aliases may lead below the same DNAME again. It is written only once.
  if (included.mark(lookup.data)) {
    const records = writeRrset(exchange, dname, lookup.suffixAt(lookup.foundSuffix));
    if (records === 0) return exchange.truncate();
    response.answers += records;
  }
  const record = reader.firstRecord(dname);
  const target = record + recordFixedBytes;
  const kept = name.starts[lookup.foundSuffix] as number;
  const targetLength = nameLength(reader.bytes, target);
  if (kept + targetLength > 255) return exchange.end(rcode.YXDOMAIN);
  copyOctets(name.bytes, 0, madeName, 0, kept);
  copyOctets(reader.bytes, target, madeName, kept, targetLength);
  const start = response.at;
  if (!response.fits(recordFixedBytes)) return exchange.truncate();
  // Class and TTL are the DNAME's.
  response.append(reader.bytes, record, recordFixedBytes);
  writeUint16(response.octets, start, 0xc000 | lookup.suffixAt(0));
  writeUint16(response.octets, start + 2, typeCode.CNAME);
  writeName(exchange, madeName, 0);
  writeUint16(response.octets, start + 10, response.at - start - recordFixedBytes);
  if (!response.fits(0)) {
    response.rewind(start);
    return exchange.truncate();
  }
  response.answers += 1;
  lookup.follow(madeName, 0, written);
  return verdict.next;
}
