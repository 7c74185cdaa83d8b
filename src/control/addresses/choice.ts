// What the functions that choose addresses return. hold-address.ts takes it.

import type { Address } from '../../model/address.ts';

/** An address that is free to take. */
export interface Choice {
  address: Address;
  space: string;
  /** The id of the pool that gives the address; null if it is outside every pool. */
  givenBy: string | null;
}
