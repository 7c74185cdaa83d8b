// Warnings about addresses that a request gets, although records of users name them.

import { joinFirst, maxNamed } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import type { Fqdn } from '../../model/name.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import type { Choice } from './choice.ts';

/** A warning: the request got the address that it named, although records at other names have that address. */
export interface AddressWarning {
  address: Address;
  /** The names of the records, {@link maxNamed} at most. */
  names: Fqdn[];
  message: string;
}

/**
 * Returns a warning for each address that records at other names than `own` have. Names only records that the actor may
 * see. May miss records that are written at the same moment.
 */
export function recordedWarnings(
  asking: Asking,
  addresses: readonly Pick<Choice, 'address' | 'space'>[],
  own?: Fqdn,
): AddressWarning[] {
  const { pools } = asking.views;
  return addresses.flatMap(({ address, space }) => {
    if (!pools.isRecorded(space, address)) return [];
    const all = pools.namesAt(address).filter((name) => name !== own);
    if (all.length === 0) return [];
    const names = seenNames(asking, all);
    const what = names.length > 0 ? `records at ${joinFirst(names)}` : 'records that the token may not see';
    return [{ address, names: names.slice(0, maxNamed), message: `${what} also have the address ${address}` }];
  });
}

/**
 * Returns the names whose records the actor may see. A token with an owner sees none: records of users have no owner.
 */
export function seenNames(asking: Asking, names: readonly Fqdn[]): Fqdn[] {
  const access = accessOf(asking);
  return access.hasOwner ? [] : names.filter((name) => access.hasName(name));
}
