// What a pool that was deleted or shrunk by force took from its holders, as the answer tells it.

import { joinFirst, Refusal } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import type { Interval } from '../../model/address-range.ts';
import type { AddressRecord } from '../../model/allocation.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Views } from '../../views/views.ts';
import type { Access } from '../access/access.ts';

/** An answer lists about so many holders of addresses, and so many hosts. It counts all. */
export const maxListed = 1000;

/** A held address, as answers list it. */
interface HeldAddress {
  address: Address;
  heldBy: string[];
}

/** What one transaction released. `deletedHosts`: the hosts that lost their last address. */
export interface Evicted {
  released: HeldAddress[];
  deletedHosts: Fqdn[];
  /** 0 if there are no more addresses to release. */
  left: number;
}

export const nothingEvicted: Evicted = { released: [], deletedHosts: [], left: 0 };

interface ShownReleased {
  count: number;
  addresses: HeldAddress[];
  deletedHosts: { count: number; names: Fqdn[] };
}

/** Returns the address with those of its holders that the token may see; the others have no name. */
export function heldAddress(access: Access, { address, holders }: AddressRecord): HeldAddress {
  return { address, heldBy: holders.map((holder) => access.describeHolder(holder)) };
}

/** Returns the addresses with their holders, for a message. */
export function joinHeld(addresses: readonly HeldAddress[]): string {
  return joinFirst(addresses.map(({ address, heldBy }) => `${address} (${heldBy.join(', ')})`));
}

/** Yields the held addresses of a space in these parts. */
export function heldInParts(
  { pools }: Pick<Views, 'pools'>,
  space: string,
  parts: readonly Interval[],
): IteratorObject<AddressRecord> {
  return Iterator.from(parts)
    .flatMap(({ first, last }) => pools.heldBetween(space, first, last))
    .map(({ value }) => value);
}

/** Adds up what the transactions of one request released. */
export class Released {
  #count = 0;
  #deletedHosts = 0;
  #holders = 0;
  /** The address that was released last, if the next transaction may go on with it. */
  #open: HeldAddress | undefined;
  readonly #addresses: HeldAddress[] = [];
  readonly #names: Fqdn[] = [];

  add({ released, deletedHosts, left }: Evicted): void {
    this.#deletedHosts += deletedHosts.length;
    let last: HeldAddress | undefined;
    for (const one of released) {
      // The holders of one address may leave it in several transactions.
      const goesOn = last === undefined && this.#open?.address === one.address;
      last = goesOn ? this.#open : { ...one, heldBy: [...one.heldBy] };
      if (!goesOn) this.#count += 1;
      if (this.#holders >= maxListed || last === undefined) continue;
      this.#holders += one.heldBy.length;
      if (goesOn) last.heldBy.push(...one.heldBy);
      else this.#addresses.push(last);
    }
    this.#open = left > 0 ? last : undefined;
    this.#names.push(...deletedHosts.slice(0, maxListed - this.#names.length));
  }

  /** Returns the field `released` of an answer; an empty object if nothing was released. */
  shown(): { released?: ShownReleased } {
    if (this.#count === 0) return {};
    const deletedHosts = { count: this.#deletedHosts, names: this.#names };
    return { released: { count: this.#count, addresses: this.#addresses, deletedHosts } };
  }

  /** Returns the error of a request that failed after it had released addresses: a refusal tells of them. */
  toldIn(error: unknown): unknown {
    if (this.#count === 0 || !(error instanceof Refusal)) return error;
    const { code, message, errors, members } = error;
    const told = `${message} (${this.#count} addresses were released before: see "released")`;
    return new Refusal(code, told, { members: { ...members, ...this.shown() }, ...(errors && { errors }) });
  }
}
