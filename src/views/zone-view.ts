// The stored zones: their settings in memory, and their names in the table, from which DNS answers. zone-apexes.ts adds
// the implied records (SOA, NS, addresses), so that the table has complete answers. The rules of zones are in
// control/zones.

import { ancestry, type Fqdn, isWithin } from '../model/name.ts';
import { noRevision, type Revision, type Serial, serialAt } from '../model/revision.ts';
import type { NamedRrsets, OwnedRrset, Rrset } from '../model/rrset.ts';
import type { Nameserver, Zone } from '../model/zone.ts';
import { held } from '../table/held-addresses.ts';
import type { ZoneId } from '../table/layout.ts';
import type { TableWriter } from '../table/writer.ts';
import type { AliasTargets } from './alias-targets.ts';
import { HostTtls, type InheritedTtl, isManaged as isManagedRrset, withInherited } from './host-ttls.ts';
import type { HostView } from './host-view.ts';
import { type PendingGeneration, PendingGenerations } from './pending-generations.ts';
import { RecordedAddresses } from './recorded-addresses.ts';
import { SortedMap } from './sorted-map.ts';
import type { Versioned } from './versioned.ts';
import { type ApexState, nsIn, type StoredName, ZoneApexes, type ZoneListener } from './zone-apexes.ts';

/** The last change of a zone. */
interface LastChange {
  /** The revision that last put the key of the zone or of its serial. */
  changed: Revision;
  serial: Serial;
}

/** A stored zone, and the generation to which its value points. */
interface ZoneState extends Versioned<Zone>, ApexState, LastChange {
  /** The number of owner names with stored records. */
  names: number;
  /** The number of owner names at which a host manages records. */
  managedNames: number;
  /** The CNAME records by their targets. */
  aliases: AliasTargets;
  inheritedTtl: InheritedTtl;
}

/** The names of one generation that have changed since the journal began. After `end`, no more are added. */
export interface NameJournal {
  readonly changed: Set<Fqdn>;
  end(): void;
}

export class ZoneView {
  readonly recorded: RecordedAddresses;
  readonly #table: TableWriter;
  readonly #ttls: HostTtls;
  readonly #zones = new SortedMap<Fqdn, ZoneState>();
  /** The zones that have, or had, CNAME records without a manager. */
  readonly #withAliases = new Set<Fqdn>();
  readonly #pending: PendingGenerations;
  readonly #apexes: ZoneApexes;
  readonly #journals = new Set<NameJournal & { zone: Fqdn; generation: number }>();
  /** The serials that were put before their zone, or before their zone was put again after {@link distrust}. */
  readonly #serials = new Map<Fqdn, LastChange>();
  /** The number of the current or last load. A load marks the names that it reads with this number. */
  #load = 0;
  #loading = false;
  /** True: the store may have been restored or replaced, so a load must not rely on the held revisions. */
  #distrusted = false;

  constructor(table: TableWriter, hosts: HostView, listener: ZoneListener) {
    this.#table = table;
    this.recorded = new RecordedAddresses(table);
    table.listen(this.recorded);
    this.#ttls = new HostTtls(hosts);
    this.#pending = new PendingGenerations(table);
    this.#apexes = new ZoneApexes(table, this.#ttls, listener);
  }

  get(zone: Fqdn): Versioned<Zone> | undefined {
    return this.#zones.get(zone);
  }

