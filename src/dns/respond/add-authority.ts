// Fills the authority section: a referral has the NS RRset there (RFC 1034 §4.3.2, step 3b), a negative answer the SOA
// (RFC 2308 §5).

import { typeCode } from '../../model/rdata/record-types.ts';
import { rcode } from '../wire/codes.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { finding } from './lookup.ts';
import { writeRrset } from './write-rrset.ts';
import { writeSoa } from './write-soa.ts';

export function addAuthority(exchange: Exchange): Verdict {
  const { lookup, response } = exchange;
  if (lookup.finding === finding.done) return verdict.next;
  if (lookup.finding === finding.noName) response.rcode = rcode.NXDOMAIN;
  const records = lookup.finding === finding.referral ? writeDelegation(exchange) : writeSoa(exchange, true);
  if (records === 0) return exchange.truncate();
  response.authorities += records;
  return verdict.next;
}

function writeDelegation(exchange: Exchange): number {
  const { reader, lookup, targets } = exchange;
  targets.rememberAll();
  const ns = reader.findRrset(lookup.data, typeCode.NS);
  return writeRrset(exchange, ns, lookup.suffixAt(lookup.foundSuffix));
}
