// What stands at the name within its zone (RFC 1034 §4.3.2, step 3): the name itself, a delegation or DNAME above it, a wildcard, or nothing.

import { typeCode } from '../../model/rdata/record-types.ts';
import { dataFlags, none, type Reference } from '../../table/layout.ts';
import { type Exchange, finding, type Verdict, verdict } from './exchange.ts';

export function findNode(exchange: Exchange): Verdict {
  const { reader, zone, name } = exchange;
  const node = reader.findNode(zone, name, 0);
  if (node !== none) {
    exchange.node = node;
    exchange.data = reader.data(node);
    exchange.finding = finding.name;
    findCut(exchange, node, 0);
    return verdict.next;
  }
  const encloser = findEncloser(exchange);
  const suffix = exchange.foundSuffix;
  exchange.data = reader.data(encloser);
  exchange.finding = finding.noName;
  findCut(exchange, encloser, suffix);
  if (exchange.finding !== finding.noName) return verdict.next;
  if (exchange.isChildZone) {
    // It exists, even if nobody wrote the delegation.
    exchange.finding = finding.noData;
    return verdict.next;
  }
  const wildcard = reader.findWildcard(zone, encloser, name, suffix);
  if (wildcard === none) return verdict.next;
  exchange.node = wildcard;
  exchange.wildcard = true;
  exchange.data = reader.data(wildcard);
  exchange.finding = finding.name;
  return verdict.next;
}

/**
 * The closest encloser (RFC 4592 §3.3.1) of a name that does not exist; `foundSuffix` says which suffix it is. Above a name that exists all names exist, so
 * that halving finds it: a question of 127 labels costs seven searches.
 */
function findEncloser(exchange: Exchange): Reference {
  const { reader, zone, name } = exchange;
  let encloser = reader.apex(zone);
  let low = 1;
  let high = exchange.zoneSuffix;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const node = reader.findNode(zone, name, middle);
    if (node === none) low = middle + 1;
    else {
      encloser = node;
      high = middle;
    }
  }
  exchange.foundSuffix = high;
  return encloser;
}

/**
 * Looks from `node`, suffix i of the name, up to the apex for what takes the name away from here, the highest of them first: a delegation at or above the
 * name, or a DNAME above it (RFC 6672 §3.2). `data` is the node's.
 */
function findCut(exchange: Exchange, node: Reference, suffix: number): void {
  const { reader, zoneSuffix } = exchange;
  const hasCuts = reader.hasCuts(exchange.zone);
  let at = node;
  let data = exchange.data;
  for (let i = suffix; ; i += 1) {
    const flags = reader.dataFlags(data);
    if ((flags & dataFlags.delegation) !== 0 && (i > 0 || exchange.type !== typeCode.DS)) {
      exchange.finding = finding.referral;
      exchange.foundSuffix = i;
      exchange.data = data;
    } else if ((flags & dataFlags.dname) !== 0 && i > 0) {
      exchange.finding = finding.dname;
      exchange.foundSuffix = i;
      exchange.data = data;
    }
    if (!hasCuts || i >= zoneSuffix) return;
    at = reader.parent(at);
    data = reader.data(at);
  }
}
