// The pool of a request that waits: the one that had the name when the request was first decided.

import { isKnown } from '../../model/unknown.ts';
import type { Views } from '../../views/views.ts';

/**
 * Returns a function that gives the name which the pool of a request has now, because the pool may be renamed while the
 * request waits. If the pool does not exist, gives the name of the request.
 */
export function holdPool(name: string): (views: Pick<Views, 'pools'>) => string {
  let id: string | undefined;
  return ({ pools }) => {
    if (!isKnown(name)) return name;
    id ??= pools.find(name)?.value.id;
    return (id === undefined ? undefined : pools.byId(id)?.value.name) ?? name;
  };
}
