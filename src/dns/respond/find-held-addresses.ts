// Finds the addresses that an address name contains (the setting `addressNames` of its zone).

import { held } from '../../table/held-addresses.ts';
import { none } from '../../table/layout.ts';
import type { Exchange } from './exchange.ts';

/**
 * Returns what the looked-up name contains, as bits of the constant `held` (table/held-addresses.ts). Unless that is
 * `nothing`, `exchange.held` has the addresses.
 */
export function findHeldAddresses({ reader, lookup, held: addresses }: Exchange): number {
  const block = reader.addressNames(lookup.zone);
  if (block === none) return held.nothing;
  return addresses.find(reader.words, reader.bytes, block, lookup.name, lookup.zoneSuffix);
}
