// The zones of the store: their settings in memory, their names in the table that DNS reads. What the settings imply at the apex
// (SOA, NS, glue) comes from zone-apexes.ts, so that the table holds answers ready to give. Decides nothing.

import { ancestry, type Fqdn, isWithin } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import type { OwnedRrset, Rrset } from '../model/rrset.ts';
import type { Nameserver, Zone } from '../model/zone.ts';
import type { ZoneId } from '../table/layout.ts';
import type { TableWriter } from '../table/writer.ts';
import { type Draft, Drafts } from './drafts.ts';
import { SortedMap } from './sorted-map.ts';
import type { Versioned } from './versioned.ts';
import { type ApexState, nothing, type StoredName, ZoneApexes, type ZoneListener } from './zone-apexes.ts';

interface ZoneState extends Versioned<Zone>, ApexState {
  /** Owner names with records of the zone's users or hosts. */
  names: number;
  /** Those of them that a host manages records at. */
  managedNames: number;
}

/** The names of a zone's generation that were written or deleted since it was begun. `end` stops it. */
export interface NameJournal {
  readonly changed: Set<Fqdn>;
  end(): void;
}

export class ZoneView {
  readonly #table: TableWriter;
  readonly #zones = new SortedMap<Fqdn, ZoneState>();
  readonly #drafts: Drafts;
  readonly #apexes: ZoneApexes;
  readonly #journals = new Set<NameJournal & { zone: Fqdn; generation: number }>();
  /** Serials that came before their zone. */
  readonly #serials = new Map<Fqdn, Revision>();
  /** Number of the load under way, or of the last one; names that it met are stamped with it. */
  #load = 0;
  #loading = false;
  /** Revisions that are held mean nothing to the next load, or the one under way. */
  #distrusted = false;

  constructor(table: TableWriter, listener: ZoneListener) {
    this.#table = table;
    this.#drafts = new Drafts(table);
    this.#apexes = new ZoneApexes(table, listener);
  }

  get(zone: Fqdn): Versioned<Zone> | undefined {
    return this.#zones.get(zone);
  }

