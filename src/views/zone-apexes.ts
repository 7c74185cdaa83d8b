// Writes the implied records into the table, beside the stored ones: SOA, NS at the apex, addresses of nameservers. A
// zone is published when its apex is complete, and waits if the table has no room for the apex. Stored records:
// zone-view.ts. Which records are implied: model/zone.ts.

import { type Fqdn, parseName } from '../model/name.ts';
import { noRevision, type Revision, type Serial, serialAt } from '../model/revision.ts';
import type { OwnedRrset, Rrset } from '../model/rrset.ts';
import { type Nameserver, nameserversOf, soaOf, soaRrset, type Zone } from '../model/zone.ts';
import type { ZoneId } from '../table/layout.ts';
import type { TableRrset } from '../table/node-data.ts';
import { TableFull } from '../table/table.ts';
import type { TableWriter } from '../table/writer.ts';
import type { HostTtls } from './host-ttls.ts';

export interface ApexState {
  value: Zone;
  serial: Serial;
  /** The zone's names in the table. */
  table: ZoneId;
  /**
   * True as soon as the table has had the whole apex once: from then on, DNS serves the zone. A later change of the
   * apex may still wait for room in the table.
   */
  published: boolean;
  /** The implied RRsets by owner name: NS at the apex, addresses at the names of replicas. */
  implied: ReadonlyMap<Fqdn, Rrset[]>;
}

/** The stored records of a name, and the revision that last wrote them: {@link noRevision} if there are none. */
export interface StoredName {
  rrsets: Rrset[];
  modified: Revision;
}

export interface ZoneListener {
  /**
   * Reports that the zone's apex could not be written as the settings require, or, if `fault` is undefined, that it was
   * written.
   */
  apexSettled(zone: Fqdn, fault: unknown): void;
  /** Reports that users have addresses or an alias of their own at the name of a replica in a zone. */
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

  /** Throws InvalidValue if the zone's name is so long that an implied name below it would exceed 255 octets. */
  check(zone: Zone): void {
    impliedBy(zone, this.#nameservers);
  }

  /** Sets the nameservers of the zones whose settings name none. Returns whether these nameservers have changed. */
  setNameservers(nameservers: readonly Nameserver[]): boolean {
    if (JSON.stringify(nameservers) === JSON.stringify(this.#nameservers)) return false;
    this.#nameservers = nameservers;
    return true;
  }

  /**
   * Writes the implied records and publishes the zone. Does not throw: a fault is reported to the listener, and false
   * is returned.
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

  /** Forgets a zone that was deleted, or replaced by another generation. */
  forget(state: ApexState): void {
    this.#waiting.delete(state);
  }

  /** Writes the SOA with the zone's new serial. Throws TableFull; then the SOA is written as soon as there is room. */
  renewSerial(state: ApexState): void {
    try {
      this.#putSoa(state);
    } catch (error) {
      this.#waiting.add(state);
      throw error;
    }
  }

  /**
   * Writes the implied records again if users have changed the NS records at the apex, and the settings name no
   * nameservers. `before` has the RRsets of the owner before the change.
   */
  followNs(state: ApexState, owner: Fqdn, before: readonly Rrset[]): void {
    const { name, nameservers } = state.value;
    if (owner !== name || nameservers.length > 0) return;
    if (nsIn(before)?.join() !== this.#ownNs(state)?.join()) this.settle(state);
  }

  /** Returns the implied records that are in the table: first the SOA, then NS, then addresses of replicas. */
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
   * Returns the RRsets `rrsets` of a name, with the implied RRsets of all other types. Adds nothing to a CNAME. If
   * `rrsets` has addresses, adds none, not even of the other family: those in `rrsets` may belong to another machine.
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
   * Writes the implied records that the settings require now, and removes those that are no longer implied. If it
   * throws TableFull, only some of the implied records may be written.
   */
  #imply(state: ApexState): void {
    const implied = impliedBy(state.value, this.#nameservers, this.#ownNs(state));
    // Owners whose records are no longer implied stay listed until all is written, so that the next try removes their
    // records.
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

  /** Returns the NS records that users have written at the apex. */
  #ownNs({ table, value: { name } }: ApexState): readonly string[] | undefined {
    return nsIn(this.stored(table, name).rrsets);
  }

  #putSoa({ table, value, serial }: ApexState): void {
    const [ns] = nsIn(this.#table.getNode(table, value.name)?.rrsets ?? []) ?? [];
    const primary = (ns?.replace(/(?<=.)\.$/, '') ?? value.name) as Fqdn;
    this.#table.putSoa(table, soaOf(value, primary, serial));
  }
}

/** Returns the NS records of these RRsets; undefined if there are none. */
export function nsIn(rrsets: readonly Rrset[]): readonly string[] | undefined {
  return rrsets.find(({ type }) => type === 'NS')?.records;
}

/**
 * Returns the implied RRsets by owner name. If users have written NS records at the apex (`ownNs`), only the replicas
 * that these records name have addresses in the zone. Throws InvalidValue if a nameserver's name would be too long.
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
