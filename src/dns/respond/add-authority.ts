// The authority section: who is asked next (RFC 1034 §4.3.2, step 3b), or how long it holds that there is nothing (RFC 2308 §5).

import { typeCode } from '../../model/rdata/record-types.ts';
import { rcode } from '../wire/codes.ts';
import { type Exchange, finding, type Verdict, verdict } from './exchange.ts';
import { writeRrset } from './write-rrset.ts';
import { writeSoa } from './write-soa.ts';

export function addAuthority(exchange: Exchange): Verdict {
  if (exchange.finding === finding.done) return verdict.next;
  if (exchange.finding === finding.noName) exchange.rcode = rcode.NXDOMAIN;
  const records = exchange.finding === finding.referral ? writeDelegation(exchange) : writeSoa(exchange, true);
  exchange.authorities += records;
  if (records > 0) return verdict.next;
  exchange.truncated = true;
  return verdict.end;
}

function writeDelegation(exchange: Exchange): number {
  const { reader } = exchange;
  const ns = reader.findRrset(exchange.data, typeCode.NS);
  return writeRrset(exchange, ns, exchange.suffixAt(exchange.foundSuffix));
}
