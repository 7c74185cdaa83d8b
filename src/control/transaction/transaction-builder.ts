// Builds the transaction of one decision: what must still be true, and what is written; no key twice. Adds the compares that every write of a zone or
// a name needs, so that no decision can forget them. What may stand at a name, and how its edits become one: name-edits.ts.

import { refuse } from '../../errors.ts';
import { ancestry, type Fqdn, parentOf } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import { greatestTypes, type Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { importKey, prefixes, serialKey, zoneKey } from '../../store/keys.ts';
import { type Compare, maxOperations, type Operation, type Transaction } from '../../store/store.ts';
import { nameValue, zoneValue } from '../../store/values.ts';
import type { Views } from '../../views/views.ts';
import { type NameEdit, NameEdits, type PointerOf } from './name-edits.ts';
import type { Warning } from './warning.ts';

export class TransactionBuilder {
  readonly #views: Views;
  readonly #compares = new Map<string, Compare>();
  readonly #operations = new Map<string, Operation>();
  readonly #names: NameEdits;
  /** Zones that this transaction creates: nothing to compare yet. */
  readonly #created = new Map<Fqdn, Zone>();
  /** Keys of zones that would stand around a created one, and must not exist. */
  readonly #around = new Set<string>();

  constructor(views: Views) {
    this.#views = views;
    this.#names = new NameEdits(views);
  }

  /** The key must be as it was read. */
  unchanged(key: string, modified: Revision): this {
    this.#compares.set(key, { kind: 'modified', key, revision: modified });
    return this;
  }

  /** There must be no such key. */
  absent(key: string): this {
    this.#compares.set(key, { kind: 'absent', key });
    return this;
  }

  /** No key below the prefix was written since the revision. */
  quiet(prefix: string, since: Revision): this {
    this.#compares.set(prefix, { kind: 'quiet', prefix, since });
    return this;
  }

  /** Writes a key: a new one when `before` is undefined, or over what was read. */
  put(key: string, value: string, before: Revision | undefined): this {
    this.#compares.set(
      key,
      before === undefined ? { kind: 'absent', key } : { kind: 'modified', key, revision: before },
    );
    this.#operations.set(key, { kind: 'put', key, value });
    return this;
  }

  delete(key: string, modified: Revision): this {
    this.unchanged(key, modified);
    this.#operations.set(key, { kind: 'delete', key });
    return this;
  }

  /** Deletes a key whatever stands there, if anything does. */
  drop(key: string): this {
    this.#operations.set(key, { kind: 'delete', key });
    return this;
  }

  /** The zone goes: whoever writes another generation of it stops. */
  endImport(zone: Fqdn): this {
    return this.drop(importKey(zone));
  }

  deletePrefix(prefix: string): this {
    this.#operations.set(prefix, { kind: 'delete-prefix', prefix });
    return this;
  }

  /**
   * Makes a zone that this transaction may write names into at once. Proves that no zone stands around it but the one that the view
   * shows: whoever makes a zone has to see whose names it would hide (test/control/stale-views.test.ts).
   */
  createZone(zone: Zone): this {
    this.#created.set(zone.name, zone);
    const parent = parentOf(zone.name);
    for (const around of parent === undefined ? [] : ancestry(parent)) {
      if (this.#views.zones.get(around) !== undefined) break;
      this.#around.add(zoneKey(around));
    }
    return this.put(zoneKey(zone.name), zoneValue.encode(zone), undefined).touchZone(zone.name);
  }

  /** A zone that this transaction creates, as if it were there already. */
  createdZone(name: Fqdn): Zone | undefined {
    return this.#created.get(name);
  }

  /** What the zone answers changes: its serial does too. */
  touchZone(zone: Fqdn): this {
    const key = serialKey(zone);
    if (this.#operations.get(key)?.kind !== 'delete') this.#operations.set(key, { kind: 'put', key, value: '' });
    return this;
  }

  /** The RRsets at a name as this transaction leaves them so far. */
  rrsetsAt(zone: Zone, owner: Fqdn): readonly Rrset[] {
    return this.#names.at(zone, owner).rrsets;
  }

  /** Writes one RRset, over the one of its type. */
  putRrset(zone: Zone, owner: Fqdn, rrset: Rrset): this {
    const edit = this.#names.at(zone, owner);
    edit.rrsets = [...edit.rrsets.filter(({ type }) => type !== rrset.type), rrset];
    edit.changed = true;
    edit.written.add(rrset.type);
    return this;
  }

  deleteRrset(zone: Zone, owner: Fqdn, type: string): this {
    const edit = this.#names.at(zone, owner);
    edit.rrsets = edit.rrsets.filter((rrset) => rrset.type !== type);
    edit.changed = true;
    edit.written.delete(type);
    return this;
  }

  /** Whether so many keys more fit into the transaction beside those that its names will take. */
  hasRoom(keys: number): boolean {
    const edits = [...this.#names].filter(([, { changed }]) => changed);
    const zones = [...new Set(edits.map(([, { zone }]) => zone.name))];
    const serials = zones.filter((zone) => !this.#operations.has(serialKey(zone))).length;
    const compared = zones.filter((zone) => !this.#compares.has(zoneKey(zone))).length;
    const taken = Math.max(this.#operations.size + serials, this.#compares.size + compared);
    return taken + edits.length + keys <= maxOperations;
  }

  /** How many owner names of the zone this transaction adds, less those it takes away. */
  namesAdded(zone: Zone): number {
    let added = 0;
    for (const [, edit] of this.#names) {
      if (edit.zone.name === zone.name) added += Number(edit.rrsets.length > 0) - Number(edit.modified > 0);
    }
    return added;
  }

  /** The transaction, and what is odd about the names that it writes. Refuses what may not stand there (model/check-name.ts). */
  build(pointerOf: PointerOf = () => undefined): Transaction & { warnings: Warning[] } {
    const warnings = this.#names.check(pointerOf);
    for (const [key, edit] of this.#names) this.#writeName(key, edit);
    this.#proveNothingAround();
    return { compares: [...this.#compares.values()], operations: [...this.#operations.values()], warnings };
  }

  /** One compare for each zone that must not be; where they are too many, one for all zones, which loses more races. */
  #proveNothingAround(): void {
    if (this.#compares.size + this.#around.size > maxOperations) this.quiet(prefixes.zones, this.#views.revision);
    else for (const key of this.#around) this.#compares.set(key, { kind: 'absent', key });
  }

  #writeName(key: string, edit: NameEdit): void {
    const { zone, owner, modified, rrsets, changed } = edit;
    if (!changed) return;
    if (rrsets.length > greatestTypes) {
      refuse(
        'record_invalid',
        `${owner} would have ${rrsets.length} record types; at most ${greatestTypes} are allowed`,
        { name: owner },
      );
    }
    const known = this.#views.zones.get(zone.name);
    if (!this.#created.has(zone.name) && known !== undefined) this.unchanged(zoneKey(zone.name), known.modified);
    this.touchZone(zone.name);
    if (this.#names.newCuts(edit).length > 0) this.#proveNothingHidden(zone.name);
    if (rrsets.length > 0) {
      const sorted = [...rrsets].sort((a, b) => (a.type < b.type ? -1 : 1));
      this.put(key, nameValue.encode({ name: owner, rrsets: sorted }), modified || undefined);
    } else if (modified > 0) this.delete(key, modified);
  }

  /**
   * Whoever writes a delegation or a DNAME has to see every name below it: the serial's compare says that none came. Writing the zone again makes those decide
   * anew who were about to put a name there (test/control/zone-cuts.test.ts).
   */
  #proveNothingHidden(zone: Fqdn): void {
    const known = this.#views.zones.get(zone);
    if (known === undefined) return;
    this.put(zoneKey(zone), zoneValue.encode(known.value), known.modified);
    this.unchanged(serialKey(zone), this.#views.zones.serial(zone));
  }
}
