// Builds the transaction of one decision: its compares and operations, each key at most once. Adds the compares that
// every write of a zone or a name needs. Every change that users can see is built here: test/repo/store-commits.test.ts
// lists the files that commit without the builder. The edits of names and the checks of their RRsets: name-edits.ts.

import { isDeepStrictEqual } from 'node:util';
import { refuse } from '../../errors.ts';
import type { AuditEvent, Fields } from '../../model/audit-event.ts';
import { ancestry, type Fqdn, parentOf } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import { maxTypes, type Rrset } from '../../model/rrset.ts';
import { newState, settingsOf } from '../../model/skydns/state.ts';
import type { Zone } from '../../model/zone.ts';
import { flushKey } from '../../store/kinds/flush.ts';
import { forwarderKey } from '../../store/kinds/forwarder.ts';
import { importKey } from '../../store/kinds/import.ts';
import { nameValue } from '../../store/kinds/name.ts';
import { serialKey } from '../../store/kinds/serial.ts';
import { skydnsStateKey, skydnsStateValue } from '../../store/kinds/skydns.ts';
import type { KindName, Subject, Value } from '../../store/kinds/stored-kind.ts';
import { zoneKey, zoneKind, zoneValue } from '../../store/kinds/zone.ts';
import { type Compare, maxOperations, type Operation } from '../../store/store.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { Views } from '../../views/views.ts';
import { accessOf } from '../access/access.ts';
import type { Actor } from '../access/actor.ts';
import { Refusals } from '../input/refusals.ts';
import { auditedDecision } from './audit/audited-decision.ts';
import { checkWrites } from './check-writes.ts';
import { Decision, type DecisionContext, maxDecisionOperations, type Standing } from './decision.ts';
import { type NameEdit, NameEdits, type PathOf, type Warning } from './name-edits.ts';
import { maxSkydnsKeys, refuseIfLong, type SkydnsChange, skydnsChanges } from './skydns-changes.ts';
import { comparedKey, writtenKey } from './transaction-keys.ts';
import type { WrittenValue } from './written-value.ts';

/** A transaction that is being built, with the context of its decision. Functions that write take only the builder. */
export class TransactionBuilder implements DecisionContext {
  readonly actor: Actor;
  readonly views: Views;
  readonly claimed: DecisionContext['claimed'];
  readonly free: DecisionContext['free'];
  readonly now: number;
  readonly skydnsKeys: DecisionContext['skydnsKeys'];
  readonly line: DecisionContext['line'];
  /** The faults of the request found so far. {@link build} throws them together. */
  readonly refusals: Refusals;
  readonly #compares = new Map<string, Compare>();
  readonly #operations = new Map<string, Operation>();
  readonly #values = new Map<string, WrittenValue>();
  readonly #names: NameEdits;
  /** The zones that this transaction creates. Their keys do not exist yet, so they cannot be compared. */
  readonly #created = new Map<Fqdn, Zone>();
  /** The results of {@link zoneAround}. */
  readonly #around = new Map<Fqdn, Zone>();
  /** The numbers of RRsets that an import changes, by the key of its zone. */
  readonly #imports = new Map<string, Fields>();
  readonly #told: AuditEvent[] = [];
  readonly #takenOver = new Set<string>();
  /** The keys of possible zones between a created zone and its enclosing zone. These keys must not exist. */
  readonly #enclosing = new Set<string>();

  /** Refuses with `forbidden` an actor that may not write. */
  constructor({ actor, views, claimed, free, now, skydnsKeys, line, refusals = new Refusals() }: DecisionContext) {
    const access = accessOf({ actor, views });
    access.needRole('operator');
    this.actor = actor;
    this.views = views;
    this.claimed = claimed;
    this.free = free;
    this.now = now;
    this.skydnsKeys = skydnsKeys;
    this.line = line;
    this.refusals = refusals;
    this.#names = new NameEdits(views, access);
  }

  /** Adds a compare. The transaction is committed only if all compares hold. */
  require(compare: Compare): this {
    this.#compares.set(comparedKey(compare), compare);
    return this;
  }

  /** Requires that the key was not written after the revision `modified`. */
  requireUnchanged(key: string, modified: Revision): this {
    return this.require({ kind: 'modified', key, revision: modified });
  }

  requireAbsent(key: string): this {
    return this.require({ kind: 'absent', key });
  }

  /** Requires that no key below the prefix was written after the revision. */
  requireQuiet(prefix: string, since: Revision): this {
    return this.require({ kind: 'quiet', prefix, since });
  }

