// Lets a new host take over records that users wrote at its names, if the request has `adopt`: the host gets the
// addresses of the A and AAAA records. The compares of the names prove that the records are unchanged.

import { type Address, parseAddress } from '../../model/address.ts';
import type { HostAddress } from '../../model/host.ts';
import { defaultSpace } from '../../model/pool.ts';
import type { Rrset } from '../../model/rrset.ts';
import { isKnown, unknownValue } from '../../model/unknown.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import type { WantedHost } from './host-wanted.ts';

/**
 * Returns the wanted host with the addresses of the records at its name, or with the addresses that the request names.
 * Without a TTL in the request, the host gets the lowest TTL of these records. The addresses of the records are in use
 * already, so they are not chosen from a pool: it is no fault if their pool excludes them or is draining. Returns
 * `wanted` itself if there are no such records.
 */
export function withAdopted({ views }: DecisionContext, wanted: WantedHost): WantedHost {
  if (wanted.adopt !== true) return wanted;
  if (!isKnown(wanted.name)) return { ...wanted, addresses: wanted.addresses ?? unknownValue };
  const zone = views.zones.enclosing(wanted.name)?.value;
  if (zone === undefined) return wanted;
  const rrsets = views.zones.name(zone.name, wanted.name).rrsets.filter(isOfUsers);
  const addresses: Address[] = rrsets.flatMap(({ records }) => records).map(parseAddress);
  if (addresses.length === 0) return wanted;
  const ttl = Math.min(...rrsets.map((rrset) => rrset.ttl));
  const adopted: HostAddress[] = addresses.map((address) => ({ address, givenBy: null, space: defaultSpace }));
  return {
    ...wanted,
    adopted,
    addresses: wanted.addresses ?? addresses,
    ...(wanted.anyTtl === true && { ttl: ttl === zone.defaultTtl ? null : ttl }),
  };
}

function isOfUsers({ type, manager }: Rrset): boolean {
  return manager === undefined && (type === 'A' || type === 'AAAA');
}

/** `offered`: the request has no `adopt`, but can be repeated with it. `asked`: the request has `adopt`. */
export type Adoption = 'offered' | 'asked';

/** Returns whether the host's RRset may replace an RRset of users: it must have all records of the replaced one. */
export function mayAdopt(wanted: Rrset, stands: Rrset): boolean {
  return (
    stands.manager === undefined &&
    stands.type === wanted.type &&
    stands.records.every((record) => wanted.records.includes(record))
  );
}

/**
 * Returns the ways in which the request can take over the RRset `stands`, which is in its way; an empty list if there
 * are none. A PTR or CNAME that does not point to the host cannot be taken over.
 */
export function howToAdopt(adoption: Adoption | undefined, wanted: Rrset, stands: Rrset): string[] {
  if (adoption === undefined || stands.type !== wanted.type || stands.manager !== undefined) return [];
  const isAddresses = isOfUsers(stands);
  const take = `take ${isAddresses ? 'them' : 'it'} over with "adopt": true`;
  if (mayAdopt(wanted, stands)) return [take];
  if (!isAddresses) return [];
  return [adoption === 'asked' ? 'leave out "addresses": the host then takes them over' : `${take} and no "addresses"`];
}
