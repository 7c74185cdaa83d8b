// Refuses a wanted host that is beyond the scope of the token, before the use case reads anything that the token may
// not see.

import type { Host } from '../../model/host.ts';
import { defaultSpace } from '../../model/pool.ts';
import { known, orUnknown } from '../../model/unknown.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import type { WantedHost } from './host-wanted.ts';

/**
 * Refuses with `forbidden` a wanted host that is not in scope with all that it has: the zones of its names, the pools
 * of the request or of its addresses, and its owner. `before`: the current host, which is in scope.
 */
export function requireScope(asking: Asking, wanted: WantedHost, before?: Host): void {
  const access = accessOf(asking);
  if (access.isWhole) return;
  const { name, aliases, pool, addresses = [], adopted = [], owner } = wanted;
  // The fault of an unknown name is already reported. The other fields are checked, to report their faults too.
  orUnknown(() => access.needName(known(name), '/name'));
  eachKnown(aliases, (alias, index) => access.needName(alias, `/aliases/${index}`));
  if (pool !== undefined) orUnknown(() => access.needPool(known(pool), '/pool'));
  eachKnown(addresses, (address, index) => {
    if (pool !== undefined || before?.addresses.some((one) => one.address === address)) return;
    const isAdopted = adopted.some((one) => one.address === address);
    access.needAddress(defaultSpace, address, isAdopted ? '/adopt' : `/addresses/${index}`);
  });
  orUnknown(() => access.needOwner(known(owner), '/owner'));
}

function eachKnown<T>(items: readonly T[], call: (item: T, index: number) => void): void {
  orUnknown(() => items.forEach((item, index) => void orUnknown(() => call(known(item), index))));
}
