// Derives the audit events of a decision from its operations: compares each written value that users see with the value
// in the views. The compares of the decision prove that the views were right (test/control/audit-histories.test.ts).

import type { AddressRecord, Holder } from '../../../model/allocation.ts';
import type { AddressUse, AuditActor, AuditEvent, AuditedDecision, Fields } from '../../../model/audit-event.ts';
import type { Fqdn } from '../../../model/name.ts';
import { addressKind } from '../../../store/kinds/address.ts';
import { hostKey } from '../../../store/kinds/host.ts';
import { poolKey, poolValue } from '../../../store/kinds/pool.ts';
import type { KindName, Value } from '../../../store/kinds/stored-kind.ts';
import type { Operation } from '../../../store/store.ts';
import type { Actor } from '../../access/actor.ts';
import { resourceOf } from '../../reading/holder-rules.ts';
import type { DecisionContext } from '../decision.ts';
import type { NameEdits } from '../name-edits.ts';
import type { WrittenValue } from '../written-value.ts';
import { type AddressChange, addressUses, allocationEvent } from './address-changes.ts';
import { type AuditedKind, auditedKinds } from './audited-kinds.ts';
import { eventOf } from './event-of.ts';
import { rrsetEvents } from './rrset-changes.ts';

interface Written {
  /** By the key that an operation writes. */
  operations: ReadonlyMap<string, Operation>;
  /** By the key: the values of some of the operations. */
  values: ReadonlyMap<string, WrittenValue>;
  names: NameEdits;
  /** By the key of a zone: how many RRsets its import adds, changes, deletes, and leaves as they are. */
  imports: ReadonlyMap<string, Fields>;
  /** Events that do not follow from an operation. */
  told: readonly AuditEvent[];
}

const kinds: ReadonlyMap<string, AuditedKind<KindName>> = new Map(
  Object.values(auditedKinds).flatMap((kind) =>
    typeof kind === 'string' ? [] : [[kind.kind.prefix, kind as unknown as AuditedKind<KindName>] as const],
  ),
);

/** Returns the events and the uses of a decision; undefined if it has neither. */
export function auditedDecision(context: DecisionContext, written: Written): AuditedDecision | undefined {
  const events: AuditEvent[] = [...written.told];
  const uses: AddressUse[] = [];
  const tellsOf = (host: Fqdn) => written.operations.has(hostKey(host));
  const tellsOfHolder = (holder: Holder) => {
    const key = resourceOf(holder)?.keyOf(holder);
    return key !== undefined && written.operations.has(key);
  };
  for (const operation of written.operations.values()) {
    // An operation on a prefix deletes the names of a deleted zone. The event of the zone counts them.
    if (operation.kind === 'delete-prefix') continue;
    const { key } = operation;
    const prefix = key.slice(0, key.indexOf('/') + 1);
    const kind = kinds.get(prefix);
    const event = kind && resourceEvent(context, written, kind, operation);
    if (event !== undefined) events.push(event);
    if (prefix !== addressKind.prefix) continue;
    const change = addressChange(context, written.values.get(key) as WrittenValue<'address'> | undefined, operation);
    const { pools } = context.views;
    const allocated = allocationEvent(change, tellsOfHolder, (space, address) => pools.poolNameAt(space, address));
    if (allocated !== undefined) events.push(allocated);
    const { space, address } = change.after ?? change.before ?? {};
    const pool = space === undefined || address === undefined ? null : pools.poolIdAt(space, address);
    uses.push(...addressUses(change, pool));
  }
  // Names of a pending generation are not among these edits, because no user sees them yet.
  const hostOf = (host: Fqdn) => context.views.hosts.get(host)?.value;
  const isHidden = (zone: Fqdn, owner: Fqdn) => context.views.zones.zoneBelow(zone, owner) !== undefined;
  for (const [, edit] of written.names) if (edit.changed) events.push(...rrsetEvents(edit, tellsOf, hostOf, isHidden));
  return events.length + uses.length === 0 ? undefined : { actor: auditActor(context.actor), events, uses };
}

type KeyOperation = Exclude<Operation, { kind: 'delete-prefix' }>;

/**
 * Returns the value that the operation writes. It needs no check, because this process has just encoded it. A value
 * beside another one is read from its text: as the store has it, the two can be compared.
 */
function writtenValue(operation: KeyOperation, known: WrittenValue | undefined): unknown {
  if (operation.kind === 'delete') return undefined;
  return known !== undefined && known.before === undefined ? known.value : JSON.parse(operation.value);
}

function resourceEvent(
  { views }: DecisionContext,
  { operations, names, imports, values }: Written,
  { resource, kind, nameOf, standing, shows, keeps, named, deletes }: AuditedKind<KindName>,
  operation: KeyOperation,
): AuditEvent | undefined {
  const known = values.get(operation.key);
  const subject = known?.subject ?? kind.parse(operation.key);
  if (subject === undefined) return undefined;
  const poolNamed = (id: string) => {
    const created = operations.get(poolKey(id));
    return views.pools.byId(id)?.value.name ?? (created?.kind === 'put' ? poolValue.decode(created.value).name : id);
  };
  const shown = (value: Value<KindName> | undefined): Fields | undefined => {
    if (value === undefined) return undefined;
    const fields: Record<string, unknown> = {};
    for (const [field, one] of Object.entries(named?.(views, value, poolNamed) ?? value))
      if (shows[field as keyof typeof shows]) fields[field] = one;
    return fields;
  };
  const stands = known === undefined ? standing(views, subject) : known.before;
  const written = writtenValue(operation, known) as Value<KindName> | undefined;
  const name = nameOf(subject, written ?? stands);
  const [before, after] = [shown(stands), shown(written)];
  if (operation.kind === 'delete') {
    // The views do not have an unreadable value. The compare of the deletion proves that the key exists.
    const fields = before === undefined ? { unreadable: true } : { ...before, ...deletes?.(names, subject) };
    return { resource, action: 'deleted', name, before: fields, after: null };
  }
  const event = eventOf(resource, name, before, after, keeps);
  const rrsets = imports.get(operation.key);
  if (rrsets === undefined) return event;
  return { resource, action: 'imported', name, before: event?.before ?? {}, after: { ...event?.after, rrsets } };
}

function addressChange(
  { views, now }: DecisionContext,
  known: WrittenValue<'address'> | undefined,
  operation: KeyOperation,
): AddressChange {
  const place = known?.subject ?? addressKind.parse(operation.key);
  const before = known === undefined ? place && views.pools.address(place.space, place.address)?.value : known.before;
  const isCooling = before?.state === 'released' && (views.pools.coolDownEnd(before) ?? now) > now;
  return { before, after: writtenValue(operation, known) as AddressRecord | undefined, isCooling };
}

function auditActor(actor: Actor): AuditActor {
  if (actor.kind === 'system') return { kind: 'system', id: actor.part, name: actor.part };
  const { kind, id, name, request } = actor;
  return { kind, id, name, ...(request && { from: request.from, requestId: request.id, request: request.what }) };
}
