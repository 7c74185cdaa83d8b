// The RRsets that were asked for (RFC 1034 §4.3.2, steps 3a and 3c).

import { typeCode } from '../../model/rdata/record-types.ts';
import { type Exchange, finding, type Verdict, verdict } from './exchange.ts';
import { writeRrset } from './write-rrset.ts';
import { writeSoa } from './write-soa.ts';

export function addAnswer(exchange: Exchange): Verdict {
  if (exchange.finding !== finding.name) return verdict.next;
  const { reader, type, data } = exchange;
  if (type === typeCode.ANY) return addAny(exchange);
  if (type === typeCode.SOA && isApex(exchange)) return addSoa(exchange);
  const rrset = reader.findRrset(data, type);
  if (rrset === 0) {
    exchange.finding = finding.noData;
    return verdict.next;
  }
  exchange.finding = finding.done;
  return isSaid(exchange, type) ? verdict.next : add(exchange, writeRrset(exchange, rrset, exchange.suffixAt(0)));
}

/** Over UDP one RRset, so that nobody is worth being asked for ANY in another's name (RFC 8482 §4.1); over connections all. */
function addAny(exchange: Exchange): Verdict {
  const { reader, data } = exchange;
  exchange.speakOf(exchange.node);
  const count = reader.rrsetCount(data);
  if (count === 0 && !isApex(exchange)) {
    exchange.finding = finding.noData;
    return verdict.next;
  }
  exchange.finding = finding.done;
  const all = exchange.transport !== 'udp';
  let rrset = reader.firstRrset(data);
  for (let left = count; left > 0; left -= 1, rrset = reader.nextRrset(rrset)) {
    if (isSaid(exchange, reader.rrsetType(rrset))) continue;
    if (add(exchange, writeRrset(exchange, rrset, exchange.suffixAt(0))) !== verdict.next) return verdict.end;
    if (!all) break;
  }
  return isApex(exchange) && (all || count === 0) ? addSoa(exchange) : verdict.next;
}

/** Whether it is the DNAME that led here, from below itself: that is in the answer. */
function isSaid(exchange: Exchange, type: number): boolean {
  return type === typeCode.DNAME && !exchange.speakOf(exchange.data);
}

function isApex(exchange: Exchange): boolean {
  return exchange.node === exchange.reader.apex(exchange.zone);
}

function addSoa(exchange: Exchange): Verdict {
  exchange.finding = finding.done;
  return add(exchange, writeSoa(exchange, false));
}

function add(exchange: Exchange, records: number): Verdict {
  exchange.answers += records;
  if (records > 0) return verdict.next;
  exchange.truncated = true;
  return verdict.end;
}
