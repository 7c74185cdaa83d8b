// The plan of a renumbering: which holder would get which addresses now, and why some would keep theirs. Writes
// nothing. Others may take these addresses before the renumbering does.

import { Refusal } from '../../errors.ts';
import { type Address, addressNumber, type Family, familyOf } from '../../model/address.ts';
import { type AddressRecord, describeHolder, hostsAmong } from '../../model/allocation.ts';
import { addressKey } from '../../store/kinds/address.ts';
import type { Asking } from '../access/actor.ts';
import { needValidToken } from '../access/valid-token.ts';
import type { Choice } from '../addresses/choice.ts';
import { rulesOf } from '../reading/holder-rules.ts';
import { LastingSearch } from '../transaction/lasting-search.ts';
import { decidePlannedHost } from './move-holder.ts';
import { firstLeaving, isLeaving, type Move } from './move-target.ts';

/** A holder in the plan. `to` is empty if it would keep its addresses: `reason` says why. */
export interface PlannedMove {
  holder: string;
  from: Address[];
  to: Address[];
  reason?: string;
}

/** The held addresses that are looked at in one slice. */
const slice = 500;

interface PlanPage {
  items: PlannedMove[];
  /** The last address in the old pool that this page has; undefined if the plan ends here. */
  next: Address | undefined;
}

/**
 * Returns one page of the plan: the holders whose first old address follows `after`. Goes through all holders before
 * them, because they take addresses first. Yields after each slice.
 */
export function* planRenumbering(
  asking: Asking,
  move: Move,
  { allocations, after, limit }: { allocations: boolean; after: Address | undefined; limit: number },
): Generator<void, PlanPage> {
  const { views } = asking;
  const items: PlannedMove[] = [];
  const begin = after === undefined ? -1n : addressNumber(after);
  const claims = new Claims(asking, move);
  let last: Address | undefined;
  for (;;) {
    let looked = 0;
    needValidToken(asking, Date.now());
    for (const { value: record } of views.pools.heldIn(move.from, last)) {
      if (looked++ === slice) break;
      const isShown = addressNumber(record.address) > begin;
      if (isShown && items.length === limit) return { items, next: last };
      last = record.address;
      for (const planned of plannedMoves(asking, move, record, { allocations, claims, isShown })) {
        if (isShown) items.push(planned);
      }
    }
    if (looked <= slice) return { items, next: undefined };
    yield;
  }
}

interface Planning {
  allocations: boolean;
  claims: Claims;
  /** True: also looks for conflicts other than the lack of addresses. */
  isShown: boolean;
}

function* plannedMoves(
  asking: Asking,
  move: Move,
  record: AddressRecord,
  { allocations, claims, isShown }: Planning,
): Generator<PlannedMove> {
  if (!isLeaving(move, record)) return;
  const hosts = hostsAmong(record.holders).flatMap((name) => {
    const host = asking.views.hosts.get(name)?.value;
    return host !== undefined && firstLeaving(move, host) === record.address ? [host] : [];
  });
  const isHosts = record.holders.some((holder) => rulesOf(holder).leaves === 'as a host');
  for (const host of hosts) {
    const from = host.addresses.filter((address) => isLeaving(move, address)).map(({ address }) => address);
    const holder = `host:${host.name}`;
    const reason = isShown
      ? reasonOf(() =>
          decidePlannedHost(
            asking,
            { claimed: claims, freeOf: (family) => claims.free(family) },
            move,
            host.name,
            allocations,
          ),
        )
      : undefined;
    const to = reason === undefined ? claims.take(from) : undefined;
    if (to !== undefined) yield { holder, from, to };
    else yield { holder, from, to: [], reason: reason ?? 'no address is free' };
  }
  if (isHosts) return;
  const holder = record.holders.map(describeHolder).join(', ');
  const to = allocations ? claims.take([record.address]) : undefined;
  const reason = allocations ? 'no address is free' : 'allocations stay: "allocations": true moves them';
  yield { holder, from: [record.address], to: to ?? [], ...(to === undefined && { reason }) };
}

function reasonOf(decide: () => unknown): string | undefined {
  try {
    decide();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

/** The addresses that the holders of a plan have taken so far. */
class Claims {
  readonly #asking: Asking;
  readonly #move: Move;
  readonly #claimed = new Set<string>();
  /** The new address of each old one. Hosts may share an address. */
  readonly #given = new Map<Address, Address>();
  readonly #searches = new Map<Family, LastingSearch>();

  constructor(asking: Asking, move: Move) {
    this.#asking = asking;
    this.#move = move;
  }

  has(key: string): boolean {
    return this.#claimed.has(key);
  }

  /** Yields the addresses of a family that the next holder may get. */
  *free(family: Family): Generator<Choice> {
    const { space, id: givenBy } = this.#move.to;
    for (const { address } of this.#searchFor(family).free(Date.now())) yield { address, space, givenBy };
  }

  /** Takes an address for each of the old ones; undefined if there are not enough. */
  take(old: readonly Address[]): Address[] | undefined {
    const taken: Address[] = [];
    for (const one of old) {
      const address = this.#given.get(one) ?? this.#next(familyOf(one));
      if (address === undefined) return undefined;
      this.#given.set(one, address);
      this.#claimed.add(addressKey(this.#move.to.space, address));
      taken.push(address);
    }
    return taken;
  }

  #next(family: Family): Address | undefined {
    const choice = this.free(family).next().value as Choice | undefined;
    return choice?.address;
  }

  #searchFor(family: Family): LastingSearch {
    return this.#searches.getOrInsertComputed(family, () => {
      const { views } = this.#asking;
      const { to, within } = this.#move;
      const begin = (now: number) => views.pools.freeInOrder(to.id, family, now, within);
      return new LastingSearch({ views, claimed: this.#claimed }, to, begin);
    });
  }
}
