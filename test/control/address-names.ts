// The names and addresses of one history of address-history.ts: no two histories have one in common. Places:
// address-model.ts.

import { type Address, addressNumber, formatAddress } from '../../src/model/address.ts';
import { parseRange, rangeHolds } from '../../src/model/address-range.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { type Pool, poolDefaults } from '../../src/model/pool.ts';
import { type ModelPool, type ModelRange, type Place, placesOfFamily } from './address-model.ts';

export class HistoryNames {
  readonly #number: number;
  readonly #addresses: Address[];
  readonly #places: Map<Address, Place>;
  /** The shapes of the pools that were compared: no pool is changed in place. */
  readonly #shapes = new WeakMap<object, object>();

  constructor(number: number) {
    this.#number = number;
    const [four, six] = ['10.0.0.0', 'fd00::'].map((text) => addressNumber(text as Address)) as [bigint, bigint];
    const base = (at: Place) => (at < placesOfFamily ? four + BigInt(number * 16) : six + BigInt(number * 65_536 - 16));
    this.#addresses = Array.from({ length: 2 * placesOfFamily }, (_, at) => formatAddress(base(at) + BigInt(at)));
    this.#places = new Map(this.#addresses.map((address, at) => [address, at]));
  }

  /** Returns whether the last octet of the address is 0 or 255. */
  isBuggy(at: Place): boolean {
    return at < placesOfFamily && [0, 255].includes((this.#number * 16 + at) & 255);
  }

  host(name: string): Fqdn {
    return parseName(`${name}.h${this.#number}.z`);
  }

  /** Returns the name and the id of a pool. */
  pool(name: string): string {
    return `${name}${this.#number}`;
  }

  addressOf(at: Place): Address {
    return this.#addresses[at] as Address;
  }

  /** Returns the place of an address; undefined for one of another history. */
  placeOf(address: Address): Place | undefined {
    return this.#places.get(address);
  }

  placesOf(addresses: Iterable<Address>): Place[] {
    return Array.from(addresses, (address) => this.placeOf(address) as Place);
  }

  /** Returns a range as the values of pools have it. */
  rangeText({ first, last, prefix }: ModelRange): string {
    const [from, to] = [this.addressOf(first), this.addressOf(last)];
    const bits = (first < placesOfFamily ? 32 : 128) - Math.log2(last - first + 1);
    return parseRange(prefix ? `${from}/${bits}` : `${from}-${to}`).text;
  }

  /** Returns the ranges, the parent and the excluded places of a pool, in a form that can be compared. */
  shapeOf(pool: Pool | undefined): object | undefined {
    return pool && this.#shapes.getOrInsertComputed(pool, () => this.#newShape(pool));
  }

  /** Returns the same of a pool of the model. */
  modelShapeOf(pool: ModelPool): object {
    return this.#shapes.getOrInsertComputed(pool, () => this.#newShape(this.poolOf(pool)));
  }

  #newShape({ ranges, parent, exclude }: Pool): object {
    const holes = exclude.map(parseRange);
    const isHole = (address: Address) => holes.some((hole) => rangeHolds(hole, addressNumber(address)));
    return { ranges, parent, exclude: this.#addresses.filter(isHole) };
  }

  poolOf({ ranges, exclude, name, parent, ...more }: ModelPool): Pool {
    const id = this.pool(name);
    return {
      ...poolDefaults,
      ...more,
      ...(parent !== undefined && { parent: this.pool(parent) }),
      id,
      name: id,
      ranges: ranges.map((range) => this.rangeText(range)),
      exclude: exclude.map((at) => this.addressOf(at)),
    };
  }
}
