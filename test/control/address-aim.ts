// Aims the random requests of address-commands.ts at what exists: most would be refused otherwise.

import type { Command } from './address-commands.ts';
import { type AddressModel, type ModelRange, type Place, placesOfFamily } from './address-model.ts';
import { isPrefix } from './address-model-parts.ts';

/** The pools, hosts and allocations of a history at one time. */
class Aim {
  readonly #model: AddressModel;

  constructor(model: AddressModel) {
    this.#model = model;
  }

  /** Returns the pool of that name if there is one, otherwise another one. */
  pool<Name extends string | undefined>(name: Name): Name {
    return name === undefined ? name : (choose(name, [...this.#model.pools.keys()]) as Name);
  }

  /** Returns a split of the parts that a pool has of these ranges, with a name that no pool has. */
  split(one: Extract<Command, { kind: 'split pool' }>): Command {
    const pool = this.pool(one.pool);
    const own = this.#model.pools.get(pool)?.ranges ?? [];
    const parts = one.ranges.flatMap((range) => own.map((other) => partWithin(range, other)));
    const ranges = parts.filter(({ first, last }) => first <= last);
    const name = ['s', 'q', 'c', 'p'].find((free) => !this.#model.pools.has(free)) ?? one.name;
    return { ...one, pool, name, ranges: ranges.length > 0 ? ranges : one.ranges };
  }

  host(name: string): string {
    return choose(name, [...this.#model.hosts.keys()]);
  }

  /** Returns a pool that is being renumbered. */
  renumbered(name: string): string {
    const running = [...this.#model.renumberings.values()].filter(({ ended }) => !ended);
    return choose(
      name,
      running.map(({ from }) => from),
    );
  }

  /** Returns a place of an allocation, the first one from this place on. */
  allocation(place: Place): Place {
    const isAllocation = (at: Place) => this.#model.records.get(at)?.holders[0]?.kind === 'allocation';
    const places = Array.from({ length: 2 * placesOfFamily }, (_, at) => (place + at) % (2 * placesOfFamily));
    return places.find(isAllocation) ?? place;
  }
}

/** Returns the command, aimed at pools, hosts and allocations of the model. */
export function aimed(model: AddressModel, one: Command): Command {
  const aim = new Aim(model);
  switch (one.kind) {
    case 'delete pool':
      return { ...one, name: aim.pool(one.name) };
    case 'carve pool':
      return { ...one, parent: aim.pool(one.parent) };
    case 'renumber pool':
      return { ...one, pool: aim.pool(one.pool), to: typeof one.to === 'string' ? aim.pool(one.to) : one.to };
    case 'split pool':
      return aim.split(one);
    case 'allocate':
      return { ...one, pool: aim.pool(one.pool) };
    case 'merge pools':
      return { ...one, pool: aim.pool(one.pool), from: aim.pool(one.from) };
    case 'create host':
      return { ...one, host: { ...one.host, pool: aim.pool(one.host.pool) } };
    case 'change host':
      return { ...one, host: { ...one.host, pool: aim.pool(one.host.pool), name: aim.host(one.host.name) } };
    case 'delete host':
      return { ...one, name: aim.host(one.name) };
    case 'swap hosts':
      return { ...one, name: aim.host(one.name), other: aim.host(one.other) };
    case 'move host':
      return { ...one, pool: aim.renumbered(one.pool), name: aim.host(one.name) };
    case 'move allocations':
      return { ...one, pool: aim.renumbered(one.pool), place: aim.allocation(one.place) };
    case 'stop renumbering':
    case 'end renumbering':
      return { ...one, pool: aim.renumbered(one.pool) };
    case 'release':
    case 'renew':
      return { ...one, place: aim.allocation(one.place) };
    default:
      return one;
  }
}

function partWithin(range: ModelRange, other: ModelRange): ModelRange {
  const part = { first: Math.max(range.first, other.first), last: Math.min(range.last, other.last) };
  return { ...part, prefix: range.prefix && isPrefix(part) };
}

/** Returns the name if it is one of these, otherwise one of these that the name decides. */
function choose(name: string, names: readonly string[]): string {
  return names.includes(name) ? name : (names[name.charCodeAt(0) % names.length] ?? name);
}
