// Finds the closest zone or forwarder at or above the name (RFC 1034 §4.3.2, step 2).

import { typeCode } from '../../model/rdata/record-types.ts';
import { none } from '../../table/layout.ts';
import { extendedError, rcode } from '../wire/codes.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { forwardQuery } from './forward-query.ts';

export function findZone(exchange: Exchange): Verdict {
  if (!enterZone(exchange)) return exchange.end(rcode.REFUSED, extendedError.NOT_AUTHORITATIVE);
  return exchange.reader.isForwarder(exchange.lookup.zone) ? forwardQuery(exchange) : verdict.next;
}

/**
 * Sets the zone, or forwarder, of the name that is being looked up. Returns false if the name is in no zone of ours and
 * is not forwarded.
 */
export function enterZone({ reader, query, lookup }: Exchange): boolean {
  const { name } = lookup;
  const closest = reader.findZone(name, 0);
  lookup.zone = closest;
  lookup.zoneSuffix = reader.zoneSuffix;
  lookup.isChildZone = false;
  // DS at the apex of a zone is answered from the parent zone (RFC 4035 §3.1.4.1), if we have the parent too.
  const asksParent = query.type === typeCode.DS && name.labelCount > 0;
  if (!asksParent || closest === none || reader.zoneSuffix > 0) return closest !== none;
  const parent = reader.findZone(name, 1);
  // If the parent is forwarded, our zone itself answers: everybody may ask our zone, but not the forwarder.
  if (parent === none || (reader.isForwarder(parent) && !reader.isForwarder(closest))) return true;
  lookup.zone = parent;
  lookup.zoneSuffix = reader.zoneSuffix;
  lookup.isChildZone = true;
  return true;
}
