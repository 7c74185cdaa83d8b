// Replays the history of a store, revision by revision, and asserts at each revision what must always hold: an address
// has one holder, or holders that all share it; a pool gives addresses of its own ranges only; pools do not overlap; a
// host, its addresses, its A record and its PTRs agree. Uses none of the code of the use cases.

import assert from 'node:assert/strict';
import { type Address, addressNumber, reverseName } from '../../src/model/address.ts';
import { parseRange, rangeHolds, rangesOverlap } from '../../src/model/address-range.ts';
import type { AddressRecord, Holder } from '../../src/model/allocation.ts';
import type { Host } from '../../src/model/host.ts';
import type { NamedRrsets } from '../../src/model/rrset.ts';
import { addressValue } from '../../src/store/kinds/address.ts';
import { hostValue } from '../../src/store/kinds/host.ts';
import { nameValue } from '../../src/store/kinds/name.ts';
import { poolValue } from '../../src/store/kinds/pool.ts';
import type { Store, StoreEvent } from '../../src/store/store.ts';

/** An address that a holder has taken or released. `holder`: the host's name, or the owner of the allocation. */
export interface Turn {
  revision: number;
  address: string;
  what: 'taken' | 'released';
  holder: string;
}

export class ReplayedHistory {
  readonly hosts = new Map<string, Host>();
  readonly addresses = new Map<string, AddressRecord>();
  /** What each holder has taken and released, in order. */
  readonly turns = new Map<string, Turn[]>();
  /** The revisions that wrote pools. */
  readonly ofPools: number[] = [];
  revisions = 0;
  /** A pool's key → its ranges. */
  readonly #ranges = new Map<string, ReturnType<typeof parseRange>[]>();
  readonly #names = new Map<string, NamedRrsets>();
  /** The hosts that list an address. */
  readonly #listed = new Map<string, Set<string>>();

  /** Replays a store that was never compacted, from its first revision to the newest one. */
  static async of(store: Store): Promise<ReplayedHistory> {
    const replayed = new ReplayedHistory();
    const { revision: newest } = await store.list('', { limit: 1 });
    const ended = new AbortController();
    for await (const { revision, events } of store.watch('', 1 as typeof newest, ended.signal)) {
      replayed.#apply(revision, events);
      if (revision >= newest) break;
    }
    ended.abort();
    return replayed;
  }

  #apply(revision: number, events: readonly StoreEvent[]): void {
    this.revisions += 1;
    const places = new Set<string>();
    const names = new Set<string>();
    const given: AddressRecord[] = [];
    for (const event of events) {
      const [key, value] = event.kind === 'put' ? [event.entry.key, event.entry.value] : [event.key, undefined];
      const kind = key.slice(0, key.indexOf('/'));
      if (kind === 'pools') this.#putPool(revision, key, value);
      if (kind === 'addresses') {
        const isHeld = (this.addresses.get(key)?.holders.length ?? 0) > 0;
        places.add(this.#putAddress(revision, key, value && addressValue.decode(value)));
        const record = this.addresses.get(key);
        if (!isHeld && record?.state === 'held') given.push(record);
      }
      if (kind === 'names') names.add(this.#putName(key, value && nameValue.decode(value)));
      if (kind !== 'hosts') continue;
      for (const host of this.#putHost(key, value && hostValue.decode(value))) {
        names.add(host.name);
        for (const { space, address } of host.addresses) places.add(placeOf(space, address));
      }
    }
    if (this.ofPools.at(-1) === revision) this.#checkPools(revision);
    for (const record of given) this.#checkGiven(revision, record);
    for (const place of places) this.#checkPlace(revision, place);
    for (const name of names) this.#checkName(revision, name);
  }

  #putPool(revision: number, key: string, value: string | undefined): void {
    if (value === undefined) this.#ranges.delete(key);
    else this.#ranges.set(key, poolValue.decode(value).ranges.map(parseRange));
    if (this.ofPools.at(-1) !== revision) this.ofPools.push(revision);
  }

  /** Asserts that no two ranges overlap. The history has pools of one space, none carved out of another. */
  #checkPools(revision: number): void {
    const ranges = [...this.#ranges.values()].flat();
    for (const [index, one] of ranges.entries())
      for (const other of ranges.slice(index + 1))
        assert.ok(!rangesOverlap(one, other), `revision ${revision}: ${one.text} overlaps ${other.text}`);
  }

  /** Asserts that an address that was free comes from the pool that has it now. */
  #checkGiven(revision: number, { address, givenBy }: AddressRecord): void {
    const value = addressNumber(address);
    const found = [...this.#ranges].find(([, ranges]) => ranges.some((range) => rangeHolds(range, value)));
    const expected = givenBy === null ? undefined : `pools/${givenBy}`;
    assert.equal(found?.[0], expected, `revision ${revision}: the pool that has ${address}, and the one that gave it`);
  }

