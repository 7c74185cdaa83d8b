// A simple model of pools, hosts, allocations and time: a list of addresses that is searched from the beginning. It
// predicts the outcome of a request. address-model.test.ts compares it with what the use cases do.

import type { AddressRecord, Allocation, Holder, HostSharing, Port } from '../../src/model/allocation.ts';
import type { Pool } from '../../src/model/pool.ts';

export type Family = 'ipv4' | 'ipv6';

/** An address of a history: a small number. The IPv6 addresses come after all IPv4 addresses. */
export type Place = number;

export const placesOfFamily = 16;
export const familyOfPlace = (place: Place): Family => (place < placesOfFamily ? 'ipv4' : 'ipv6');

export interface ModelRange {
  first: Place;
  last: Place;
  /** True: written as a prefix, so that `allowFirstLast` matters. */
  prefix: boolean;
}

export interface ModelPool extends Pick<Pool, 'autoAssign' | 'priority' | 'strategy' | 'coolDownSeconds' | 'drain'> {
  name: string;
  /** The pool out of which it was carved. */
  parent?: string;
  ranges: ModelRange[];
  exclude: Place[];
  avoidBuggyIps: boolean;
  allowFirstLast: boolean;
}

interface ModelRecord {
  holders: Holder[];
  givenBy: string | null;
  /** When the address was taken or released, in milliseconds. */
  since: number;
  freeAt?: number;
  /** The host that held the address alone before its cool-down, and may have it again. */
  former?: Newcomer;
}

/** A host as it asks for addresses. */
export interface Newcomer {
  host: string;
  owner: string;
}

/** The outcome of a request: refused with one of these codes, or done with these places, each with its choices. */
export type Predicted = { refused: string[] } | { places: Place[][] };

const refused = (...codes: string[]): Predicted => ({ refused: codes });

/** A renumbering. `within`: the part of the new pool to which the holders go. */
export interface ModelMove {
  from: string;
  to: string;
  within?: ModelRange;
  /** True: it is not running any more. */
  ended?: true;
}

export class AddressModel {
  now: number;
  readonly pools = new Map<string, ModelPool>();
  readonly records = new Map<Place, ModelRecord>();
  readonly hosts = new Map<string, { places: Place[]; owner: string }>();
  /** Where the holders of a pool go, by its name. */
  readonly renumberings = new Map<string, ModelMove>();
  /** Returns whether the last octet of a place is 0 or 255. */
  readonly isBuggy: (place: Place) => boolean;

  constructor(now: number, isBuggy: (place: Place) => boolean) {
    this.now = now;
    this.isBuggy = isBuggy;
  }

  /** Returns the innermost pool that has the place. */
  poolAt(place: Place): ModelPool | undefined {
    const around = [...this.pools.values()].filter((pool) => isInside(pool, place));
    return around.find(({ name }) => around.every(({ parent }) => parent !== name));
  }

  /** Returns whether a pool has the place, and none of those that were carved out of it. */
  has({ name }: Pick<ModelPool, 'name'>, place: Place): boolean {
    return this.poolAt(place)?.name === name;
  }

  childrenOf(pool: Pick<ModelPool, 'name'>): ModelPool[] {
    return [...this.pools.values()].filter(({ parent }) => parent === pool.name);
  }

  /** Returns whether a pool was carved out of the other one, or out of a pool that was. */
  isBelow({ parent }: Pick<ModelPool, 'parent'>, other: ModelPool): boolean {
    const around = parent === undefined ? undefined : this.pools.get(parent);
    return around !== undefined && (around.name === other.name || this.isBelow(around, other));
  }

  /** Returns whether a renumbering is running from the pool or to it. */
  isRenumbered(name: string): boolean {
    return [...this.renumberings.values()].some(({ from, to, ended }) => !ended && (from === name || to === name));
  }

  isExcluded(pool: ModelPool, place: Place): boolean {
    return isHole(pool, place) || (pool.avoidBuggyIps && this.isBuggy(place));
  }

  isHeld(place: Place): boolean {
    return (this.records.get(place)?.holders.length ?? 0) > 0;
  }

