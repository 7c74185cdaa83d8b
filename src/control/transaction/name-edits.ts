// The names that one transaction reads and writes, with the RRsets that it gives them. Checks whether the written
// RRsets may be at their names, and whether they fit the records above and below.

import { maxNamed, Refusal } from '../../errors.ts';
import {
  checkName,
  checkNameservers,
  checkTargets,
  cutsAt,
  type NameFinding,
  namesAbove,
  type ZoneBelow,
  type ZoneCut,
} from '../../model/check-name.ts';
import { type Fqdn, isWildcardName, parentOf, root } from '../../model/name.ts';
import type { RecordType } from '../../model/rdata/record-types.ts';
import type { Revision } from '../../model/revision.ts';
import type { Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { nameKey } from '../../store/kinds/name.ts';
import type { Views } from '../../views/views.ts';
import type { Access } from '../access/access.ts';
import type { Refusals } from '../input/refusals.ts';
import { isAnswer, leftPointing, namesAfter } from './left-pointing.ts';

/** A warning about records that are allowed but probably a mistake. */
export type Warning = Pick<NameFinding, 'owner' | 'types' | 'message'>;

export const maxWarnings = 100;

/** The limit for names that one transaction checks because a wildcard may have answered for them. */
const maxLost = 20_000;

/** One name: its RRsets before the transaction, and with the changes made so far. */
export interface NameEdit {
  zone: Zone;
  owner: Fqdn;
  /** 0 for a name that has no key yet. */
  modified: Revision;
  before: readonly Rrset[];
  rrsets: readonly Rrset[];
  /** True if the transaction writes or deletes an RRset of the name. False if it only reads the name. */
  changed: boolean;
  /** The types of the RRsets that the transaction writes, without the types that it deletes. */
  written: Set<string>;
}

/** Returns the path of the field in which the request names the RRset; undefined if no field names it. */
export type PathOf = (owner: Fqdn, type: RecordType) => string | undefined;

export class NameEdits {
  readonly #views: Views;
  readonly #access: Access;
  readonly #names = new Map<string, NameEdit>();
  /** The edit of the last call of {@link editAt}: a name is read several times before it is written. */
  #last: NameEdit | undefined;
  /** How many names of a deleted zone move to another zone as they are. */
  readonly #moved = new Map<Fqdn, number>();

  constructor(views: Views, access: Access) {
    this.#views = views;
    this.#access = access;
  }

  [Symbol.iterator](): Iterator<[key: string, edit: NameEdit]> {
    return this.#names.entries();
  }

  /** Returns the edit of a name. The first call for a name starts its edit. */
  editAt(zone: Zone, owner: Fqdn): NameEdit {
    if (this.#last?.owner === owner && this.#last.zone === zone) return this.#last;
    const key = nameKey(zone.name, zone.generation, owner);
    let edit = this.#names.get(key);
    if (edit === undefined) {
      const { rrsets, modified } = this.#views.zones.name(zone.name, owner);
      edit = { zone, owner, modified, before: rrsets, rrsets, changed: false, written: new Set() };
      this.#names.set(key, edit);
    }
    this.#last = edit;
    return edit;
  }

  /** Returns how many owner names the edits add to the zone, minus the names that they delete. */
  addedTo(zone: Fqdn): number {
    let added = 0;
    for (const edit of this.#names.values()) {
      if (edit.zone.name === zone) added += Number(edit.rrsets.length > 0) - Number(edit.modified > 0);
    }
    return added;
  }

  noteMoved(zone: Fqdn, names: number): void {
    this.#moved.set(zone, names);
  }

  /** Returns how many names are deleted together with the zone, without those that move to another zone. */
  deletedWith(zone: Fqdn): number {
    return this.#views.zones.counts(zone).names + this.addedTo(zone) - (this.#moved.get(zone) ?? 0);
  }

  #startedEdit(zone: Zone, owner: Fqdn): NameEdit | undefined {
    return this.#names.get(nameKey(zone.name, zone.generation, owner));
  }

  /** Returns the RRsets of the name after the transaction, even if the transaction does not edit the name. */
  #rrsetsAt(zone: Zone, owner: Fqdn): readonly Rrset[] {
    return this.#startedEdit(zone, owner)?.rrsets ?? this.#views.zones.name(zone.name, owner).rrsets;
  }

  /** Returns the delegations and DNAMEs that the edit adds. */
  newCuts({ zone, owner, before, rrsets }: NameEdit): ZoneCut[] {
    const cuts = cutsAt(zone.name, owner, rrsets);
    if (cuts.length === 0) return cuts;
    const old = cutsAt(zone.name, owner, before);
    return cuts.filter(({ type }) => !old.some((cut) => cut.type === type));
  }

  /**
   * Refuses an RRset that this transaction writes and that may not be at its name. Refuses a new cut that hides names
   * which must be served. Refuses a change of the apex if a DNAME then hides the names of the replicas and did not hide
   * them before. Adds each fault to `refusals`. Returns warnings, but none about names that the actor may not see. Does
   * not check other RRsets that the transaction leaves unchanged.
   */
  check(pathOf: PathOf, refusals: Refusals): Warning[] {
    const warnings: Warning[] = [];
    const refuseOrWarn = (finding: NameFinding) => {
      const { code, owner } = finding;
      const isSeen = this.#access.hasName(owner);
      if (code !== undefined) refusals.try(() => refuseFinding(isSeen ? finding : unseen(finding), code, pathOf));
      else if (isSeen && warnings.length < maxWarnings) warnings.push(finding);
    };
    const edits = [...this.#names.values()].filter(({ written }) => written.size > 0);
    const zonesWithNewCuts = new Set(
      edits.filter((edit) => this.newCuts(edit).length > 0).map(({ zone }) => zone.name),
    );
    const checkEdit = (edit: NameEdit) => {
      const { zone, owner, rrsets, written } = edit;
      const mayHaveCuts = zonesWithNewCuts.has(zone.name) || this.#views.zones.hasCuts(zone.name);
      const above = mayHaveCuts ? this.#cutsAbove(zone, owner) : [];
      const below = this.#zoneBelow(zone, owner);
      for (const finding of checkName(zone.name, owner, rrsets, above, below)) {
        if (finding.types.some((type) => written.has(type))) refuseOrWarn(finding);
      }
      const rrsetsAt = (name: Fqdn) =>
        this.#views.zones.zoneBelow(zone.name, name) === undefined ? this.#rrsetsAt(zone, name) : undefined;
      const targets = below === undefined ? checkTargets(zone.name, owner, rrsets, rrsetsAt) : [];
      for (const finding of targets) if (finding.types.some((type) => written.has(type))) refuseOrWarn(finding);
      for (const newCut of this.newCuts(edit)) {
        // A served zone that contains this name already hides the names below it.
        if (below !== undefined && newCut.type === 'NS') continue;
        const hidden = refusals.try(() => this.#hiddenBy(zone, newCut, pathOf)) ?? [];
        for (const finding of hidden) refuseOrWarn(finding);
      }
    };
    for (const edit of edits) refusals.try(() => checkEdit(edit));
    // A zone without nameservers in its settings and without NS records has the replicas as its nameservers. A DNAME at
    // its apex hides their names. Adding the DNAME can cause that, and so can deleting the NS records.
    for (const { zone, owner, before, rrsets, changed } of this.#names.values()) {
      if (!changed || owner !== zone.name || checkNameservers(zone, before) !== undefined) continue;
      const finding = checkNameservers(zone, rrsets);
      if (finding !== undefined) refuseOrWarn(finding);
    }
    const { zones } = this.#views;
    const after = namesAfter(zones, (zone, owner) => this.#rrsetsAt(zone, owner));
    for (const finding of leftPointing(zones, this.#mayHaveLost(), after)) {
      // The alias may be of another owner.
      if (!this.#access.hasOwner) refuseOrWarn(finding);
    }
    return warnings;
  }

  /**
   * Returns the names that may have lost their last address: names that lose their records, names that a wildcard
   * answered for, and new names, for which the wildcard no longer answers.
   */
  #mayHaveLost(): Set<Fqdn> {
    const { zones } = this.#views;
    const lost = new Set<Fqdn>();
    const aboveWildcards = new Set<Fqdn>();
    const zonesOfWildcards = new Set<Fqdn>();
    for (const { zone, owner, before, rrsets, changed } of this.#names.values()) {
      const isNew = before.length === 0 && rrsets.length > 0;
      if (!changed || rrsets.some(isAnswer) || !(isNew || before.some(isAnswer))) continue;
      lost.add(owner);
      if (isNew || !isWildcardName(owner)) continue;
      aboveWildcards.add(parentOf(owner) ?? root);
      zonesOfWildcards.add(zone.name);
    }
    if (aboveWildcards.size === 0) return lost;
    const exists = (target: Fqdn) =>
      zonesOfWildcards.values().some((zone) => zones.childrenOf(zone, target) !== undefined);
    for (const target of zones.aliasTargetsBelow(aboveWildcards)) {
      if (lost.size >= maxLost) break;
      // If the name exists, no wildcard answered for it.
      if (!exists(target)) lost.add(target);
    }
    return lost;
  }

  /** Yields the cuts that the names above `owner` will have after the transaction. */
  *#cutsAbove(zone: Zone, owner: Fqdn): Generator<ZoneCut> {
    for (const above of namesAbove(zone.name, owner)) yield* cutsAt(zone.name, above, this.#rrsetsAt(zone, above));
  }

  /** Returns the served zone inside `zone` that contains the name, and so answers for it. */
  #zoneBelow(zone: Zone, owner: Fqdn): ZoneBelow | undefined {
    const name = this.#views.zones.zoneBelow(zone.name, owner);
    if (name === undefined) return undefined;
    return { name, nameservers: this.#rrsetsAt(zone, name).find(({ type }) => type === 'NS')?.records ?? [] };
  }

  /**
   * Refuses a delegation that hides records of hosts, and a DNAME that has any records below it. Returns warnings about
   * other records that the cut hides.
   */
  #hiddenBy(zone: Zone, cut: ZoneCut, pathOf: PathOf): NameFinding[] {
    const warnings: NameFinding[] = [];
    const faults = new Map<Fqdn, NameFinding>();
    for (const owner of this.#views.zones.namesBelow(zone.name, cut.owner)) {
      const edit = this.#startedEdit(zone, owner);
      for (const finding of checkName(zone.name, owner, this.#rrsetsAt(zone, owner), [cut])) {
        // A delegation at the name itself is also a cut. It already hides records of the name.
        if (finding.cut?.owner !== cut.owner || finding.cut.type !== cut.type) continue;
        // If this transaction writes the RRset, check() finds the fault when it checks the RRset's own name.
        if (finding.types.some((type) => edit?.written.has(type))) continue;
        if (finding.code !== undefined) faults.set(owner, finding);
        else if (warnings.length < maxWarnings) warnings.push(finding);
      }
      if (faults.size > maxNamed) break;
    }
    if (faults.size > 0) refuseCut(cut, [...faults.values()], pathOf);
    return warnings;
  }
}

/**
 * Returns the finding about the PTR of a host, for an actor that may see the host but not the zone of the PTR. Names
 * only data of the host.
 */
function unseen({ owner, types, code }: NameFinding): NameFinding {
  const message = `the ${types[0]} of ${owner} cannot stand beside other records of its zone: use "ptr": false`;
  return { owner, types, message, ...(code && { code }) };
}

function refuseFinding(
  { owner, types, message, managedBy, cut }: NameFinding,
  code: NonNullable<NameFinding['code']>,
  pathOf: PathOf,
): never {
  const paths = types.map((type) => pathOf(owner, type)).filter((path) => path !== undefined);
  throw new Refusal(code, message, {
    ...(paths[0] !== undefined && { errors: [{ path: paths[0], message }] }),
    members: { name: owner, types, ...(managedBy && { managedBy }), ...(cut && { cut: shownCut(cut) }) },
  });
}

function refuseCut(cut: ZoneCut, faults: readonly NameFinding[], pathOf: PathOf): never {
  const some = faults.slice(0, maxNamed);
  const names = some.map(({ owner, managedBy }) => (managedBy === undefined ? owner : `${owner} (${managedBy})`));
  const more = faults.length > maxNamed ? ' and more' : '';
  const why = cut.type === 'NS' ? 'names of hosts must be served' : 'nothing can stand below a DNAME (RFC 6672 §2.4)';
  const message = `the ${cut.type} of ${cut.owner} would hide ${names.join(', ')}${more}: ${why}; move or delete them first`;
  const path = pathOf(cut.owner, cut.type as RecordType);
  throw new Refusal('name_hidden', message, {
    ...(path !== undefined && { errors: [{ path, message }] }),
    members: { cut: shownCut(cut), hidden: some.map(({ owner }) => owner) },
  });
}

function shownCut({ owner, type }: ZoneCut) {
  return { name: owner, type };
}
