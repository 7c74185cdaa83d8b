// The zone closest above the name (RFC 1034 §4.3.2, step 2).

import { typeCode } from '../../model/rdata/record-types.ts';
import { none } from '../../table/layout.ts';
import { extendedError, rcode } from '../wire/codes.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';

export function findZone(exchange: Exchange): Verdict {
  return enterZone(exchange) ? verdict.next : exchange.end(rcode.REFUSED, extendedError.NOT_AUTHORITATIVE);
}

/** False when no zone of ours has the name. */
export function enterZone(exchange: Exchange): boolean {
  const { reader, name } = exchange;
  // DS belongs to the parent's side of a delegation (RFC 4035 §3.1.4.1), where we have that too.
  const above = exchange.type === typeCode.DS && name.labelCount > 0;
  const closest = reader.findZone(name, 0);
  exchange.zone = closest;
  exchange.zoneSuffix = reader.zoneSuffix;
  exchange.isChildZone = false;
  if (!above || closest === none || reader.zoneSuffix > 0) return closest !== none;
  const parent = reader.findZone(name, 1);
  if (parent === none) return true;
  exchange.zone = parent;
  exchange.zoneSuffix = reader.zoneSuffix;
  exchange.isChildZone = true;
  return true;
}
