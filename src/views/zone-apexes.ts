// The records that the settings of zones imply: SOA, NS at the apex, addresses of nameservers. They are in the table
// beside the stored records. A zone is published when its apex is complete, and waits while the table has no room for
// it. Stored records: zone-view.ts. The rules of what is implied: model/zone.ts.

import { type Fqdn, parseName } from '../model/name.ts';
import { noRevision, type Revision, type Serial, serialAt } from '../model/revision.ts';
import type { OwnedRrset, Rrset } from '../model/rrset.ts';
import { type Nameserver, nameserversOf, soaOf, soaRrset, type Zone } from '../model/zone.ts';
import type { ZoneId } from '../table/layout.ts';
import type { TableRrset } from '../table/node-data.ts';
import { TableFull } from '../table/table.ts';
import type { TableWriter } from '../table/writer.ts';
import type { HostTtls } from './host-ttls.ts';

/** The state of a zone's apex. */
export interface ApexState {
  value: Zone;
  serial: Serial;
  /** The zone's names in the table. */
  table: ZoneId;
  /**
   * True from the first time that the table has the whole apex: DNS sees the zone from then on. A later change of the
   * apex may still wait for room in the table.
   */
  published: boolean;
  /** The RRsets that the settings imply, by owner name: NS at the apex, addresses at the names of replicas. */
  implied: ReadonlyMap<Fqdn, Rrset[]>;
}

/** The stored records of one name, and the revision that last wrote them: {@link noRevision} if there are none. */
export interface StoredName {
  rrsets: Rrset[];
  modified: Revision;
}

export interface ZoneListener {
  /**
   * Reports why the zone's apex could not be written as its settings require. `fault` is undefined if it was written.
   */
  apexSettled(zone: Fqdn, fault: unknown): void;
  /** Reports that users have their own addresses or alias at the name of a replica in a zone. */
  nameserverHidden(owner: Fqdn): void;
}

export class ZoneApexes {
  readonly #table: TableWriter;
  readonly #ttls: HostTtls;
  readonly #listener: ZoneListener;
  readonly #waiting = new Set<ApexState>();
  #nameservers: readonly Nameserver[] = [];

  constructor(table: TableWriter, ttls: HostTtls, listener: ZoneListener) {
    this.#table = table;
    this.#ttls = ttls;
    this.#listener = listener;
  }

