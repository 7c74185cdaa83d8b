// Adds the RRsets that the question asks for (RFC 1034 §4.3.2, steps 3a and 3c).

import { typeCode } from '../../model/rdata/record-types.ts';
import { addHeldAddresses, addOwnHeldAddresses } from './add-held-addresses.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { finding } from './lookup.ts';
import { writeRrset } from './write-rrset.ts';
import { writeSoa } from './write-soa.ts';

export function addAnswer(exchange: Exchange): Verdict {
  const { reader, lookup } = exchange;
  if (lookup.finding === finding.address) return addHeldAddresses(exchange);
  if (lookup.finding !== finding.name) return verdict.next;
  const { type } = exchange.query;
  if (type === typeCode.ANY) return addAny(exchange);
  if (type === typeCode.SOA && isApex(exchange)) return addSoa(exchange);
  const rrset = reader.findRrset(lookup.data, type);
  if (rrset === 0) return addOwnHeldAddresses(exchange);
  lookup.finding = finding.done;
  return isDnameAlreadyWritten(exchange, type) ? verdict.next : addRrset(exchange, rrset);
}

/**
 * Answers ANY with all RRsets of the name. Over UDP, with only one RRset: otherwise ANY would serve attacks with forged
 * addresses (RFC 8482 §4.1).
 */
function addAny(exchange: Exchange): Verdict {
  const { reader, lookup, included } = exchange;
  const { data } = lookup;
  included.mark(lookup.node);
  const count = reader.rrsetCount(data);
  if (count === 0 && !isApex(exchange)) return addOwnHeldAddresses(exchange);
  lookup.finding = finding.done;
  const all = exchange.client.transport !== 'udp';
  let rrset = reader.firstRrset(data);
  for (let left = count; left > 0; left -= 1, rrset = reader.nextRrset(rrset)) {
    if (isDnameAlreadyWritten(exchange, reader.rrsetType(rrset))) continue;
    if (addRrset(exchange, rrset) !== verdict.next) return verdict.end;
    if (!all) break;
  }
  return isApex(exchange) && (all || count === 0) ? addSoa(exchange) : verdict.next;
}

/**
 * Marks a DNAME as written. Returns whether it was marked before: an alias may lead from a name below a DNAME to its
 * owner, and so to the same DNAME again.
 */
function isDnameAlreadyWritten({ included, lookup }: Exchange, type: number): boolean {
  return type === typeCode.DNAME && !included.mark(lookup.data);
}

function isApex({ reader, lookup }: Exchange): boolean {
  return lookup.node === reader.apex(lookup.zone);
}

function addRrset(exchange: Exchange, rrset: number): Verdict {
  return add(exchange, writeRrset(exchange, rrset, exchange.lookup.suffixAt(0)));
}

function addSoa(exchange: Exchange): Verdict {
  exchange.lookup.finding = finding.done;
  return add(exchange, writeSoa(exchange, false));
}

function add(exchange: Exchange, records: number): Verdict {
  if (records === 0) return exchange.truncate();
  exchange.response.answers += records;
  return verdict.next;
}