  isFree(place: Place): boolean {
    const record = this.records.get(place);
    return record === undefined || (record.holders.length === 0 && (this.coolDownEnd(place) ?? 0) <= this.now);
  }

  coolDownEnd(place: Place): number | undefined {
    const { freeAt, since = 0 } = this.records.get(place) ?? {};
    const seconds = this.poolAt(place)?.coolDownSeconds;
    return freeAt === undefined || seconds === undefined ? freeAt : Math.min(freeAt, since + seconds * 1000);
  }

  /** Returns the usable places of a pool, in the order of its ranges. */
  usable(pool: ModelPool, family: Family): Place[] {
    return pool.ranges
      .flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, index) => first + index))
      .filter((place) => familyOfPlace(place) === family && !this.isExcluded(pool, place) && this.has(pool, place));
  }

  /** Returns the free places in the order in which the pool gives them. */
  candidates(pool: ModelPool, family: Family): Place[] {
    if (pool.drain) return [];
    const free = this.usable(pool, family).filter((place) => this.isFree(place));
    if (pool.strategy !== 'least-recently-used') return free;
    const rested = free.filter((place) => this.records.has(place));
    const since = (place: Place) => this.records.get(place)?.since ?? 0;
    return [
      ...free.filter((place) => !this.records.has(place)),
      ...rested.sort((a, b) => since(a) - since(b) || a - b),
    ];
  }

  /** Returns what the next request for `count` addresses may get: one list of choices for each of them. */
  next(pool: ModelPool, family: Family, count: number): Place[][] | undefined {
    const free = this.candidates(pool, family);
    if (free.length < count) return undefined;
    return pool.strategy === 'random' ? Array(count).fill(free) : free.slice(0, count).map((place) => [place]);
  }

  /** Returns the codes with which a request that names the place is refused. */
  faultsOf(place: Place, pool: ModelPool | undefined, newcomer?: Newcomer): string[] {
    if (pool !== undefined && !this.has(pool, place)) return ['address_outside_pool'];
    if (pool !== undefined && this.isExcluded(pool, place)) return ['address_excluded'];
    if (pool?.drain) return ['pool_exhausted'];
    return this.isFree(place) || this.isFormer(place, newcomer) ? [] : ['address_taken'];
  }

  isFormer(place: Place, newcomer: Newcomer | undefined): boolean {
    const former = this.records.get(place)?.former;
    return former !== undefined && former.host === newcomer?.host && former.owner === newcomer.owner;
  }

  allocate(wanted: { pool: string; family: Family; count: number; named?: Place[]; holder: Allocation }): Predicted {
    const pool = this.pools.get(wanted.pool);
    if (pool === undefined) return refused('not_found');
    const canShare = (place: Place) =>
      !pool.drain && this.has(pool, place) && this.isHeld(place) && this.mayShare(place, wanted.holder);
    if (wanted.named !== undefined) {
      const joins = (place: Place) => canShare(place) && !this.isExcluded(pool, place);
      const codes = wanted.named.flatMap((place) => (joins(place) ? [] : this.faultsOf(place, pool)));
      return codes.length > 0 ? refused(...codes) : { places: wanted.named.map((place) => [place]) };
    }
    const inside = pool.ranges.toSorted((a, b) => a.first - b.first).flatMap(placesIn);
    const shared = inside.filter((place) => familyOfPlace(place) === wanted.family && canShare(place));
    const first = shared.slice(0, wanted.count).map((place) => [place]);
    const others = this.next(pool, wanted.family, wanted.count - first.length);
    return others === undefined ? refused('pool_exhausted') : { places: [...first, ...others] };
  }

  /** Predicts a new host, or with `before` a changed one. */
  putHost(
    wanted: { pool?: string; families?: Family[]; named?: Place[]; sharing?: HostSharing; prefer?: boolean },
    before: readonly Place[],
    automatic: readonly ModelPool[],
    newcomer: Newcomer,
  ): Predicted {
    const pool = wanted.pool === undefined ? undefined : this.pools.get(wanted.pool);
    if (wanted.pool !== undefined && pool === undefined) return refused('pool_not_found');
    const isIn = (place: Place) => pool === undefined || this.has(pool, place);
    if (wanted.named !== undefined) {
      const isKept = (place: Place) => before.includes(place) && isIn(place);
      const codes = wanted.named.flatMap((place) => {
        const faults = isKept(place) ? [] : this.faultsOf(place, pool ?? this.poolAt(place), newcomer);
        const ofSharing = this.#sharingFaults(place, newcomer, wanted.sharing, isKept(place));
        return faults.some((code) => code !== 'address_taken') || !this.isHeld(place) ? faults : ofSharing;
      });
      return codes.length > 0 ? refused(...codes) : { places: wanted.named.map((place) => [place]) };
    }
    const kept = before.filter((place) => isIn(place) && (wanted.families?.includes(familyOfPlace(place)) ?? true));
    const had = [...new Set(before.map(familyOfPlace))];
    const families = wanted.families ?? (had.length > 0 ? had : [this.#defaultFamily(pool ? [pool] : automatic)]);
    const missing = families.filter((family) => !kept.some((place) => familyOfPlace(place) === family));
    const pools = pool ? [pool] : automatic;
    const own = missing.map((family) =>
      pools
        .filter(({ drain }) => !drain)
        .flatMap((one) => this.usable(one, family))
        .filter((place) => !this.isFree(place) && this.isFormer(place, newcomer)),
    );
    const others = missing.filter((_, index) => own[index]?.length === 0);
    const chosen = [
      ...own.filter((choices) => choices.length > 0),
      ...others.map((family) =>
        pools.map((one) => this.next(one, family, 1)?.[0]).find((choices) => choices !== undefined),
      ),
    ];
    const have = [...kept.map((place) => [place]), ...own.filter((choices) => choices.length > 0)];
    if (wanted.prefer && others.length > 0) {
      const ofOne = (one: ModelPool) => others.map((family) => this.next(one, family, 1)?.[0]);
      const together = pool === undefined && others.length > 1 ? pools.map(ofOne) : [];
      const found =
        together.find((all) => !all.includes(undefined)) ?? chosen.slice(own.filter(({ length }) => length > 0).length);
      const places = [...have, ...(found.filter((choices) => choices !== undefined) as Place[][])];
      if (places.length > 0) return { places };
    }
    if (chosen.includes(undefined)) return refused('pool_exhausted');
    return { places: [...kept.map((place) => [place]), ...(chosen as Place[][])] };
  }

  /** Returns why a host cannot hold a held place. Without `sharing`, a place that it keeps stays as it is. */
  #sharingFaults(place: Place, { host, owner }: Newcomer, sharing: HostSharing | undefined, keeps: boolean): string[] {
    if (keeps && sharing === undefined) return [];
    const holders = this.records.get(place)?.holders ?? [];
    const others = holders.filter((holder) => holder.kind !== 'host' || holder.host !== host);
    const own = holders.find((holder) => !others.includes(holder));
    const isSame = keeps && own !== undefined && isSameSharing(own, sharing);
    const newcomer = { kind: 'host', host, owner, ...sharing } as Holder;
    if (!isSame && !others.every((other) => share(other, newcomer))) return ['address_taken'];
    const isChosen = others.some((holder) => holder.kind === 'host' && holder.ptrFor === true);
    return sharing?.ptrFor === true && isChosen ? ['rrset_conflict'] : [];
  }

  #defaultFamily(pools: readonly ModelPool[]): Family {
    const families: Family[] = ['ipv4', 'ipv6'];
    const isGiven = (family: Family) => pools.some((pool) => this.usable(pool, family).length > 0);
    const isNamed = (family: Family) =>
      pools.some(({ ranges }) => ranges.some(({ first }) => familyOfPlace(first) === family));
    return families.find(isGiven) ?? families.find(isNamed) ?? 'ipv4';
  }

  mayShare(place: Place, newcomer: Holder): boolean {
    return (this.records.get(place)?.holders ?? []).every((holder) => share(holder, newcomer));
  }

  take(place: Place, holder: Holder): void {
    const record = this.records.get(place);
    if (record !== undefined && record.holders.length > 0) record.holders.push(holder);
    else this.records.set(place, { holders: [holder], givenBy: this.poolAt(place)?.name ?? null, since: this.now });
  }

  leave(place: Place, leaves: (holder: Holder) => boolean): void {
    const record = this.records.get(place);
    if (record === undefined) return;
    const [last, ...rest] = record.holders;
    record.holders = record.holders.filter((holder) => !leaves(holder));
    if (record.holders.length > 0) return;
    const pool = this.poolAt(place);
    if (pool === undefined || (pool.coolDownSeconds === 0 && pool.strategy !== 'least-recently-used')) {
      this.records.delete(place);
      return;
    }
    const freeAt = pool.coolDownSeconds > 0 ? { freeAt: this.now + pool.coolDownSeconds * 1000 } : {};
    const isAlone = last?.kind === 'host' && rest.length === 0 && pool.coolDownSeconds > 0;
    const former = isAlone ? { former: { host: last.host, owner: last.owner } } : {};
    this.records.set(place, { holders: [], givenBy: record.givenBy, since: this.now, ...freeAt, ...former });
  }

  /** Returns the first block of so many free places that a pool can be carved of. */
  freeBlock(pool: ModelPool, family: Family, size: number): Place[] | undefined {
    const base = family === 'ipv4' ? 0 : placesOfFamily;
    const isUsable = (place: Place) => this.has(pool, place) && !isHole(pool, place) && this.isFree(place);
    for (const range of pool.ranges) {
      for (const start of placesIn(range)) {
        const block = Array.from({ length: size }, (_, index) => start + index);
        const isWhole = block.every((place) => place <= range.last && familyOfPlace(place) === family);
        if ((start - base) % size === 0 && isWhole && block.every(isUsable)) return block;
      }
    }
    return undefined;
  }

  isLeaving({ from, to, within }: ModelMove, place: Place): boolean {
    const pool = this.pools.get(from);
    if (pool === undefined || !this.has(pool, place)) return false;
    if (within !== undefined && familyOfPlace(within.first) !== familyOfPlace(place)) return false;
    return from !== to || within === undefined || place < within.first || within.last < place;
  }

  /** Returns the new place of each old one; undefined if there are not enough. */
  movesOf(move: ModelMove, old: readonly Place[]): Place[] | undefined {
    const pool: ModelPool = { ...(this.pools.get(move.to) as ModelPool), drain: false };
    const isWanted = (place: Place) =>
      move.within === undefined || (move.within.first <= place && place <= move.within.last);
    const free = (['ipv4', 'ipv6'] as const).flatMap((family) => this.candidates(pool, family)).filter(isWanted);
    const moves = old.map((place) => {
      const at = free.findIndex((one) => familyOfPlace(one) === familyOfPlace(place));
      return at === -1 ? undefined : free.splice(at, 1)[0];
    });
    return moves.includes(undefined) ? undefined : (moves as Place[]);
  }

  /** Returns the places that leave together with those of a host, and the hosts that share them, in order. */
  movesWith(move: ModelMove, host: string, nameOf: (host: string) => string): { old: Place[]; hosts: string[] } {
    const [hosts, old] = [[host], new Set<Place>()];
    for (const name of hosts) {
      for (const place of this.hosts.get(name)?.places ?? []) {
        if (!this.isLeaving(move, place)) continue;
        old.add(place);
        for (const holder of this.records.get(place)?.holders ?? [])
          if (holder.kind === 'host' && !hosts.includes(nameOf(holder.host))) hosts.push(nameOf(holder.host));
      }
    }
    return { old: [...old], hosts };
  }

  /** Moves places with all their holders. */
  move(old: readonly Place[], next: readonly Place[]): void {
    for (const [index, place] of old.entries()) {
      const holders = this.records.get(place)?.holders ?? [];
      for (const holder of holders) this.take(next[index] as Place, holder);
      this.leave(place, () => true);
      delete this.records.get(place)?.former;
    }
  }

  /** Ends the cool-down of a place, as a request may. */
  endCoolDown(place: Place): void {
    const record = this.records.get(place);
    if (this.poolAt(place)?.strategy !== 'least-recently-used') this.records.delete(place);
    else {
      delete record?.freeAt;
      delete record?.former;
    }
  }

  /** Does what housekeeping does: releases what has expired, forgets records of releases that nobody needs. */
  keepHouse(): void {
    for (const [place, { holders, freeAt, since }] of [...this.records]) {
      const isOver = (holder: Holder) =>
        holder.kind === 'allocation' && holder.expiresAt !== undefined && Date.parse(holder.expiresAt) <= this.now;
      if (holders.length > 0) {
        if (holders.some(isOver)) this.leave(place, isOver);
      } else if (this.poolAt(place)?.strategy !== 'least-recently-used') {
        if ((freeAt === undefined ? since : (this.coolDownEnd(place) ?? since)) <= this.now) this.records.delete(place);
      }
    }
  }

  /** Returns the counts of a pool, as its usage says them. */
  usage(pool: ModelPool, family: Family): Record<'capacity' | 'used' | 'coolingDown' | 'carved' | 'free', bigint> {
    const usable = this.usable(pool, family);
    const around = pool.ranges.flatMap(placesIn).filter((place) => familyOfPlace(place) === family);
    const inside = around.filter((place) => this.has(pool, place));
    const count = (places: Place[]) => BigInt(places.length);
    return {
      capacity: count(around.filter((place) => !this.isExcluded(pool, place))),
      used: count(inside.filter((place) => this.isHeld(place))),
      coolingDown: count(usable.filter((place) => !this.isHeld(place) && !this.isFree(place))),
      carved: count(around.filter((place) => !inside.includes(place) && !this.isExcluded(pool, place))),
      free: count(usable.filter((place) => this.isFree(place))),
    };
  }

  /** Returns the record of a place as the store has it. */
  stored(place: Place): Pick<AddressRecord, 'holders' | 'givenBy' | 'since' | 'freeAt'> | undefined {
    const record = this.records.get(place);
    if (record === undefined) return undefined;
    const { holders, givenBy, since, freeAt } = record;
    const at = (time: number) => new Date(time).toISOString();
    return { holders, givenBy, since: at(since), ...(freeAt !== undefined && { freeAt: at(freeAt) }) };
  }
}