  /** Throws InvalidValue if the zone's name is too long for the names that its settings imply below it. */
  check(zone: Zone): void {
    impliedBy(zone, this.#nameservers);
  }

  /** Sets the nameservers of the zones that have none in their settings. Returns whether they changed. */
  setNameservers(nameservers: readonly Nameserver[]): boolean {
    if (JSON.stringify(nameservers) === JSON.stringify(this.#nameservers)) return false;
    this.#nameservers = nameservers;
    return true;
  }

  /**
   * Writes the implied records and publishes the zone. Does not throw: if it fails, it reports the fault to the
   * listener and returns false.
   */
  settle(state: ApexState): boolean {
    const { name } = state.value;
    try {
      this.#imply(state);
      if (!state.published) this.#table.publishZone(state.table);
      state.published = true;
    } catch (error) {
      if (error instanceof TableFull) this.#waiting.add(state);
      this.#listener.apexSettled(name, error);
      return false;
    }
    this.#waiting.delete(state);
    this.#listener.apexSettled(name, undefined);
    return true;
  }

  /** Settles the zones that wait for room. Stops at the first zone that fails. */
  settleWaiting(): void {
    for (const state of this.#waiting) if (!this.settle(state)) return;
  }

  /** Removes a zone that was deleted, or replaced by another generation. */
  forget(state: ApexState): void {
    this.#waiting.delete(state);
  }

  /** Writes the SOA with the zone's new serial. If it throws TableFull, the SOA is written as soon as there is room. */
  renewSerial(state: ApexState): void {
    try {
      this.#putSoa(state);
    } catch (error) {
      this.#waiting.add(state);
      throw error;
    }
  }

  /**
   * Writes the implied records again if the change was one of the users' NS records at the apex, and the settings name
   * no nameservers. `before`: the owner's RRsets before the change.
   */
  followNs(state: ApexState, owner: Fqdn, before: readonly Rrset[]): void {
    const { name, nameservers } = state.value;
    if (owner !== name || nameservers.length > 0) return;
    if (nsIn(before)?.join() !== this.#ownNs(state)?.join()) this.settle(state);
  }

  /** Returns the implied records that are in the table: the SOA first, then NS, then addresses of replicas. */
  list({ value: { name }, table, implied }: ApexState): OwnedRrset[] {
    const soa = this.#table.getSoa(table);
    const records = [...implied.keys()].flatMap((owner) =>
      (this.#table.getNode(table, owner)?.rrsets ?? [])
        .filter(({ manager }) => manager === 'zone')
        .map((rrset) => ({ owner, rrset })),
    );
    return soa === undefined ? records : [{ owner: name, rrset: soaRrset(soa) }, ...records];
  }

  /** Returns the stored records of a name, without the implied ones. */
  stored(table: ZoneId, owner: Fqdn): StoredName {
    const node = this.#table.getNode(table, owner);
    if (node === undefined || node.modified === noRevision) return { rrsets: [], modified: noRevision };
    return { rrsets: node.rrsets.filter(({ manager }) => manager !== 'zone'), modified: node.modified };
  }

  /**
   * Returns the user's RRsets of a name, with the implied RRsets of all other types added. Nothing is added to a CNAME.
   * No address is added to a user's addresses, not even one of the other family: the user's addresses may belong to
   * another machine.
   */
  withImplied(owner: Fqdn, rrsets: TableRrset[], implied: Rrset[]): TableRrset[] {
    if (implied.length === 0) return rrsets;
    const hidesAddresses = rrsets.some(({ type }) => type === 'A' || type === 'AAAA' || type === 'CNAME');
    const allowed = implied.filter(({ type }) => type === 'NS' || !hidesAddresses);
    if (allowed.length < implied.length) this.#listener.nameserverHidden(owner);
    if (rrsets.some(({ type }) => type === 'CNAME')) return rrsets;
    return [...rrsets, ...allowed.filter(({ type }) => !rrsets.some((rrset) => rrset.type === type))];
  }

  /**
   * Writes SOA, NS and addresses of replicas as the settings now imply them, and removes what they no longer imply. May
   * throw TableFull before all is written.
   */
  #imply(state: ApexState): void {
    const implied = impliedBy(state.value, this.#nameservers, this.#ownNs(state));
    // Owners that no longer have implied records stay listed until all is written, so that the next try removes them.
    const former = [...state.implied.keys()].filter((owner) => !implied.has(owner));
    state.implied = new Map([...implied, ...former.map((owner): [Fqdn, Rrset[]] => [owner, []])]);
    for (const [owner, wanted] of state.implied) {
      const { rrsets, modified } = this.stored(state.table, owner);
      const all = this.withImplied(owner, this.#ttls.inherit(owner, rrsets, state.value.defaultTtl), wanted);
      if (all.length > 0) this.#table.putNode(state.table, owner, all, modified);
      else this.#table.deleteNode(state.table, owner);
    }
    state.implied = implied;
    this.#table.putAddressNames(state.table, state.value.addressNames, state.value.defaultTtl);
    this.#putSoa(state);
  }

  /** Returns the NS records that users wrote at the apex. */
  #ownNs({ table, value: { name } }: ApexState): readonly string[] | undefined {
    return nsIn(this.stored(table, name).rrsets);
  }

  #putSoa({ table, value, serial }: ApexState): void {
    const [ns] = nsIn(this.#table.getNode(table, value.name)?.rrsets ?? []) ?? [];
    const primary = (ns?.replace(/(?<=.)\.$/, '') ?? value.name) as Fqdn;
    this.#table.putSoa(table, soaOf(value, primary, serial));
  }
}

/** Returns the NS records among the RRsets of a name. */
export function nsIn(rrsets: readonly Rrset[]): readonly string[] | undefined {
  return rrsets.find(({ type }) => type === 'NS')?.records;
}

/**
 * Returns the implied RRsets by owner name. If users wrote NS records at the apex (`ownNs`), only the replicas that
 * these records name have addresses in the zone. Throws InvalidValue if the name of a nameserver would be too long.
 */
function impliedBy(
  zone: Zone,
  nameservers: readonly Nameserver[],
  ownNs?: readonly string[],
): ReadonlyMap<Fqdn, Rrset[]> {
  parseName(soaOf(zone, zone.name, serialAt(noRevision)).responsible);
  const implied = nameserversOf(zone, nameservers).map(({ name, rrsets }) => [parseName(name), rrsets] as const);
  return new Map(implied.filter(([name]) => name === zone.name || (ownNs?.includes(`${name}.`) ?? true)));
}
