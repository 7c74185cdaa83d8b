// Where the holders of a renumbered pool get their addresses: the free addresses of a pool, or of a part of it, lowest
// first in the order of its ranges.

import { refuse } from '../../errors.ts';
import { type Address, addressNumber, type Family, familyOf } from '../../model/address.ts';
import { type AddressRange, parseRange, rangeHolds } from '../../model/address-range.ts';
import type { Host, HostAddress } from '../../model/host.ts';
import type { Pool } from '../../model/pool.ts';
import type { Renumbering } from '../../model/renumbering.ts';
import { addressKey } from '../../store/kinds/address.ts';
import type { Views } from '../../views/views.ts';
import type { Choice } from '../addresses/choice.ts';
import type { DecisionContext } from '../transaction/decision.ts';

/** The two pools of a renumbering, as the views have them. */
export interface Move {
  from: Pool;
  to: Pool;
  /** The part of `to` from which addresses are given. Undefined: all of it. */
  within: AddressRange | undefined;
  /** Tells which addresses `from` has, and no pool that was carved out of it. */
  pools: Pick<Views['pools'], 'poolIdAt'>;
}

/** Returns the pools of a renumbering; undefined if one of them is gone. */
export function moveOf({ views }: Pick<DecisionContext, 'views'>, wanted: Pick<Renumbering, 'pool' | 'to' | 'within'>) {
  const from = views.pools.byId(wanted.pool)?.value;
  const to = views.pools.byId(wanted.to)?.value;
  if (from === undefined || to === undefined) return undefined;
  const within = wanted.within === undefined ? undefined : parseRange(wanted.within);
  return { from, to, within, pools: views.pools } satisfies Move;
}

/**
 * Returns whether the holder of an address gets another one: it is in the old pool, and not in the new part. To a part,
 * only addresses of its family leave.
 */
export function isLeaving(
  { from, to, within, pools }: Move,
  { space, address }: Pick<HostAddress, 'space' | 'address'>,
): boolean {
  if (space !== from.space || pools.poolIdAt(space, address) !== from.id) return false;
  if (within === undefined) return true;
  if (within.family !== familyOf(address)) return false;
  return from.id !== to.id || !rangeHolds(within, addressNumber(address));
}

/** Returns the first of a host's addresses that it has to give up. The host moves when this address is looked at. */
export function firstLeaving(move: Move, host: Host): Address | undefined {
  return host.addresses.find((address) => isLeaving(move, address))?.address;
}

/**
 * Yields the free addresses of a family that the new pool gives, none of a pool that was carved out of it. The pool may
 * be draining: it gives no addresses to requests, but to those that move within it.
 */
function* freeAddresses(
  { views, claimed, now }: Pick<DecisionContext, 'views' | 'claimed' | 'now'>,
  { to, within }: Move,
  family: Family,
): Generator<Choice> {
  for (const address of views.pools.freeInOrder(to.id, family, now, within)) {
    if (claimed.has(addressKey(to.space, address))) continue;
    if (!views.pools.isUnused(to.space, address, now)) continue;
    yield { address, space: to.space, givenBy: to.id };
  }
}

/** Yields the addresses of a family that may be given. */
export type FreeOf = (family: Family) => Generator<Choice>;

/**
 * Chooses a new address for each of the old ones, of the same family. Refuses with `pool_exhausted`. `freeOf` returns
 * the free addresses of a family.
 */
export function chooseNew(
  context: Pick<DecisionContext, 'views' | 'claimed' | 'now'>,
  move: Move,
  old: readonly Pick<HostAddress, 'address'>[],
  freeOf: FreeOf = (family) => freeAddresses(context, move, family),
): Choice[] {
  const choices = new Map<Family, Generator<Choice>>();
  return old.map(({ address }) => {
    const family = familyOf(address);
    const free = choices.getOrInsertComputed(family, freeOf);
    const choice = free.next().value as Choice | undefined;
    const { name, ranges } = move.to;
    const part = move.within === undefined ? '' : `${move.within.text} of `;
    const where = `${part}pool '${name}' (${ranges.slice(0, 3).join(', ')}${ranges.length > 3 ? ' …' : ''})`;
    return (
      choice ??
      refuse(
        'pool_exhausted',
        `no ${family} address is free in ${where}: name a larger range, widen the pool, or renumber to another`,
      )
    );
  });
}