  /**
   * Writes a key. Requires that the key was last written at the revision `before`; if `before` is undefined, that the
   * key does not exist. Writes nothing if `standing`, the key's value in the views, equals `value`: then the compare
   * proves that the key still has this value (test/control/unchanged-writes.test.ts).
   */
  put(key: string, value: string, before: Revision | undefined, standing?: string): this {
    if (before === undefined) this.requireAbsent(key);
    else this.requireUnchanged(key, before);
    if (before !== undefined && standing !== undefined && isSame(value, standing)) {
      this.#operations.delete(key);
      this.#values.delete(key);
      return this;
    }
    return this.addUnchecked({ kind: 'put', key, value });
  }

  /** Writes a value as {@link put} does. `before`: the key's value in the views, if there is one. */
  putValue<Name extends KindName>(
    key: string,
    codec: { encode: (value: Value<Name>) => string },
    subject: Subject<Name>,
    value: Value<Name>,
    before: Versioned<Value<Name>> | undefined,
  ): this {
    this.put(key, codec.encode(value), before?.modified, before && codec.encode(before.value));
    if (this.writes(key)) this.#values.set(key, { subject, before: before?.value, value });
    return this;
  }

  delete(key: string, modified: Revision): this {
    return this.requireUnchanged(key, modified).deleteUnchecked(key);
  }

  /** Deletes a key without a compare. The key need not exist. */
  deleteUnchecked(key: string): this {
    return this.addUnchecked({ kind: 'delete', key });
  }

  deletePrefix(prefix: string): this {
    return this.addUnchecked({ kind: 'delete-prefix', prefix });
  }

  /**
   * Adds an operation without a compare of its own. Another compare of this transaction must prove that it is right.
   */
  addUnchecked(operation: Operation): this {
    const key = writtenKey(operation);
    this.#operations.set(key, operation);
    this.#values.delete(key);
    return this;
  }

  /**
   * Returns whether this transaction has an operation on the key. Always returns false for the key of a name, because
   * {@link build} adds the operations on names.
   */
  writes(key: string): boolean {
    return this.#operations.has(key);
  }

  /** Returns the operation of this transaction on the key; undefined if there is none. See {@link writes}. */
  operationOn(key: string): Operation | undefined {
    return this.#operations.get(key);
  }

  /** Returns what this transaction writes to the key with {@link putValue}; undefined if it does not. */
  valueAt(key: string): WrittenValue | undefined {
    return this.#values.get(key);
  }

  /** Notes that this transaction ends an import of the zone. The zone's audit event has these numbers of RRsets. */
  noteImport(zone: Fqdn, rrsets: object): this {
    this.#imports.set(zoneKey(zone), { ...rrsets });
    return this;
  }

  /**
   * Notes how many names of a zone that this transaction deletes move to another zone with all their RRsets. The zone's
   * audit event does not count them.
   */
  noteMoved(zone: Fqdn, names: number): this {
    this.#names.noteMoved(zone, names);
    return this;
  }

  /** Adds an audit event that does not follow from an operation. */
  tell(event: AuditEvent): this {
    this.#told.push(event);
    return this;
  }

  /** Ends an import of a deleted zone: deletes the lock of the import. */
  endImport(zone: Fqdn): this {
    return this.deleteUnchecked(importKey(zone));
  }

  /**
   * Creates a zone. The same transaction may write names into it. Requires that nobody else creates a zone between the
   * new zone and its enclosing zone in the views, because the new zone could hide names of such a zone
   * (test/control/races.test.ts). Refuses with `forwarder_conflict` if an admin has written a forwarder of that name.
   * `path`: the field of the request that needs the zone. `otherWay`: what the request can do without deleting the
   * forwarder.
   */
  createZone(zone: Zone, path?: string, otherWay = 'take another name'): this {
    this.#requireNoForwarder(zone.name, path, otherWay);
    this.#created.set(zone.name, zone);
    const parent = parentOf(zone.name);
    for (const enclosing of parent === undefined ? [] : ancestry(parent)) {
      if (this.views.zones.get(enclosing) !== undefined) break;
      this.#enclosing.add(zoneKey(enclosing));
    }
    this.beginSkydns(zone);
    return this.put(zoneKey(zone.name), zoneValue.encode(zone), undefined).touchZone(zone.name);
  }