  #putAddress(revision: number, key: string, record: AddressRecord | '' | undefined): string {
    const before = this.addresses.get(key);
    const { space, address } = (record || before) as AddressRecord;
    const holders = (of: AddressRecord | undefined) => new Set(of?.holders.map(nameOfHolder));
    if (record) this.addresses.set(key, record);
    else this.addresses.delete(key);
    const [old, now] = [holders(before), holders(this.addresses.get(key))];
    for (const holder of old.difference(now)) this.#note({ revision, address, what: 'released', holder });
    for (const holder of now.difference(old)) this.#note({ revision, address, what: 'taken', holder });
    this.#places.set(placeOf(space, address), key);
    return placeOf(space, address);
  }

  /** `space/address` → the key of its record. */
  readonly #places = new Map<string, string>();

  #putName(key: string, name: NamedRrsets | '' | undefined): string {
    const before = this.#names.get(key);
    if (name) this.#names.set(key, name);
    else this.#names.delete(key);
    const owner = String((name || before)?.name);
    this.#keysOfNames.set(owner, key);
    return owner;
  }

  /** An owner name → its key. The history has one generation of each zone. */
  readonly #keysOfNames = new Map<string, string>();
  readonly #keysOfHosts = new Map<string, Host>();

  /** Returns the host before and after the change. */
  #putHost(key: string, host: Host | '' | undefined): Host[] {
    const before = this.#keysOfHosts.get(key);
    for (const { space, address } of before?.addresses ?? [])
      this.#listed.get(placeOf(space, address))?.delete(String(before?.name));
    if (before !== undefined) this.hosts.delete(before.name);
    if (host) {
      this.#keysOfHosts.set(key, host);
      this.hosts.set(host.name, host);
      for (const { space, address } of host.addresses)
        this.#listed.getOrInsertComputed(placeOf(space, address), () => new Set()).add(host.name);
    } else this.#keysOfHosts.delete(key);
    return [before, host].filter((one): one is Host => one !== undefined && one !== '');
  }

  #note(turn: Turn): void {
    this.turns.getOrInsertComputed(turn.holder, () => []).push(turn);
  }

  #checkPlace(revision: number, place: string): void {
    const holders = this.addresses.get(this.#places.get(place) ?? '')?.holders ?? [];
    for (const [index, one] of holders.entries())
      for (const other of holders.slice(index + 1))
        assert.ok(
          share(one, other),
          `revision ${revision}: ${place} has two holders, which do not share it: ${JSON.stringify([one, other])}`,
        );
    const holding = holders.flatMap((holder) => (holder.kind === 'host' ? [holder.host as string] : []));
    const listing = [...(this.#listed.get(place) ?? [])];
    assert.deepEqual(listing.sort(), holding.sort(), `revision ${revision}: the hosts that list ${place}, and hold it`);
    this.#checkPtr(revision, place, place.slice(place.indexOf('/') + 1) as Address);
  }

  /** Asserts that a host's name has its addresses, and each of its addresses points back. */
  #checkName(revision: number, name: string): void {
    const host = this.hosts.get(name);
    const addresses = (host?.addresses ?? []).map(({ address }) => address as string);
    assert.deepEqual(
      [...this.#ofHosts(name, 'A')].sort(),
      addresses.sort(),
      `revision ${revision}: the A records of ${name}`,
    );
    for (const { space, address } of host?.addresses ?? []) this.#checkPtr(revision, placeOf(space, address), address);
  }

  /** Returns the host that has the PTR of an address: of its hosts, the one that came first. */
  ptrOf(space: string, address: string): string | undefined {
    const holders = this.addresses.get(this.#places.get(placeOf(space, address)) ?? '')?.holders ?? [];
    return holders.flatMap((holder) => (holder.kind === 'host' ? [holder.host] : []))[0];
  }

  #checkPtr(revision: number, place: string, address: Address): void {
    const found = this.#ofHosts(reverseName(address), 'PTR');
    const host = this.ptrOf(place.slice(0, place.indexOf('/')), address);
    assert.deepEqual([...found], host === undefined ? [] : [`${host}.`], `revision ${revision}: the PTR of ${address}`);
  }

  #ofHosts(owner: string, type: string): readonly string[] {
    const name = this.#names.get(this.#keysOfNames.get(owner) ?? '');
    return name?.rrsets.find((rrset) => rrset.type === type && rrset.manager === 'host')?.records ?? [];
  }
}

function placeOf(space: string, address: string): string {
  return `${space}/${address}`;
}

function nameOfHolder(holder: Holder): string {
  return holder.kind === 'host' ? holder.host : holder.owner;
}

/**
 * Returns whether two holders may have the same address: they are hosts that say so, or allocations with the same
 * sharing key and no port in common.
 */
function share(one: Holder, other: Holder): boolean {
  if (one.shared === true || other.shared === true) return one.shared === other.shared;
  if (one.kind === 'host' || other.kind === 'host' || one.sharingKey === undefined) return false;
  const portsOf = (holder: typeof one) => new Set(holder.ports?.map(({ protocol, port }) => `${protocol} ${port}`));
  const [ports, others] = [portsOf(one), portsOf(other)];
  return one.sharingKey === other.sharingKey && ports.size > 0 && others.size > 0 && ports.isDisjointFrom(others);
}
