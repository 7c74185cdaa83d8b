// Derives from one revision of the store what changed for users: resources, with their values before and after. Uses
// only the values of the keys before and after, not who wrote them. So the result is the same at every replica, without
// a ledger, and when the revision is read again later (test/control/resource-changes.test.ts).

import { isDeepStrictEqual } from 'node:util';
import type { Address } from '../../model/address.ts';
import type { AddressRecord, Holder } from '../../model/allocation.ts';
import type { AuditedAction, AuditedResource } from '../../model/audit-event.ts';
import type { Forwarder } from '../../model/forwarder.ts';
import type { Host } from '../../model/host.ts';
import { unlessInvalid } from '../../model/invalid-value.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Pool } from '../../model/pool.ts';
import type { RecordType } from '../../model/rdata/record-types.ts';
import type { CompanyResolver } from '../../model/resolver.ts';
import { managingHost, type NamedRrsets, type Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { addressKind } from '../../store/kinds/address.ts';
import { forwarderKind } from '../../store/kinds/forwarder.ts';
import { hostKey, hostKind } from '../../store/kinds/host.ts';
import { nameKind } from '../../store/kinds/name.ts';
import { poolKind } from '../../store/kinds/pool.ts';
import { resolverKind } from '../../store/kinds/resolver.ts';
import { serialKey, serialKind } from '../../store/kinds/serial.ts';
import type { KindName, StoredKind, Subject, Value } from '../../store/kinds/stored-kind.ts';
import { type StoredToken, tokenKind } from '../../store/kinds/token.ts';
import { zoneKey, zoneKind } from '../../store/kinds/zone.ts';
import type { Change, StoreEvent } from '../../store/store.ts';
import { holderPrefixes, resourceOf } from '../reading/holder-rules.ts';

/** A resource that a revision changed. A value is undefined if there is none, or if it cannot be read. */
export interface Changed<Resource extends AuditedResource, Id, Value> {
  readonly resource: Resource;
  readonly action: AuditedAction;
  readonly id: Id;
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/** A change of one resource. The records and addresses of a host are part of the host's change. */
export type ResourceChange =
  | Changed<'host', Fqdn, Host>
  | Changed<'pool', string, Pool>
  | Changed<'zone', Fqdn, Zone>
  | Changed<'rrset', { zone: Fqdn; owner: Fqdn; type: RecordType }, Rrset>
  | Changed<'allocation', { space: string; address: Address }, AddressRecord>
  | Changed<'token', string, StoredToken>
  | Changed<'resolver', string, CompanyResolver>
  | Changed<'forwarder', Fqdn, Forwarder>;

/** A key of one kind that the revision put or deleted. */
interface WrittenKey<Name extends KindName> {
  event: StoreEvent;
  subject: Subject<Name>;
  /** Returns the values before and after. A value is undefined if there is none, or if it cannot be read. */
  values(): { before: Value<Name> | undefined; after: Value<Name> | undefined };
}

interface Rule<Name extends KindName> {
  kind: StoredKind<Name>;
  changes(written: WrittenKey<Name>, revision: Revised): ResourceChange[];
}

/** For each kind of key, how its changes become changes of resources. `unseen`: users see no change. */
const rules: { readonly [Name in KindName]: Rule<Name> | 'unseen' } = {
  host: { kind: hostKind, changes: (written) => ofValue('host', written.subject.host, written) },
  pool: { kind: poolKind, changes: (written) => ofValue('pool', written.subject.pool, written) },
  zone: { kind: zoneKind, changes: zoneChanges },
  token: { kind: tokenKind, changes: (written) => ofValue('token', written.subject.token, written) },
  resolver: { kind: resolverKind, changes: (written) => ofValue('resolver', written.subject.resolver, written) },
  forwarder: { kind: forwarderKind, changes: (written) => ofValue('forwarder', written.subject.zone, written) },
  name: { kind: nameKind, changes: rrsetChanges },
  address: { kind: addressKind, changes: allocationChanges },
  serial: 'unseen',
  skydns: 'unseen',
  renumbering: 'unseen',
  import: 'unseen',
  idempotency: 'unseen',
  member: 'unseen',
  activity: 'unseen',
  offset: 'unseen',
  outbox: 'unseen',
  ledger: 'unseen',
  leader: 'unseen',
  flush: 'unseen',
};

const byPrefix: ReadonlyMap<string, Rule<KindName>> = new Map(
  Object.values(rules).flatMap((rule) =>
    rule === 'unseen' ? [] : [[rule.kind.prefix, rule as unknown as Rule<KindName>] as const],
  ),
);

/** The limit for events in one slice: the deletion of a large zone has a million events. */
const slice = 1000;
/** The limit for the characters of values in one slice: a patch of RRsets may have megabytes. */
const maxCharacters = 64_000;

/**
 * Returns the changes of a revision. Its events must have the earlier values of the keys. Yields after each slice
 * (test/control/change-slices.test.ts).
 */
export function* resourceChanges({ events }: Change): Generator<void, ResourceChange[]> {
  const revised = new Revised(events);
  const changes: ResourceChange[] = [];
  let characters = 0;
  for (const [index, event] of events.entries()) {
    if (index % slice === slice - 1 || characters >= maxCharacters) {
      characters = 0;
      yield;
    }
    changes.push(...changesOf(event, revised));
    characters += (event.previous?.value.length ?? 0) + (event.kind === 'put' ? event.entry.value.length : 0);
  }
  return changes;
}

function changesOf(event: StoreEvent, revised: Revised): ResourceChange[] {
  const key = keyOf(event);
  const rule = byPrefix.get(prefixOf(key));
  const subject = rule?.kind.parse(key);
  if (rule === undefined || subject === undefined) return [];
  const values = () => valuesOf(rule.kind, subject, event);
  return rule.changes({ event, subject, values }, revised);
}

/** The prefixes of the keys of which some rules need the other writes of the revision. */
const needed = new Set([...holderPrefixes, zoneKind.prefix, serialKind.prefix]);

/** The other writes of the revision, which some rules need. */
class Revised {
  /** Those of {@link needed}. */
  readonly #events = new Map<string, StoreEvent>();

  constructor(events: readonly StoreEvent[]) {
    for (const event of events) if (needed.has(prefixOf(keyOf(event)))) this.#events.set(keyOf(event), event);
  }

  writes(key: string | undefined): boolean {
    return key !== undefined && this.#events.has(key);
  }

  writesHost(host: Fqdn): boolean {
    return this.writes(hostKey(host));
  }

  /**
   * Returns whether users see a change of names in this generation. They do if the revision put the zone's serial:
   * imports and cleanings write names of other generations without that. If the revision changes the zone's generation,
   * or deletes the zone, the zone's own change covers its names.
   */
  showsNames(zone: Fqdn, generation: number): boolean {
    if (this.#events.get(serialKey(zone))?.kind !== 'put') return false;
    const event = this.#events.get(zoneKey(zone));
    if (event === undefined) return true;
    const { before, after } = valuesOf(zoneKind, { zone }, event);
    return after?.generation === generation && (before === undefined || before.generation === generation);
  }
}

function prefixOf(key: string): string {
  return key.slice(0, key.indexOf('/') + 1);
}

function keyOf(event: StoreEvent): string {
  return event.kind === 'put' ? event.entry.key : event.key;
}

function valuesOf<Name extends KindName>(kind: StoredKind<Name>, subject: Subject<Name>, event: StoreEvent) {
  const read = (text: string | undefined): Value<Name> | undefined => {
    return text === undefined ? undefined : unlessInvalid(() => kind.read(subject, text));
  };
  return { before: read(event.previous?.value), after: read(event.kind === 'put' ? event.entry.value : undefined) };
}

/** Returns the change of a resource that is the value of one key; none if the new value is equal or unreadable. */
function ofValue<Resource extends AuditedResource, Id, Name extends KindName>(
  resource: Resource,
  id: Id,
  { event, values }: WrittenKey<Name>,
): Changed<Resource, Id, Value<Name>>[] {
  const { before, after } = values();
  if (event.kind === 'delete') return [{ resource, action: 'deleted', id, before, after }];
  if (after === undefined || isDeepStrictEqual(before, after)) return [];
  return [{ resource, action: event.previous === undefined ? 'created' : 'changed', id, before, after }];
}

function zoneChanges(written: WrittenKey<'zone'>): ResourceChange[] {
  return ofValue('zone', written.subject.zone, written).map((change) => {
    const { before, after } = change;
    const isImport = before !== undefined && after !== undefined && before.generation !== after.generation;
    return isImport ? { ...change, action: 'imported' } : change;
  });
}

/** Returns the changes of RRsets, without RRsets of hosts that the revision writes: the host's change covers them. */
function rrsetChanges({ subject, values }: WrittenKey<'name'>, revised: Revised): ResourceChange[] {
  const { zone, generation, owner } = subject;
  if (!revised.showsNames(zone, generation)) return [];
  const isTold = (rrset: Rrset) => rrset.manager !== 'host' || !revised.writesHost(managingHost(owner, rrset));
  const { before, after } = values();
  // When the PTR of a shared address passes from one of its hosts to another, one change shows both.
  const ptrs = [before, after].flatMap((value) =>
    (value?.rrsets ?? []).filter(({ type, manager }) => type === 'PTR' && manager === 'host'),
  );
  const passes = ptrs.length === 2 && ptrs.some(isTold);
  const isShown = (rrset: Rrset) => isTold(rrset) || (passes && ptrs.includes(rrset));
  const told = (value: NamedRrsets | undefined) =>
    new Map((value?.rrsets ?? []).filter(isShown).map((rrset) => [rrset.type, rrset]));
  const [old, now] = [told(before), told(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((type) =>
    between('rrset', { zone, owner, type }, old.get(type), now.get(type)),
  );
}

/**
 * Returns the change of an address; none if it has no holders before and after. Holders whose own resource the revision
 * writes do not count, unless the address also has other holders.
 */
function allocationChanges({ subject, values }: WrittenKey<'address'>, revised: Revised): ResourceChange[] {
  const told = (record: AddressRecord | undefined): AddressRecord | undefined => {
    const isTold = (holder: Holder) => !revised.writes(resourceOf(holder)?.keyOf(holder));
    return record?.holders.some(isTold) ? record : undefined;
  };
  const { before, after } = values();
  return between('allocation', subject, told(before), told(after));
}

/** Returns the change from one value to the other; none if they are equal. */
function between<Resource extends AuditedResource, Id, Value>(
  resource: Resource,
  id: Id,
  before: Value | undefined,
  after: Value | undefined,
): Changed<Resource, Id, Value>[] {
  if (isDeepStrictEqual(before, after)) return [];
  const action = before === undefined ? 'created' : after === undefined ? 'deleted' : 'changed';
  return [{ resource, action, id, before, after }];
}
