// Finds the closest zone at or above the name (RFC 1034 §4.3.2, step 2).

import { typeCode } from '../../model/rdata/record-types.ts';
import { none } from '../../table/layout.ts';
import { extendedError, rcode } from '../wire/codes.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';

export function findZone(exchange: Exchange): Verdict {
  return enterZone(exchange) ? verdict.next : exchange.end(rcode.REFUSED, extendedError.NOT_AUTHORITATIVE);
}

/** Sets the zone of the name that is being looked up. Returns false when the name is in no zone of ours. */
export function enterZone({ reader, query, lookup }: Exchange): boolean {
  const { name } = lookup;
  const closest = reader.findZone(name, 0);
  lookup.zone = closest;
  lookup.zoneSuffix = reader.zoneSuffix;
  lookup.isChildZone = false;
  // DS at the apex of a zone is answered from the parent zone (RFC 4035 §3.1.4.1), if we serve the parent zone too.
  const asksParent = query.type === typeCode.DS && name.labelCount > 0;
  if (!asksParent || closest === none || reader.zoneSuffix > 0) return closest !== none;
  const parent = reader.findZone(name, 1);
  if (parent === none) return true;
  lookup.zone = parent;
  lookup.zoneSuffix = reader.zoneSuffix;
  lookup.isChildZone = true;
  return true;
}
