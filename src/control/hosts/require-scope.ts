// Refuses what a request wants of a host, and what is beyond the scope of its token, before anything is looked up that
// the token may not see.

import type { Host } from '../../model/host.ts';
import { defaultSpace } from '../../model/pool.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import type { WantedHost } from './host-wanted.ts';

/**
 * Refuses with `forbidden` a wanted host that is not wholly in scope: the zones of its names, the pools that the
 * request names or that its addresses are in, and its owner. `before`: the host that stands, which is in scope.
 */
export function requireScope(asking: Asking, wanted: WantedHost, before?: Host): void {
  const access = accessOf(asking);
  if (access.isWhole) return;
  const { name, aliases, pool, addresses = [], adopted = [], owner } = wanted;
  access.needName(name, '/name');
  for (const [index, alias] of aliases.entries()) access.needName(alias, `/aliases/${index}`);
  if (pool !== undefined) access.needPool(pool, '/pool');
  for (const [index, address] of addresses.entries()) {
    if (pool !== undefined || before?.addresses.some((one) => one.address === address)) continue;
    const isAdopted = adopted.some((one) => one.address === address);
    access.needAddress(defaultSpace, address, isAdopted ? '/adopt' : `/addresses/${index}`);
  }
  access.needOwner(owner, '/owner');
}
