// Parses requests to allocate addresses without a host, and to release them. A refusal names the path of the field.

import { atField, refuseField } from '../../errors.ts';
import { type Address, type Family, familyOf, parseAddress } from '../../model/address.ts';
import { type Allocation, hasTags, type Port } from '../../model/allocation.ts';
import { checkTags, defaultSpace, type Tags } from '../../model/pool.ts';
import { timestamp } from '../../model/timestamp.ts';
import { known, orUnknown } from '../../model/unknown.ts';
import { mergePatch } from '../input/merge-patch.ts';
import { parseList } from '../input/parse-list.ts';
import { parseAll } from '../input/refusals.ts';
import type { WantedAllocation } from './allocate-addresses.ts';
import type { AddressRelease } from './release-address.ts';

/** An allocation as people write it. Every field has a default. */
export interface AllocationInput {
  count?: number;
  family?: Family;
  addresses?: string[];
  owner?: string;
  sharingKey?: string;
  ports?: Port[];
  expiresInSeconds?: number;
  tags?: Tags;
}

/**
 * Returns the allocation that the input asks for. `newId` makes the identifier of each address's holder. Refuses with
 * `invalid_request`.
 */
export function parseAllocationInput(pool: string, input: AllocationInput, newId: () => string): WantedAllocation {
  const { addresses: texts, count, owner = '', ...more } = input;
  const { family } = more;
  const parseAddresses = () => texts && parseList('/addresses', texts, parseAddress);
  const [addresses] = parseAll(
    parseAddresses,
    () => atField('/tags', () => checkTags(more.tags ?? {})),
    () => {
      if (texts !== undefined && count !== undefined && known(count) !== texts.length)
        refuseField('invalid_request', '/count', 'is not the number of addresses');
    },
    () => {
      if (family !== undefined && parseAddresses()?.some((address) => familyOf(address) !== known(family)))
        refuseField('invalid_request', '/family', 'is not the family of the addresses');
    },
  );
  return {
    ...more,
    pool,
    owner,
    count: count ?? 1,
    ids: orUnknown(() => Array.from({ length: addresses?.length ?? count ?? 1 }, newId)),
    ...(addresses && { addresses }),
  };
}

/** A merge patch of an allocation (RFC 7396). Null sets the default: no expiry, no owner, no key, ports or tags. */
export interface AllocationPatch {
  owner?: string | null;
  sharingKey?: string | null;
  ports?: Port[] | null;
  /** From the time of the change. */
  expiresInSeconds?: number | null;
  tags?: Record<string, string | null> | null;
}

/**
 * Returns the allocation that `current` becomes with the patch. `now`: milliseconds since the epoch. Refuses with
 * `invalid_request` too many tags.
 */
export function parseAllocationPatch(current: Allocation, patch: AllocationPatch, now: number): Allocation {
  const { expiresAt, ...fields } = current;
  const { expiresInSeconds, ...changed } = patch;
  const { owner = '', tags, ...more } = mergePatch(fields, changed);
  atField('/tags', () => checkTags(tags ?? {}));
  const end = orUnknown(() => {
    if (expiresInSeconds === undefined) return expiresAt;
    return expiresInSeconds === null ? undefined : timestamp(now + known(expiresInSeconds) * 1000);
  });
  return { ...more, owner, ...(end !== undefined && { expiresAt: end }), ...(hasTags(tags) && { tags }) };
}

/** Returns the address that a request names at `path`. */
export function parseAddressAt(path: string, text: string): Address {
  return atField(path, () => parseAddress(text));
}

/** A release as people write it. A holder is released if it matches all fields that are present. */
interface ReleaseInput {
  ip: string;
  space?: string;
  /** The identifier of an allocation: several allocations may share the address. */
  id?: string;
  owner?: string;
  endCoolDown?: boolean;
}

/** Returns the release that the input asks for. Refuses with `invalid_request` an address that cannot be read. */
export function parseReleaseInput({
  ip,
  space,
  id,
  owner,
  endCoolDown,
}: ReleaseInput): Omit<AddressRelease, 'precondition'> {
  return {
    space: space ?? defaultSpace,
    address: parseAddressAt(':ip', ip),
    endsCoolDown: endCoolDown !== undefined && known(endCoolDown),
    leaves:
      id === undefined && owner === undefined
        ? undefined
        : (holder) =>
            (id === undefined || (holder.kind === 'allocation' && holder.id === known(id))) &&
            (owner === undefined || holder.owner === known(owner)),
  };
}
