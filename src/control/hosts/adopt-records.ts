// A new host takes over records that users wrote at its names, if the request has `adopt`: its addresses are those of
// the A and AAAA records. The compares of the names prove that the records still stand.

import { type Address, parseAddress } from '../../model/address.ts';
import type { HostAddress } from '../../model/host.ts';
import { defaultSpace } from '../../model/pool.ts';
import type { Rrset } from '../../model/rrset.ts';
import { isKnown, unknownValue } from '../../model/unknown.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import type { WantedHost } from './host-wanted.ts';

/**
 * Returns the wanted host with the addresses of the records that stand at its name, unless the request names addresses.
 * Without a TTL in the request, the host gets the lowest one of the records. No pool gives these addresses: they are in
 * use already, also if their pool excludes them or is draining. Returns `wanted` itself if no such records stand there.
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
  const adopted: HostAddress[] = addresses.map((address) => ({ address, pool: null, space: defaultSpace }));
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

/** Whether the request can have `adopt`, or has it. */
export type Adoption = 'offered' | 'asked';

/** Returns whether the host's RRset may take the place of one that users wrote: it has all records of that one. */
export function mayAdopt(wanted: Rrset, stands: Rrset): boolean {
  return (
    stands.manager === undefined &&
    stands.type === wanted.type &&
    stands.records.every((record) => wanted.records.includes(record))
  );
}

/**
 * Returns how the request can take over an RRset that stands in its way; empty if it cannot. A PTR or a CNAME that does
 * not name the host cannot be taken over.
 */
export function howToAdopt(adoption: Adoption | undefined, wanted: Rrset, stands: Rrset): string[] {
  if (adoption === undefined || stands.type !== wanted.type || stands.manager !== undefined) return [];
  const isAddresses = isOfUsers(stands);
  const take = `take ${isAddresses ? 'them' : 'it'} over with "adopt": true`;
  if (mayAdopt(wanted, stands)) return [take];
  if (!isAddresses) return [];
  return [adoption === 'asked' ? 'leave out "addresses": the host then takes them over' : `${take} and no "addresses"`];
}
