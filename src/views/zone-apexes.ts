// What the zones' settings imply, in the table beside what is stored: SOA, NS at the apex, addresses of nameservers. A zone is published when its apex
// stands; one that the table has no room for waits. What is stored: zone-view.ts. What is implied: model/zone.ts.

import { type Fqdn, parseName } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import type { OwnedRrset, Rrset } from '../model/rrset.ts';
import { type Nameserver, nameserversOf, soaOf, soaRrset, type Zone } from '../model/zone.ts';
import type { ZoneId } from '../table/layout.ts';
import { TableFull } from '../table/table.ts';
import type { TableWriter } from '../table/writer.ts';

/** A zone, as far as its apex goes. */
export interface ApexState {
  value: Zone;
  serial: Revision;
  /** The zone's names in the table. */
  table: ZoneId;
  /** False while the table had no room for its apex. */
  published: boolean;
  /** What the settings imply, by owner name: NS at the apex, glue. */
  implied: ReadonlyMap<Fqdn, Rrset[]>;
}

/** All records of one name, and the revision that last wrote them: 0 when nothing is stored there. */
export interface StoredName {
  rrsets: Rrset[];
  modified: Revision;
}

export interface ZoneListener {
  /** What keeps a zone's apex from being as its settings have it; undefined: nothing does. */
  apexSettled(zone: Fqdn, fault: unknown): void;
  /** Users' own addresses, or alias, stand at the name by which the zone calls a replica. */
  nameserverHidden(owner: Fqdn): void;
}

export const nothing = 0 as Revision;

export class ZoneApexes {
  readonly #table: TableWriter;
  readonly #listener: ZoneListener;
  readonly #waiting = new Set<ApexState>();
  #nameservers: readonly Nameserver[] = [];

  constructor(table: TableWriter, listener: ZoneListener) {
    this.#table = table;
    this.#listener = listener;
  }

  /** Throws InvalidValue for a zone that no nameserver can stand below. */
  check(zone: Zone): void {
    impliedBy(zone, this.#nameservers);
  }

  /** Who answers for the zones that name no nameservers of their own; false: those who did. */
  setNameservers(nameservers: readonly Nameserver[]): boolean {
    if (JSON.stringify(nameservers) === JSON.stringify(this.#nameservers)) return false;
    this.#nameservers = nameservers;
    return true;
  }

  /** Writes what the settings imply, and publishes the zone. What is wrong with one zone is told, and stops no other. */
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

  /** Settles the zones that wait for room, until one finds none. */
  settleWaiting(): void {
    for (const state of this.#waiting) if (!this.settle(state)) return;
  }

  /** The zone is gone, or another generation is the zone. */
  forget(state: ApexState): void {
    this.#waiting.delete(state);
  }

  /** Its serial is another. Throws TableFull; it is written as soon as there is room. */
  renewSerial(state: ApexState): void {
    try {
      this.#putSoa(state);
    } catch (error) {
      this.#waiting.add(state);
      throw error;
    }
  }

  /** Which replicas have their addresses in the zone hangs on the NS records of its users: `before` those stood at the owner. */
  followNs(state: ApexState, owner: Fqdn, before: readonly Rrset[]): void {
    const { name, nameservers } = state.value;
    if (owner !== name || nameservers.length > 0) return;
    if (nsIn(before)?.join() !== this.#ownNs(state)?.join()) this.settle(state);
  }

  /** The records that the settings add: SOA first, NS and glue where users wrote none. */
  list({ value: { name }, table, implied }: ApexState): OwnedRrset[] {
    const soa = this.#table.getSoa(table);
    const records = [...implied.keys()].flatMap((owner) =>
      (this.#table.getNode(table, owner)?.rrsets ?? [])
        .filter(({ manager }) => manager === 'zone')
        .map((rrset) => ({ owner, rrset })),
    );
    return soa === undefined ? records : [{ owner: name, rrset: soaRrset(soa) }, ...records];
  }

  /** What is stored at a name: not what is implied. */
  stored(table: ZoneId, owner: Fqdn): StoredName {
    const node = this.#table.getNode(table, owner);
    if (node === undefined || node.modified === nothing) return { rrsets: [], modified: nothing };
    return { rrsets: node.rrsets.filter(({ manager }) => manager !== 'zone'), modified: node.modified };
  }

  /**
   * What a user wrote at a name stands; what the settings imply fills in. A CNAME there lets nothing in, and addresses let none of the
   * other family in: they are of somebody else, or of the replica as its users know it.
   */
  withImplied(owner: Fqdn, rrsets: Rrset[], implied: Rrset[]): Rrset[] {
    if (implied.length === 0) return rrsets;
    const hidesAddresses = rrsets.some(({ type }) => type === 'A' || type === 'AAAA' || type === 'CNAME');
    const allowed = implied.filter(({ type }) => type === 'NS' || !hidesAddresses);
    if (allowed.length < implied.length) this.#listener.nameserverHidden(owner);
    if (rrsets.some(({ type }) => type === 'CNAME')) return rrsets;
    return [...rrsets, ...allowed.filter(({ type }) => !rrsets.some((rrset) => rrset.type === type))];
  }

  /** Writes SOA, NS and glue as the settings have them now, and takes back what they no longer imply. Throws TableFull half-way. */
  #imply(state: ApexState): void {
    const implied = impliedBy(state.value, this.#nameservers, this.#ownNs(state));
    // Until all is written, what is no longer implied stays known, so that the next try takes it back.
    const former = [...state.implied.keys()].filter((owner) => !implied.has(owner));
    state.implied = new Map([...implied, ...former.map((owner): [Fqdn, Rrset[]] => [owner, []])]);
    for (const [owner, wanted] of state.implied) {
      const { rrsets, modified } = this.stored(state.table, owner);
      const all = this.withImplied(owner, rrsets, wanted);
      if (all.length > 0) this.#table.putNode(state.table, owner, all, modified);
      else this.#table.deleteNode(state.table, owner);
    }
    state.implied = implied;
    this.#putSoa(state);
  }

  /** The NS records that users wrote at the apex. */
  #ownNs({ table, value: { name } }: ApexState): readonly string[] | undefined {
    return nsIn(this.stored(table, name).rrsets);
  }

  #putSoa({ table, value, serial }: ApexState): void {
    const [ns] = nsIn(this.#table.getNode(table, value.name)?.rrsets ?? []) ?? [];
    const primary = (ns?.replace(/(?<=.)\.$/, '') ?? value.name) as Fqdn;
    this.#table.putSoa(table, soaOf(value, primary, serial));
  }
}

function nsIn(rrsets: readonly Rrset[]): readonly string[] | undefined {
  return rrsets.find(({ type }) => type === 'NS')?.records;
}

/**
 * By owner name. Where users wrote NS records of their own (`ownNs`), only the replicas that those name have their addresses in the zone. Throws InvalidValue
 * where the name of a nameserver would be none: below a name of almost 255 octets.
 */
function impliedBy(
  zone: Zone,
  nameservers: readonly Nameserver[],
  ownNs?: readonly string[],
): ReadonlyMap<Fqdn, Rrset[]> {
  parseName(soaOf(zone, zone.name, nothing).responsible);
  const implied = nameserversOf(zone, nameservers).map(({ name, rrsets }) => [parseName(name), rrsets] as const);
  return new Map(implied.filter(([name]) => name === zone.name || (ownNs?.includes(`${name}.`) ?? true)));
}
