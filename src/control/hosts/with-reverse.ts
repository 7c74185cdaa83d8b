// Marks the addresses of a host whose pools have no reverse names: these addresses get no PTR.

import type { HostAddress } from '../../model/host.ts';
import { hasReverseNames } from '../../model/pool.ts';
import type { Views } from '../../views/views.ts';

/** Returns the address with the mark that its pool requires. */
export function withReverse({ pools }: Pick<Views, 'pools'>, address: HostAddress): HostAddress {
  const { noReverse, ...unmarked } = address;
  const pool = pools.poolAt(address.space, address.address)?.value;
  const isMarked = pool === undefined ? noReverse === true : !hasReverseNames(pool);
  return isMarked ? { ...unmarked, noReverse: true } : unmarked;
}
