// Finds the addresses that an address name contains (the setting `addressNames` of its zone).

import { held } from '../../table/held-addresses.ts';
import { none } from '../../table/layout.ts';
import type { Exchange } from './exchange.ts';

/** Sets `exchange.held` for the name that is being looked up. Returns the bits of `held` (table/held-addresses.ts). */
export function findHeldAddresses({ reader, lookup, held: addresses }: Exchange): number {
  const block = reader.addressNames(lookup.zone);
  if (block === none) return held.nothing;
  return addresses.find(reader.words, reader.bytes, block, lookup.name, lookup.zoneSuffix);
}