  /**
   * Refuses if there is a forwarder of this name: a name cannot belong to a zone and to a forwarder. If the forwarder
   * follows a stub zone, does not refuse but deletes the forwarder.
   */
  #requireNoForwarder(zone: Fqdn, path: string | undefined, otherWay: string): void {
    const current = this.views.forwarders.get(zone);
    if (current === undefined) {
      this.requireAbsent(forwarderKey(zone));
    } else if (current.value.stubZoneOf !== undefined) {
      this.deleteForwarder(zone, current.modified);
    } else {
      const wayOut = `delete that forwarder first (DELETE /v1/forwarders/${zone}), or ${otherWay}`;
      refuse('forwarder_conflict', `the zone ${zone} is forwarded to other servers: ${wayOut}`, { zone }, path);
    }
  }

  /**
   * Writes the first SkyDNS state of a zone that gets `skydns`. Because of this state, the leader clears the
   * zone's keys later, even if the zone is deleted.
   */
  beginSkydns(zone: Zone): void {
    const { name, skydns } = zone;
    if (!skydns || this.views.skydns.states.has(name)) return;
    const state = newState(name, settingsOf(zone), this.views.zones.counts(name).names);
    this.addUnchecked({ kind: 'put', key: skydnsStateKey(name), value: skydnsStateValue.encode(state) });
  }

  /** Deletes a forwarder, and the key by which its caches were last emptied. */
  deleteForwarder(zone: Fqdn, modified: Revision): this {
    return this.delete(forwarderKey(zone), modified).deleteUnchecked(flushKey(zone));
  }

  /** Returns the closest zone that contains the name, as the views have it. */
  zoneAround(name: Fqdn): Zone | undefined {
    const known = this.#around.get(name);
    if (known !== undefined) return known;
    const zone = this.views.zones.enclosing(name)?.value;
    if (zone !== undefined) this.#around.set(name, zone);
    return zone;
  }

  /** Returns the zone of that name if this transaction creates it. */
  createdZone(name: Fqdn): Zone | undefined {
    return this.#created.get(name);
  }

  /**
   * Changes the zone's serial, because the zone's answers change. Does nothing if this transaction deletes the serial.
   */
  touchZone(zone: Fqdn): this {
    const key = serialKey(zone);
    if (this.#operations.get(key)?.kind !== 'delete') this.addUnchecked({ kind: 'put', key, value: '' });
    return this;
  }

  /** Returns the RRsets at a name, with the changes that this transaction has made before this call. */
  rrsetsAt(zone: Zone, owner: Fqdn): readonly Rrset[] {
    return this.#names.editAt(zone, owner).rrsets;
  }

  /** Writes one RRset. It replaces the RRset of the same type. */
  putRrset(zone: Zone, owner: Fqdn, rrset: Rrset): this {
    const edit = this.#names.editAt(zone, owner);
    edit.rrsets = [...edit.rrsets.filter(({ type }) => type !== rrset.type), rrset];
    edit.changed = true;
    edit.written.add(rrset.type);
    return this;
  }

  deleteRrset(zone: Zone, owner: Fqdn, type: string): this {
    const edit = this.#names.editAt(zone, owner);
    edit.rrsets = edit.rrsets.filter((rrset) => rrset.type !== type);
    edit.changed = true;
    edit.written.delete(type);
    return this;
  }

  /** Returns whether so many more keys fit into the transaction, with its present compares, operations and names. */
  hasRoom(keys: number): boolean {
    const edits = [...this.#names].filter(([, { changed }]) => changed);
    const zones = [...new Set(edits.map(([, { zone }]) => zone.name))];
    const serials = zones.filter((zone) => !this.#operations.has(serialKey(zone))).length;
    const compared = zones.filter((zone) => !this.#compares.has(zoneKey(zone))).length;
    const taken = Math.max(this.#operations.size + serials, this.#compares.size + compared);
    const skydns = edits.reduce((sum, [, edit]) => sum + maxSkydnsKeys(this.views, edit), 0);
    return taken + edits.length + skydns + keys <= maxDecisionOperations;
  }

  /** Returns how many owner names this transaction adds to the zone, minus the names that it deletes. */
  namesAdded(zone: Zone): number {
    return this.#names.addedTo(zone.name);
  }

  /**
   * Returns the decision. Refuses with the faults in `refusals` and the faults of {@link NameEdits.check} together.
   * Also refuses a name with too many RRsets, and as {@link checkWrites} does.
   */
  build<T>(result: T, pathOf?: PathOf): Decision<T> {
    return this.buildWith(() => result, pathOf);
  }

  /** Does the same as {@link build}, for a result that includes the warnings about the written names. */
  buildWith<T>(resultOf: (warnings: Warning[]) => T, pathOf: PathOf = () => undefined): Decision<T> {
    const warnings = this.#names.check(pathOf, this.refusals);
    const skydns = [...this.#names].flatMap(([, edit]) => skydnsChanges(this, edit, pathOf));
    this.refusals.throwIfAny();
    for (const [key, edit] of this.#names) this.#writeName(key, edit);
    for (const change of skydns) this.#changeSkydns(change);
    this.#requireNoneEnclosing();
    if (skydns.length > 0) refuseIfLong(this.#operations.size, this.#compares.size, skydns);
    const transaction = { compares: [...this.#compares.values()], operations: [...this.#operations.values()] };
    checkWrites(
      this,
      transaction.operations,
      [...this.#names].map(([, edit]) => edit),
    );
    const audited = auditedDecision(this, {
      operations: this.#operations,
      values: this.#values,
      names: this.#names,
      imports: this.#imports,
      told: this.#told,
    });
    return new Decision(resultOf(warnings), transaction, audited);
  }

  /**
   * Requires that the zones of `#enclosing` do not exist. If the transaction has no room for so many compares, requires
   * that no zone at all was written since the views were read: this loses more races.
   */
  #requireNoneEnclosing(): void {
    const fits = this.#compares.size + this.#enclosing.size <= maxOperations;
    if (fits) for (const key of this.#enclosing) this.requireAbsent(key);
    else this.requireQuiet(zoneKind.prefix, this.views.revision);
  }

  /** Takes over a key that others wrote into the SkyDNS layout: deletes it, or writes our value of the name there. */
  takeOver(key: string, modified: Revision): this {
    this.#takenOver.add(key);
    return this.delete(key, modified);
  }

  /** Returns whether this transaction takes the key over from others. */
  takesOver(key: string): boolean {
    return this.#takenOver.has(key);
  }

  #changeSkydns({ key, operation, proof }: SkydnsChange): void {
    if (!this.takesOver(key)) this.require(proof);
    if (operation !== undefined) this.addUnchecked(operation);
  }

  #writeName(key: string, edit: NameEdit): void {
    const { zone, owner, modified, rrsets, changed } = edit;
    if (!changed) return;
    if (rrsets.length > maxTypes) {
      refuse('record_invalid', `${owner} would have ${rrsets.length} record types; at most ${maxTypes} are allowed`, {
        name: owner,
      });
    }
    const current = this.views.zones.get(zone.name);
    if (!this.#created.has(zone.name) && current !== undefined) {
      this.requireUnchanged(zoneKey(zone.name), current.modified);
    }
    const encoded = (all: readonly Rrset[]) =>
      nameValue.encode({ name: owner, rrsets: [...all].sort((a, b) => (a.type < b.type ? -1 : 1)) });
    const value = encoded(rrsets);
    const standing = edit.before.length > 0 ? encoded(edit.before) : undefined;
    if (value !== standing) this.touchZone(zone.name);
    if (this.#names.newCuts(edit).length > 0) this.#requireNothingHidden(zone.name);
    if (rrsets.length > 0) this.put(key, value, modified || undefined, standing);
    else if (modified > 0) this.delete(key, modified);
  }

  /**
   * Requires that no name was added to the zone since the views were read, because a new delegation or DNAME hides the
   * names below it. The compare of the zone's serial proves that. Also writes the unchanged zone again, so that a
   * request that is about to add a name loses the race and decides again (test/control/zone-cuts.test.ts).
   */
  #requireNothingHidden(zone: Fqdn): void {
    const current = this.views.zones.get(zone);
    if (current === undefined) return;
    this.put(zoneKey(zone), zoneValue.encode(current.value), current.modified);
    this.requireUnchanged(serialKey(zone), this.views.zones.changedAt(zone));
  }
}

/**
 * Returns the revision that last wrote the resource, as `standingSince`, if the transaction does not write its key.
 * Otherwise returns an empty object.
 */
export function standingSince(builder: TransactionBuilder, key: string, current?: Versioned<unknown>): Standing {
  return current === undefined || builder.writes(key) ? {} : { standingSince: current.modified };
}

/** Returns whether two encoded values are equal. The order of an object's fields has no meaning. */
function isSame(a: string, b: string): boolean {
  return a === b || (a.length === b.length && isDeepStrictEqual(JSON.parse(a), JSON.parse(b)));
}
