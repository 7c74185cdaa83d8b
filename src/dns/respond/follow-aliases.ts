// CNAME (RFC 1034 §3.6.2) and DNAME (RFC 6672): into the answer, then on to where they lead, as far as zones of ours go.

import { typeCode } from '../../model/rdata/record-types.ts';
import { dataFlags, recordFixedBytes } from '../../table/layout.ts';
import { rcode } from '../wire/codes.ts';
import { writeUint16 } from '../wire/header.ts';
import { nameLength } from '../wire/names.ts';
import { aliasLimit, type Exchange, finding, type Verdict, verdict } from './exchange.ts';
import { findNode } from './find-node.ts';
import { enterZone } from './find-zone.ts';
import { copy, writeName, writeRrset } from './write-rrset.ts';

export function followAliases(exchange: Exchange): Verdict {
  // The zone of the first name is the one that the answer is authoritative for (RFC 1034 §4.3.1); a referral is not.
  exchange.authoritative = exchange.finding !== finding.referral;
  while (isAlias(exchange)) {
    const result = exchange.finding === finding.dname ? addDname(exchange) : addCname(exchange);
    if (result !== verdict.next) return result;
    exchange.finding = finding.done;
    exchange.aliases += 1;
    // The CNAME that a DNAME makes is what was asked for; for ANY it is not all (RFC 6672 §3.2).
    if (exchange.type === typeCode.CNAME || exchange.aliases === aliasLimit || wasPassed(exchange)) return verdict.next;
    if (!enterZone(exchange)) return verdict.next;
    findNode(exchange);
  }
  return verdict.next;
}

function isAlias(exchange: Exchange): boolean {
  if (exchange.finding === finding.dname) return true;
  const { type } = exchange;
  if (exchange.finding !== finding.name || type === typeCode.CNAME || type === typeCode.ANY) return false;
  const { reader, data } = exchange;
  // Beside a CNAME stands only what is asked for by its own type: NSEC, RRSIG, KEY (RFC 4035 §2.5, RFC 2181 §10.1).
  return (reader.dataFlags(data) & dataFlags.cname) !== 0 && reader.findRrset(data, type) === 0;
}

function addCname(exchange: Exchange): Verdict {
  const { reader } = exchange;
  const cname = reader.findRrset(exchange.data, typeCode.CNAME);
  const records = writeRrset(exchange, cname, exchange.suffixAt(0));
  if (records === 0) return truncate(exchange);
  exchange.answers += records;
  pass(exchange);
  exchange.followWrittenName(reader.bytes, reader.firstRecord(cname) + recordFixedBytes);
  return verdict.next;
}

/** The DNAME, and the CNAME that it makes of the name (RFC 6672 §3.1), with the DNAME's TTL. */
function addDname(exchange: Exchange): Verdict {
  const { reader, name, madeName, response } = exchange;
  const dname = reader.findRrset(exchange.data, typeCode.DNAME);
  // Aliases may lead below it again; it is said once.
  if (exchange.speakOf(exchange.data)) {
    const records = writeRrset(exchange, dname, exchange.suffixAt(exchange.foundSuffix));
    if (records === 0) return truncate(exchange);
    exchange.answers += records;
  }
  const record = reader.firstRecord(dname);
  const target = record + recordFixedBytes;
  const kept = name.starts[exchange.foundSuffix] as number;
  const targetLength = nameLength(reader.bytes, target);
  if (kept + targetLength > 255) return exchange.end(rcode.YXDOMAIN);
  copy(name.bytes, 0, madeName, 0, kept);
  copy(reader.bytes, target, madeName, kept, targetLength);
  const start = exchange.at;
  if (start + recordFixedBytes > exchange.limit) return truncate(exchange);
  // Class and TTL are the DNAME's own.
  copy(reader.bytes, record, response, start, recordFixedBytes);
  writeUint16(response, start, 0xc000 | exchange.suffixAt(0));
  writeUint16(response, start + 2, typeCode.CNAME);
  exchange.at = start + recordFixedBytes;
  writeName(exchange, madeName, 0);
  writeUint16(response, start + 10, exchange.at - start - recordFixedBytes);
  if (exchange.at > exchange.limit) {
    exchange.at = start;
    return truncate(exchange);
  }
  exchange.answers += 1;
  pass(exchange);
  exchange.followWrittenName(madeName, 0);
  return verdict.next;
}

function truncate(exchange: Exchange): Verdict {
  exchange.truncated = true;
  return verdict.end;
}

/** Remembers the name that we leave. */
function pass(exchange: Exchange): void {
  const { name, passed } = exchange;
  copy(name.bytes, 0, passed, exchange.passedLength, name.length);
  exchange.passedLength += name.length;
}

/** Whether the aliases lead back to a name that is in the answer already. */
function wasPassed(exchange: Exchange): boolean {
  const { name, passed, passedLength } = exchange;
  for (let at = 0; at < passedLength; at += nameLength(passed, at)) {
    if (name.suffixIs(0, passed, at, nameLength(passed, at))) return true;
  }
  return false;
}