export function placesIn({ first, last }: ModelRange): Place[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Returns whether the ranges or the exclusions of a pool exclude a place. Ignores `avoidBuggyIps`. */
export function isHole({ exclude, allowFirstLast, ranges }: ModelPool, place: Place): boolean {
  const isEnd = ({ first, last, prefix }: ModelRange) => prefix && last - first > 1 && [first, last].includes(place);
  return exclude.includes(place) || (!allowFirstLast && ranges.some(isEnd));
}

export function isInside({ ranges }: { ranges: readonly ModelRange[] }, place: Place): boolean {
  return ranges.some(({ first, last }) => first <= place && place <= last);
}

function isSameSharing(one: Holder, other: HostSharing | undefined): boolean {
  const text = ({ shared, sharingKey, ports, ...more }: Partial<Holder> | HostSharing) =>
    JSON.stringify([shared, sharingKey, ports, 'ptrFor' in more && more.ptrFor]);
  return text(one) === text(other ?? {});
}

/** Returns whether two holders may have one address: both are shared, or have the same key, and ports that differ. */
function share(one: Holder, other: Holder): boolean {
  if (one.shared === true || other.shared === true) return one.shared === other.shared;
  if (one.sharingKey === undefined || one.sharingKey !== other.sharingKey) return false;
  const text = ({ protocol, port }: Port) => `${protocol} ${port}`;
  const [ports = [], others = []] = [one.ports?.map(text), other.ports?.map(text)];
  return ports.length > 0 && others.length > 0 && !ports.some((port) => others.includes(port));
}
