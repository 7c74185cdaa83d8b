// Adds the addresses that an address name contains (the setting `addressNames` of its zone) as A and AAAA records.

import { typeCode } from '../../model/rdata/record-types.ts';
import { held } from '../../table/held-addresses.ts';
import { recordFixedBytes } from '../../table/layout.ts';
import { recordClass } from '../wire/codes.ts';
import { writeUint16, writeUint32 } from '../wire/header.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { findHeldAddresses } from './find-held-addresses.ts';
import { finding } from './lookup.ts';
import { writeOwner } from './write-rrset.ts';

/** Octets of a record between its owner and its TTL: type 2, class 2. */
const ttlAt = 4;

/** Adds the contained addresses of the question's type. If there is none, the answer is NODATA. */
export function addHeldAddresses(exchange: Exchange): Verdict {
  const { lookup, held: addresses, query, client } = exchange;
  const { found } = addresses;
  const { type } = query;
  const isAny = type === typeCode.ANY;
  const hasIpv4 = (found & held.ipv4) !== 0 && (isAny || type === typeCode.A);
  // Over UDP, an answer to ANY has one RRset (RFC 8482 §4.1).
  const hasIpv6 =
    (found & held.ipv6) !== 0 && (type === typeCode.AAAA || (isAny && !(hasIpv4 && client.transport === 'udp')));
  lookup.finding = hasIpv4 || hasIpv6 ? finding.done : finding.noData;
  if (hasIpv4 && !writeAddress(exchange, typeCode.A, addresses.ipv4, 12)) return exchange.truncate();
  if (hasIpv6 && !writeAddress(exchange, typeCode.AAAA, addresses.ipv6, 0)) return exchange.truncate();
  return verdict.next;
}

/**
 * Adds the addresses that a name contains if it also has records of other types, or names below it. A name with an A or
 * AAAA record of its own is no address name.
 */
export function addOwnHeldAddresses(exchange: Exchange): Verdict {
  const { lookup } = exchange;
  // In a zone without `addressNames`, this costs one read of the table.
  if (!lookup.usedWildcard && findHeldAddresses(exchange) !== held.nothing && !hasOwnAddress(exchange))
    return addHeldAddresses(exchange);
  lookup.finding = finding.noData;
  return verdict.next;
}

function hasOwnAddress({ reader, lookup: { data } }: Exchange): boolean {
  return reader.findRrset(data, typeCode.A) !== 0 || reader.findRrset(data, typeCode.AAAA) !== 0;
}

/** Writes a record with the octets of `address` from `from` on. Returns false if the record does not fit. */
function writeAddress(exchange: Exchange, type: number, address: Uint8Array, from: number): boolean {
  const { response, lookup } = exchange;
  const length = 16 - from;
  const start = response.at;
  writeOwner(exchange, lookup.suffixAt(0));
  if (!response.fits(recordFixedBytes + length)) {
    response.rewind(start);
    return false;
  }
  const { octets, at } = response;
  writeUint16(octets, at, type);
  writeUint16(octets, at + 2, recordClass.IN);
  writeUint32(octets, at + ttlAt, exchange.held.ttl);
  writeUint16(octets, at + ttlAt + 4, length);
  response.at = at + recordFixedBytes - 2;
  response.append(address, from, length);
  response.answers += 1;
  return true;
}
