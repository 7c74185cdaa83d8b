// The held addresses of a pool, as a list that is read in slices while it changes.

import type { Address } from '../../model/address.ts';
import type { AddressRecord } from '../../model/allocation.ts';
import type { ChangingList } from '../../model/in-slices.ts';
import type { Pool } from '../../model/pool.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { Views } from '../../views/views.ts';

export function heldIn({ pools }: Pick<Views, 'pools'>, pool: Pool): ChangingList<Versioned<AddressRecord>, Address> {
  return { items: (after) => pools.heldIn(pool, after), keyOf: ({ value }) => value.address };
}
