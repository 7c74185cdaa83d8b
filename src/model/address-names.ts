// The setting `addressNames` of a zone whose names hold addresses: `app-10-1-2-3.<zone>` has the address 10.1.2.3.
// table/held-addresses.ts reads the address in a name.

import { type AddressRange, parseRange } from './address-range.ts';
import { InvalidValue } from './invalid-value.ts';

export interface AddressNames {
  /** A name holds an address only if one of these ranges contains the address. */
  ranges: string[];
  /** Allows names such as `app-10-1-2-3` and `10-1-2-3`; with `ipv6`, also `2001-db8--1`. */
  dashed: boolean;
  /** Allows names such as `app.10.1.2.3`, for IPv4 only. */
  dotted: boolean;
  /** Allows names such as `app-0a010203` and `0a010203`; with `ipv6`, also 32 digits. */
  hex: boolean;
  ipv6: boolean;
}

/** By default, `hex` is off, because a label that ends with a date, such as `backup-20240101`, has the same form. */
export const addressNamesDefaults = { dashed: true, dotted: true, hex: false, ipv6: true } as const;

/** A low limit, because DNS may compare the address in the name of a question with all ranges. */
export const maxAddressNameRanges = 32;

/** Throws InvalidValue if no name can hold an address by these settings. */
export function checkAddressNames(settings: AddressNames): void {
  const { dashed, dotted, hex, ipv6 } = settings;
  if (!dashed && !dotted && !hex)
    throw new InvalidValue('needs `dashed`, `dotted` or `hex`: no name would hold an address');
  const families = new Set(rangesOf(settings).map(({ family }) => family));
  if (!families.has('ipv4') && !ipv6) throw new InvalidValue('`ipv6` is false, and `ranges` has no IPv4 addresses');
  if (!families.has('ipv4') && !dashed && !hex)
    throw new InvalidValue('a dotted name holds IPv4 addresses only, and `ranges` has none');
}

/** Returns the parsed ranges, the IPv4 ranges first. Throws InvalidValue. */
export function rangesOf({ ranges }: AddressNames): AddressRange[] {
  return ranges.map(parseRange).sort((a, b) => (a.family < b.family ? -1 : a.family > b.family ? 1 : 0));
}
