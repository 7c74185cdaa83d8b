// Addresses: `addresses/<space>/<32 hex digits>` → the holders of the address, or when its last holder released it.

import type { TSchema } from 'typebox';
import { type Address, addressHex, formatAddress } from '../../model/address.ts';
import {
  type AddressRecord,
  type Allocation,
  describeHolder,
  type Holder,
  type HolderKind,
  type HolderOf,
  type HostHolder,
} from '../../model/allocation.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import { Type } from '../../model/json-schema.ts';
import { parseTimestamp } from '../../model/timestamp.ts';
import { giver, withGiver } from '../codec/giver.ts';
import { requireCanonicalName, requireDistinct, requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { address, fqdn, hostSharing, keyAndPorts, label, tags, text, time } from '../codec/value-fields.ts';
import { type Subject, storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    address: { subject: { space: string; address: Address }; value: AddressRecord };
  }
}

const prefix = 'addresses/';

/**
 * Returns the key of an address. An address has only one key, so a second holder cannot create it
 * (test/control/allocation.test.ts). The hexadecimal digits in the keys put the keys in the order of the addresses.
 */
export function addressKey(space: string, address: Address): string {
  return addressesPrefix(space) + addressHex(address);
}

/** Returns the prefix of all keys of a space; with `addresses`, the longest prefix that the keys of these share. */
export function addressesPrefix(space: string, addresses: readonly Address[] = []): string {
  const [first = '', ...others] = addresses.map(addressHex);
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length -= 1;
  return `${prefix}${space}/${first.slice(0, length)}`;
}

const holderSchemas: { readonly [Kind in HolderKind]: TSchema } = {
  host: Type.Object({
    kind: Type.Literal('host'),
    host: fqdn,
    owner: text,
    ...hostSharing,
  } satisfies FieldsOf<HostHolder>),
  allocation: Type.Object({
    kind: Type.Literal('allocation'),
    id: text,
    owner: text,
    ...keyAndPorts,
    expiresAt: Type.Optional(time),
    tags: Type.Optional(tags),
  } satisfies Omit<FieldsOf<Allocation>, 'shared'>),
};

/** Check what a schema cannot express. */
const holderChecks: { readonly [Kind in HolderKind]: (holder: HolderOf<Kind>) => void } = {
  host: ({ host }) => requireCanonicalName(host),
  allocation: ({ expiresAt }) => void (expiresAt !== undefined && parseTimestamp(expiresAt)),
};

const stored = valueCodec({
  address,
  space: label,
  ...giver,
  state: Type.Union([Type.Literal('held'), Type.Literal('released')]),
  holders: Type.Array(Type.Unsafe<Holder>(Type.Union(Object.values(holderSchemas)))),
  since: time,
  freeAt: Type.Optional(time),
  former: Type.Optional(Type.Object({ host: fqdn, owner: text })),
} satisfies FieldsOf<AddressRecord & { pool: unknown }>);

export const addressValue: ValueCodec<AddressRecord> = {
  encode: stored.encode,
  decode: (text) => withGiver(stored.decode(text)),
};

export const addressKind = storedKind('address', {
  prefix,
  key: ({ space, address }) => addressKey(space, address),
  subjectOf: ([space = '', digits = '']) =>
    /^[0-9a-f]{32}$/.test(digits) ? { space, address: formatAddress(BigInt(`0x${digits}`)) } : undefined,
  read: (subject, text) => checkedAddress(subject, addressValue.decode(text)),
});

function checkedAddress({ space, address }: Subject<'address'>, value: AddressRecord): AddressRecord {
  requireEqual(value.address, address);
  requireEqual(value.space, space);
  parseTimestamp(value.since);
  if (value.freeAt !== undefined) parseTimestamp(value.freeAt);
  if (value.former !== undefined) requireCanonicalName(value.former.host);
  for (const holder of value.holders) {
    (holderChecks[holder.kind] as (holder: Holder) => void)(holder);
  }
  requireDistinct(value.holders.map(describeHolder));
  if ((value.state === 'held') !== value.holders.length > 0)
    throw new InvalidValue('the state of the stored address does not agree with its holders');
  return value;
}