  /** All zones by name, after the zone of that name (or from the first). */
  *list(after?: Fqdn): Generator<Versioned<Zone>> {
    for (const [name, zone] of this.#zones.entries(after)) if (name !== after) yield zone;
  }

  /** The most specific zone that the name is in. */
  enclosing(name: Fqdn): Versioned<Zone> | undefined {
    for (const ancestor of ancestry(name)) {
      const zone = this.#zones.get(ancestor);
      if (zone !== undefined) return zone;
    }
    return undefined;
  }

  /** The zone that answers for the name in place of this one, around it: the highest of those between. */
  zoneBelow(zone: Fqdn, owner: Fqdn): Fqdn | undefined {
    let highest: Fqdn | undefined;
    for (const ancestor of ancestry(owner)) {
      if (ancestor === zone) return highest;
      if (this.#zones.has(ancestor)) highest = ancestor;
    }
    return undefined;
  }

  /** Whether there is a zone inside this one. */
  hasZonesBelow(zone: Fqdn): boolean {
    for (const name of this.#zones.keys()) if (name !== zone && isWithin(name, zone)) return true;
    return false;
  }

  /** What is stored at a name of a zone: not what its settings imply. */
  name(zone: Fqdn, owner: Fqdn): StoredName {
    const state = this.#zones.get(zone);
    return state === undefined ? { rrsets: [], modified: nothing } : this.#apexes.stored(state.table, owner);
  }

  /** Whether the zone has a delegation or a DNAME anywhere. */
  hasCuts(zone: Fqdn): boolean {
    const state = this.#zones.get(zone);
    return state !== undefined && this.#table.hasCuts(state.table);
  }

  /** Stored names of the zone below this one, in no order; no change may come in between. */
  *namesBelow(zone: Fqdn, owner: Fqdn): Generator<Fqdn> {
    const state = this.#zones.get(zone);
    if (state === undefined) return;
    for (const { name, modified } of this.#table.nodesBelow(state.table, owner)) if (modified !== nothing) yield name;
  }

  /** Stored names of the zone at which hosts manage records, in no order. All of the zone's are looked through. */
  *managedNames(zone: Fqdn): Generator<{ owner: Fqdn; rrsets: Rrset[] }> {
    const state = this.#zones.get(zone);
    if (state === undefined || state.managedNames === 0) return;
    for (const { name } of this.#table.nodes(state.table)) {
      const { rrsets } = this.#apexes.stored(state.table, name);
      if (isManaged(rrsets)) yield { owner: name, rrsets };
    }
  }

  /** How many owner names the zone stores, and at how many of them a host manages records. */
  counts(zone: Fqdn): { names: number; managedNames: number } {
    const { names, managedNames } = this.#zones.get(zone) ?? { names: 0, managedNames: 0 };
    return { names, managedNames };
  }

  /** The records that the zone's settings add: SOA first, NS and glue where its users wrote none. */
  implied(zone: Fqdn): OwnedRrset[] {
    const state = this.#zones.get(zone);
    return state === undefined ? [] : this.#apexes.list(state);
  }

  serial(zone: Fqdn): Revision {
    return this.#zones.get(zone)?.serial ?? nothing;
  }

  /** Notes which names of this generation change from now on. */
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

  /** Zones of which more than one generation may be stored. */
  *withLeftovers(): Generator<Fqdn> {
    for (const { value } of this.#zones.values()) if (value.generation > 1) yield value.name;
    for (const { zone } of this.#drafts.list()) if ((this.#zones.get(zone)?.value.generation ?? 2) === 1) yield zone;
  }

  /** A load begins: names that it does not meet are gone at its end. */
  beginLoad(): void {
    this.#load += 1;
    this.#loading = true;
  }

  /** What is held comes from another history of the store: the next load puts everything anew, serials too. */
  distrust(): void {
    this.#distrusted = true;
  }

  /** Whether the name is held as this revision wrote it; then it stays. */
  seeName(zone: Fqdn, generation: number, owner: Fqdn, modified: Revision): boolean {
    // The first load: nothing was held before it.
    if (this.#load === 1) return false;
    const state = this.#distrusted ? undefined : this.#existingGeneration(zone, generation);
    if (state === undefined || this.#table.modified(state.table, owner) !== modified) return false;
    return this.#table.stamp(state.table, owner, this.#load);
  }

  endLoad(): void {
    this.#loading = false;
    this.#distrusted = false;
    for (const { value } of this.#zones.values()) this.#drafts.dropOlder(value.name, value.generation);
    if (this.#load === 1) return;
    for (const { value, table } of this.#zones.values()) this.#sweep(value.name, value.generation, table);
    for (const { zone, generation, draft } of this.#drafts.list()) this.#sweep(zone, generation, draft.table);
  }

  /** Takes out the names that the load did not meet. */
  #sweep(zone: Fqdn, generation: number, table: ZoneId): void {
    for (const { name, modified, stamp } of this.#table.nodes(table)) {
      if (stamp !== this.#load && modified !== nothing) this.deleteName(zone, generation, name);
    }
  }

  /** Frees what no answering thread reads any more, and gives it to the zones that wait for room, until one finds none. */
  collect(): void {
    this.#table.collect();
    this.#apexes.settleWaiting();
  }

  /** Throws InvalidValue for a zone that no nameserver can stand below, and TableFull; nothing has changed then. */
  putZone(zone: Zone, modified: Revision): void {
    this.#apexes.check(zone);
    const before = this.#zones.get(zone.name);
    const held = this.#distrusted ? 0 : (before?.serial ?? 0);
    const serial = Math.max(modified, held, this.#serials.get(zone.name) ?? 0) as Revision;
    this.#serials.delete(zone.name);
    if (before !== undefined && before.value.generation === zone.generation) {
      Object.assign(before, { value: zone, modified, serial });
      this.#apexes.settle(before);
      return;
    }
    const draft = this.#drafts.take(zone.name, zone.generation);
    this.#drafts.dropOlder(zone.name, zone.generation);
    const state: ZoneState = { value: zone, modified, serial, published: false, implied: new Map(), ...draft };
    if (before !== undefined) this.#apexes.forget(before);
    // Nobody sees it, so that none takes its place in the table: that has the generation before it, or none.
    if (before?.published === false) this.#table.withdrawZone(before.table);
    this.#zones.set(zone.name, state);
    this.#apexes.settle(state);
  }

  deleteZone(zone: Fqdn): void {
    const state = this.#zones.get(zone);
    if (state === undefined) return;
    this.#zones.delete(zone);
    this.#apexes.forget(state);
    const served = this.#table.servedZone(zone);
    this.#table.withdrawZone(state.table);
    // The generation before, where this one found no room.
    if (served !== undefined && served !== state.table) this.#table.withdrawZone(served);
    this.#drafts.dropAll(zone);
  }

  /** Throws TableFull; the zone then has its serial as soon as there is room. */
  putSerial(zone: Fqdn, modified: Revision): void {
    const state = this.#zones.get(zone);
    if (state === undefined || this.#distrusted) {
      this.#serials.set(zone, modified);
      return;
    }
    state.serial = Math.max(state.serial, modified) as Revision;
    this.#apexes.renewSerial(state);
  }

  deleteSerial(zone: Fqdn): void {
    this.#serials.delete(zone);
  }

  putName(zone: Fqdn, generation: number, owner: Fqdn, rrsets: Rrset[], modified: Revision): void {
    if (this.#isOver(zone, generation)) return;
    this.#note(zone, generation, owner);
    const state = this.#existingGeneration(zone, generation) ?? this.#drafts.getOrCreate(zone, generation);
    const before = this.#apexes.stored(state.table, owner);
    this.#table.putNode(state.table, owner, this.#apexes.withImplied(owner, rrsets, impliedAt(state, owner)), modified);
    if (this.#loading && this.#load > 1) this.#table.stamp(state.table, owner, this.#load);
    state.names += before.modified === nothing ? 1 : 0;
    state.managedNames += Number(isManaged(rrsets)) - Number(isManaged(before.rrsets));
    if (isZone(state)) this.#apexes.followNs(state, owner, before.rrsets);
  }

  deleteName(zone: Fqdn, generation: number, owner: Fqdn): void {
    const state = this.#existingGeneration(zone, generation);
    if (state === undefined) return;
    const before = this.#apexes.stored(state.table, owner);
    if (before.modified === nothing) return;
    this.#note(zone, generation, owner);
    const implied = impliedAt(state, owner);
    if (implied.length > 0) this.#table.putNode(state.table, owner, implied, nothing);
    else this.#table.deleteNode(state.table, owner);
    state.names -= 1;
    state.managedNames -= Number(isManaged(before.rrsets));
    if (state.names === 0) this.#drafts.drop(zone, generation);
    if (isZone(state)) this.#apexes.followNs(state, owner, before.rrsets);
  }

  /** Who answers for the zones that name no nameservers of their own. */
  setNameservers(nameservers: readonly Nameserver[]): void {
    if (!this.#apexes.setNameservers(nameservers)) return;
    for (const state of this.#zones.values()) if (state.value.nameservers.length === 0) this.#apexes.settle(state);
  }

  #existingGeneration(zone: Fqdn, generation: number): ZoneState | Draft | undefined {
    const state = this.#zones.get(zone);
    return state?.value.generation === generation ? state : this.#drafts.get(zone, generation);
  }

  /** While a load is under way the zone itself may be older than what is read. */
  #isOver(zone: Fqdn, generation: number): boolean {
    return !this.#loading && generation < (this.#zones.get(zone)?.value.generation ?? 0);
  }
}

function isZone(state: ZoneState | Draft): state is ZoneState {
  return 'implied' in state;
}

function impliedAt(state: ZoneState | Draft, owner: Fqdn): Rrset[] {
  return isZone(state) ? (state.implied.get(owner) ?? []) : [];
}

function isManaged(rrsets: readonly Rrset[]): boolean {
  return rrsets.some(({ manager }) => manager === 'host');
}