  /** Yields the zones in the order of their names. With `after`, only those after that name. */
  *list(after?: Fqdn): Generator<Versioned<Zone>> {
    for (const [name, zone] of this.#zones.entries(after)) if (name !== after) yield zone;
  }

  /** Returns the closest enclosing zone: the zone of the name itself, or the nearest zone above it. */
  enclosing(name: Fqdn): Versioned<Zone> | undefined {
    for (const ancestor of ancestry(name)) {
      const zone = this.#zones.get(ancestor);
      if (zone !== undefined) return zone;
    }
    return undefined;
  }

  /** Returns the highest zone below `zone` that has `owner` in it; undefined if there is none. */
  zoneBelow(zone: Fqdn, owner: Fqdn): Fqdn | undefined {
    let highest: Fqdn | undefined;
    for (const ancestor of ancestry(owner)) {
      if (ancestor === zone) return highest;
      if (this.#zones.has(ancestor)) highest = ancestor;
    }
    return undefined;
  }

  /** Returns whether there is a zone below this one. */
  hasZonesBelow(zone: Fqdn): boolean {
    for (const name of this.#zones.keys()) if (name !== zone && isWithin(name, zone)) return true;
    return false;
  }

  /** Returns the stored records of a name, without the implied ones. */
  name(zone: Fqdn, owner: Fqdn): StoredName {
    const state = this.#zones.get(zone);
    return state === undefined ? { rrsets: [], modified: noRevision } : this.#apexes.stored(state.table, owner);
  }

  /** Returns whether the zone has a delegation or a DNAME anywhere. */
  hasCuts(zone: Fqdn): boolean {
    const state = this.#zones.get(zone);
    return state !== undefined && this.#table.hasCuts(state.table);
  }

  /**
   * Returns how many names are directly below the name; undefined if the name does not exist in DNS. Names with only
   * implied records count too.
   */
  childrenOf(zone: Fqdn, owner: Fqdn): number | undefined {
    const state = this.#zones.get(zone);
    return state && this.#table.childrenOf(state.table, owner);
  }

  /** Yields the stored names below `owner`, in no order. The zone must not change while the caller iterates. */
  *namesBelow(zone: Fqdn, owner: Fqdn): Generator<Fqdn> {
    const state = this.#zones.get(zone);
    if (state === undefined) return;
    for (const { name, modified } of this.#table.nodesBelow(state.table, owner))
      if (modified !== noRevision) yield name;
  }

  /** Yields the stored names at which hosts manage records, in no order. Reads every name of the zone. */
  *managedNames(zone: Fqdn): Generator<{ owner: Fqdn; rrsets: Rrset[] }> {
    const state = this.#zones.get(zone);
    if (state === undefined || state.managedNames === 0) return;
    for (const { name } of this.#table.nodes(state.table)) {
      const { rrsets } = this.#apexes.stored(state.table, name);
      if (isManaged(rrsets)) yield { owner: name, rrsets };
    }
  }

  /**
   * Yields the owners of the CNAME records that point to `target`, in all zones. Leaves out records with a manager, and
   * zones with too many CNAME records (alias-targets.ts).
   */
  *aliasesOf(target: Fqdn): Generator<{ zone: Zone; owner: Fqdn }> {
    for (const zone of this.#withAliases) {
      const state = this.#zones.get(zone);
      if (state === undefined) continue;
      for (const owner of state.aliases.ownersOf(target)) yield { zone: state.value, owner };
    }
  }

  /** Returns the owners of the zone's CNAME records. Leaves out the same records as {@link aliasesOf}. */
  aliasOwners(zone: Fqdn): Fqdn[] {
    return this.#zones.get(zone)?.aliases.owners() ?? [];
  }

  /**
   * Yields the targets of CNAME records, if the target is below one of `names`, whether the target exists or not.
   * Yields a target once for each zone that has such a record. Leaves out the same records as {@link aliasesOf}. No
   * name may change while the caller iterates.
   */
  *aliasTargetsBelow(names: ReadonlySet<Fqdn>): Generator<Fqdn> {
    for (const zone of this.#withAliases) yield* this.#zones.get(zone)?.aliases.below(names) ?? [];
  }

  /** Returns whether the name is an address name of its zone (`addressNames`). */
  holdsAddress(name: Fqdn): boolean {
    const zone = this.enclosing(name)?.value.name;
    const state = zone === undefined ? undefined : this.#zones.get(zone);
    return state !== undefined && (this.#table.heldAddresses(state.table, name) & (held.ipv4 | held.ipv6)) !== 0;
  }

  /** Returns how many owner names the zone has stored, and at how many of them a host manages records. */
  counts(zone: Fqdn): { names: number; managedNames: number } {
    const { names, managedNames } = this.#zones.get(zone) ?? { names: 0, managedNames: 0 };
    return { names, managedNames };
  }

  /**
   * Returns the implied records that are served: first the SOA, then NS and addresses of replicas, where users have
   * written none.
   */
  implied(zone: Fqdn): OwnedRrset[] {
    const state = this.#zones.get(zone);
    return state === undefined ? [] : this.#apexes.list(state);
  }

  /** Returns the implied NS records of the zone, even if users have written others in their place. */
  impliedNs(zone: Fqdn): readonly string[] {
    return nsIn(this.#zones.get(zone)?.implied.get(zone) ?? []) ?? [];
  }

  /** Returns the serial in the zone's SOA. */
  serial(zone: Fqdn): Serial {
    return this.#zones.get(zone)?.serial ?? serialAt(noRevision);
  }

  /** Returns the revision of the zone's last change. */
  changedAt(zone: Fqdn): Revision {
    return this.#zones.get(zone)?.changed ?? noRevision;
  }

  /** Begins a journal of the changed names of this generation. */
  journal(zone: Fqdn, generation: number): NameJournal {
    const journal = { zone, generation, changed: new Set<Fqdn>(), end: () => void this.#journals.delete(journal) };
    this.#journals.add(journal);
    return journal;
  }

  #note(zone: Fqdn, generation: number, owner: Fqdn): void {
    for (const journal of this.#journals) {
      if (journal.zone === zone && journal.generation === generation) journal.changed.add(owner);
    }
  }

  /** Yields the zones that may have several generations in the store. */
  *withLeftovers(): Generator<Fqdn> {
    for (const { value } of this.#zones.values()) if (value.generation > 1) yield value.name;
    for (const { zone } of this.#pending.list()) if ((this.#zones.get(zone)?.value.generation ?? 1) === 1) yield zone;
  }

  /** Begins a load. {@link endLoad} deletes the names that the load has not read. */
  beginLoad(): void {
    this.#load += 1;
    this.#loading = true;
  }

  /**
   * Notes that the store may have been restored or replaced: the next load replaces all held values, and the serials.
   */
  distrust(): void {
    this.#distrusted = true;
  }

  /** Returns whether the name is held as this revision wrote it. If so, marks it as read by the load. */
  seeName(zone: Fqdn, generation: number, owner: Fqdn, modified: Revision): boolean {
    // The first load begins without any names.
    if (this.#load === 1) return false;
    const state = this.#distrusted ? undefined : this.#existingGeneration(zone, generation);
    if (state === undefined || this.#table.modified(state.table, owner) !== modified) return false;
    return this.#table.stamp(state.table, owner, this.#load);
  }

  endLoad(): void {
    this.#loading = false;
    this.#distrusted = false;
    for (const { value } of this.#zones.values()) this.#pending.dropOlder(value.name, value.generation);
    if (this.#load === 1) return;
    for (const { value, table } of this.#zones.values()) this.#sweep(value.name, value.generation, table);
    for (const { zone, generation, pending } of this.#pending.list()) this.#sweep(zone, generation, pending.table);
  }

  /** Deletes the names of a generation that the load has not read. */
  #sweep(zone: Fqdn, generation: number, table: ZoneId): void {
    for (const { name, modified, stamp } of this.#table.nodes(table)) {
      if (stamp !== this.#load && modified !== noRevision) this.deleteName(zone, generation, name);
    }
  }

  /** Frees memory that no answering thread reads any more. Then settles the zones that wait for room. */
  collect(): void {
    this.#table.collect();
    this.#apexes.settleWaiting();
  }

  /**
   * Puts the settings of a zone. Throws TableFull, or InvalidValue if the zone's name is too long for its implied
   * names. If it throws, nothing has changed (test/views/table-full.test.ts).
   */
  putZone(zone: Zone, modified: Revision): void {
    this.#apexes.check(zone);
    const before = this.#zones.get(zone.name);
    const put = { changed: modified, serial: serialAt(modified) };
    const { changed, serial } = latest(
      latest(put, this.#distrusted ? undefined : before),
      this.#serials.get(zone.name),
    );
    if (before !== undefined && before.value.generation === zone.generation) {
      this.#serials.delete(zone.name);
      Object.assign(before, { value: zone, modified, changed, serial });
      this.#apexes.settle(before);
      return;
    }
    const pending = this.#pending.take(zone.name, zone.generation);
    this.#serials.delete(zone.name);
    this.#pending.dropOlder(zone.name, zone.generation);
    const last = { modified, changed, serial };
    const state: ZoneState = { value: zone, ...last, published: false, implied: new Map(), ...pending };
    if (before !== undefined) {
      this.#apexes.forget(before);
      this.recorded.withdraw(before.table, before.names);
    }
    this.recorded.serve(state.table);
    // Publishing the new generation withdraws only a published one.
    if (before?.published === false) this.#table.withdrawZone(before.table);
    this.#zones.set(zone.name, state);
    if (state.aliases.isEmpty) this.#withAliases.delete(zone.name);
    else this.#withAliases.add(zone.name);
    this.#apexes.settle(state);
  }

  deleteZone(zone: Fqdn): void {
    const state = this.#zones.get(zone);
    if (state === undefined) return;
    this.#zones.delete(zone);
    this.#withAliases.delete(zone);
    this.#apexes.forget(state);
    this.recorded.withdraw(state.table, state.names);
    const served = this.#table.servedZone(zone);
    this.#table.withdrawZone(state.table);
    // If the table had no room for this generation, the generation before it is still served.
    if (served !== undefined && served !== state.table) this.#table.withdrawZone(served);
    this.#pending.dropAll(zone);
  }

  /**
   * Puts the serial of a zone. `serial` is given for a restored zone. If `putSerial` throws TableFull, the serial is
   * served as soon as there is room.
   */
  putSerial(zone: Fqdn, modified: Revision, serial: Serial = serialAt(modified)): void {
    const state = this.#zones.get(zone);
    const put = { changed: modified, serial };
    if (state === undefined || this.#distrusted) {
      this.#serials.set(zone, put);
      return;
    }
    const last = latest(state, put);
    Object.assign(state, { changed: last.changed, serial: last.serial });
    this.#apexes.renewSerial(state);
  }

  deleteSerial(zone: Fqdn): void {
    this.#serials.delete(zone);
  }

  putName(zone: Fqdn, generation: number, owner: Fqdn, rrsets: Rrset[], modified: Revision): void {
    if (this.#isOver(zone, generation)) return;
    this.#note(zone, generation, owner);
    const state = this.#existingGeneration(zone, generation) ?? this.#pending.getOrCreate(zone, generation);
    // The first load reads each name once, and before it no name is held.
    const before = this.isFirstLoad ? absent : this.#apexes.stored(state.table, owner);
    this.#putNode(state, zone, owner, rrsets, modified);
    if (this.#loading && this.#load > 1) this.#table.stamp(state.table, owner, this.#load);
    state.names += before.modified === noRevision ? 1 : 0;
    state.managedNames += Number(isManaged(rrsets)) - Number(isManaged(before.rrsets));
    state.aliases.change(owner, before.rrsets, rrsets);
    if (isZone(state) && !state.aliases.isEmpty) this.#withAliases.add(zone);
    if (isZone(state)) this.#apexes.followNs(state, owner, before.rrsets);
  }

  /** Writes the stored RRsets of a name into the table, with their TTLs, and with the implied RRsets. */
  #putNode(state: ZoneState | PendingGeneration, zone: Fqdn, owner: Fqdn, stored: Rrset[], modified: Revision): void {
    const rrsets = this.#ttls.inherit(owner, stored, this.#zones.get(zone)?.value.defaultTtl);
    this.#table.putNode(state.table, owner, this.#apexes.withImplied(owner, rrsets, impliedAt(state, owner)), modified);
    state.inheritedTtl = withInherited(state.inheritedTtl, rrsets);
  }

  /** True during the first load: before it, nothing was held. */
  get isFirstLoad(): boolean {
    return this.#loading && this.#load === 1;
  }

  /** Returns whether a new host may have names already, whose TTLs then depend on it. */
  get mayHaveOrphans(): boolean {
    return this.#ttls.metOrphan;
  }

  /** Writes these names of a changed host again, since the TTLs of their records depend on the host. */
  renewTtls(owners: Iterable<Fqdn>): void {
    for (const owner of owners) {
      const zone = this.enclosing(owner)?.value;
      if (zone === undefined) continue;
      for (const state of [this.#zones.get(zone.name), ...this.#pending.of(zone.name)]) {
        if (state === undefined) continue;
        const { rrsets, modified } = this.#apexes.stored(state.table, owner);
        if (isManaged(rrsets)) this.#putNode(state, zone.name, owner, rrsets, modified);
      }
    }
  }

  /**
   * Sets the TTL of the RRsets that inherit the default TTL of these new settings. Must run to its end before
   * {@link putZone}. Yields after each slice. Throws TableFull.
   */
  *followDefaultTtl({ name, generation, defaultTtl }: Zone): Generator<void> {
    const state = this.#existingGeneration(name, generation);
    if (state?.inheritedTtl === undefined || state.inheritedTtl === defaultTtl) return;
    state.inheritedTtl = 'mixed';
    yield* this.#table.setDefaultTtl(state.table, defaultTtl);
    state.inheritedTtl = defaultTtl;
  }

  /** Returns RRsets, read from the store, with the TTLs with which they are served. */
  withTtls({ defaultTtl }: Zone, { name, rrsets }: NamedRrsets): Rrset[] {
    return this.#ttls.served(name, rrsets, defaultTtl);
  }

  deleteName(zone: Fqdn, generation: number, owner: Fqdn): void {
    const state = this.#existingGeneration(zone, generation);
    if (state === undefined) return;
    const before = this.#apexes.stored(state.table, owner);
    if (before.modified === noRevision) return;
    this.#note(zone, generation, owner);
    const implied = impliedAt(state, owner);
    if (implied.length > 0) this.#table.putNode(state.table, owner, implied, noRevision);
    else this.#table.deleteNode(state.table, owner);
    state.names -= 1;
    state.managedNames -= Number(isManaged(before.rrsets));
    state.aliases.change(owner, before.rrsets, []);
    if (state.names === 0) this.#pending.drop(zone, generation);
    if (isZone(state)) this.#apexes.followNs(state, owner, before.rrsets);
  }

  /** Sets the nameservers of the zones whose settings name none. */
  setNameservers(nameservers: readonly Nameserver[]): void {
    if (!this.#apexes.setNameservers(nameservers)) return;
    for (const state of this.#zones.values()) if (state.value.nameservers.length === 0) this.#apexes.settle(state);
  }

  #existingGeneration(zone: Fqdn, generation: number): ZoneState | PendingGeneration | undefined {
    const state = this.#zones.get(zone);
    return state?.value.generation === generation ? state : this.#pending.get(zone, generation);
  }

  /** Returns whether the zone has a newer generation. False during a load, which reads names before their zone. */
  #isOver(zone: Fqdn, generation: number): boolean {
    return !this.#loading && generation < (this.#zones.get(zone)?.value.generation ?? 0);
  }
}

/** A name that is not stored. */
const absent: StoredName = { rrsets: [], modified: noRevision };

/**
 * Returns the later change. If both have the same revision, returns `other`, which may have a restored zone's serial.
 */
function latest(one: LastChange, other: LastChange | undefined): LastChange {
  return other === undefined || other.changed < one.changed ? one : other;
}

function isZone(state: ZoneState | PendingGeneration): state is ZoneState {
  return 'implied' in state;
}

function impliedAt(state: ZoneState | PendingGeneration, owner: Fqdn): Rrset[] {
  return isZone(state) ? (state.implied.get(owner) ?? []) : [];
}

function isManaged(rrsets: readonly Rrset[]): boolean {
  return rrsets.some(isManagedRrset);
}
