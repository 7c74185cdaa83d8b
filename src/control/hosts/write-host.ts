// The one place where a host becomes addresses and records: from what it was to what it shall be, within one transaction.
// Creating has no before, deleting no after.

import { refuse, refuseField } from '../../errors.ts';
import { automaticReverseZone } from '../../model/address.ts';
import type { Holder } from '../../model/allocation.ts';
import { type Host, type HostAddress, recordsOf } from '../../model/host.ts';
import { type Fqdn, isWithin } from '../../model/name.ts';
import { managingHost, type OwnedRrset, type Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { hostKey } from '../../store/keys.ts';
import { hostValue } from '../../store/values.ts';
import { replaceHost, takeAddress } from '../addresses/hold-address.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import { existingHost } from '../transaction/existing.ts';
import type { PointerOf } from '../transaction/name-edits.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { isAbandonedRecord, proveAbandoned } from './abandoned.ts';
import { removeEmptyZone, reverseZoneSettings } from './automatic-zone.ts';

/** Where a host's record comes from in the request that writes the host. */
export function pointerIn({ name, aliases }: Pick<Host, 'name' | 'aliases'>): PointerOf {
  return (owner) => {
    if (owner === name) return '/name';
    return aliases.includes(owner) ? `/aliases/${aliases.indexOf(owner)}` : undefined;
  };
}

/**
 * Writes the difference into the transaction. Refuses with `name_taken`, `rrset_conflict`, `cname_conflict`, `zone_not_found`. `going`: a zone that is about to
 * be deleted with all its records, into which nothing is written any more.
 */
export function writeHost(
  context: DecisionContext,
  builder: TransactionBuilder,
  before: Host | undefined,
  after: Host | undefined,
  going?: Fqdn,
): void {
  writeHostKey(context, builder, before, after);
  writeAddresses(context, builder, before, after);
  const old = before === undefined ? [] : recordsOf(before, 0);
  const wanted = after === undefined ? [] : recordsOf(after, 0);
  const isGoing = (owner: Fqdn) => going !== undefined && context.views.zones.enclosing(owner)?.value.name === going;
  const left = old.filter((record) => !wanted.some((other) => isSamePlace(record, other)) && !isGoing(record.owner));
  for (const record of left) removeRecord(context, builder, before as Host, record);
  if (after !== undefined) for (const record of wanted) addRecord(context, builder, before, after, record);
  for (const { owner } of left) removeEmptyZone(context, builder, owner);
}

function isSamePlace(a: OwnedRrset, b: OwnedRrset): boolean {
  return a.owner === b.owner && a.rrset.type === b.rrset.type;
}

function writeHostKey(context: DecisionContext, builder: TransactionBuilder, before?: Host, after?: Host): void {
  if (before !== undefined && before.name !== after?.name) {
    builder.delete(hostKey(before.name), existingHost(context, before.name).modified);
  }
  if (after === undefined) return;
  const same = before?.name === after.name ? context.views.hosts.get(after.name) : undefined;
  builder.put(hostKey(after.name), hostValue.encode(after), same?.modified);
}

function writeAddresses(context: DecisionContext, builder: TransactionBuilder, before?: Host, after?: Host): void {
  const old = before?.addresses ?? [];
  const wanted = after?.addresses ?? [];
  if (before !== undefined) {
    const left = old.filter((one) => !wanted.some((other) => isSameAddress(one, other)));
    for (const address of left) replaceHost(context, builder, address, before.name);
  }
  if (after === undefined) return;
  const holder: Holder = { kind: 'host', host: after.name, owner: after.owner };
  // A host that is made again from what it left behind proves that this is still its own.
  const isNew = context.views.hosts.get(after.name) === undefined;
  for (const [index, choice] of wanted.entries()) {
    if (!old.some((other) => isSameAddress(choice, other))) {
      takeAddress(context, builder, choice, holder, `/addresses/${index}`);
    } else if (before !== undefined && (isNew || before.owner !== after.owner)) {
      replaceHost(context, builder, choice, before.name, holder);
    }
  }
}

function isSameAddress(a: HostAddress, b: HostAddress): boolean {
  return a.address === b.address && a.space === b.space;
}

/** A zone that was deleted with its records has none to remove. */
function removeRecord(
  { views }: DecisionContext,
  builder: TransactionBuilder,
  host: Host,
  { owner, rrset }: OwnedRrset,
): void {
  const zone = views.zones.enclosing(owner)?.value;
  if (zone === undefined) return;
  const stands = builder.rrsetsAt(zone, owner).find(({ type }) => type === rrset.type);
  if (stands !== undefined && isManagedBy(owner, stands, host.name)) builder.deleteRrset(zone, owner, rrset.type);
}

function addRecord(
  context: DecisionContext,
  builder: TransactionBuilder,
  before: Host | undefined,
  after: Host,
  { owner, rrset }: OwnedRrset,
): void {
  const zone = zoneFor(context, builder, after, owner);
  for (const stands of builder.rrsetsAt(zone, owner)) {
    const ours = isManagedBy(owner, stands, before?.name) || isManagedBy(owner, stands, after.name);
    if (ours) continue;
    if (!isAbandonedRecord(context, owner, stands)) {
      refuseConflict(after, owner, rrset, stands);
      continue;
    }
    proveAbandoned(context, builder, managingHost(owner, stands));
    builder.deleteRrset(zone, owner, stands.type);
  }
  builder.putRrset(zone, owner, { ...rrset, ttl: after.ttl ?? zone.defaultTtl });
}

/** The zone that a record goes into; a reverse zone is made where none covers the address. */
function zoneFor({ views }: DecisionContext, builder: TransactionBuilder, host: Host, owner: Fqdn): Zone {
  const address = host.addresses.find((one) => isWithin(owner, automaticReverseZone(one.address)))?.address;
  const automatic = address === undefined ? undefined : automaticReverseZone(address);
  const known = views.zones.enclosing(owner)?.value ?? (automatic && builder.createdZone(automatic));
  if (known !== undefined) return known;
  if (automatic === undefined) {
    const pointer = owner === host.name ? '/name' : `/aliases/${host.aliases.indexOf(owner)}`;
    refuseField('zone_not_found', pointer, `no zone covers ${owner}: make one first (POST /v1/zones)`);
  }
  const zone = reverseZoneSettings(automatic);
  builder.createZone(zone);
  return zone;
}

function isManagedBy(owner: Fqdn, rrset: Rrset, host: Fqdn | undefined): boolean {
  return rrset.manager === 'host' && managingHost(owner, rrset) === host;
}

/** What already stands at a name where the host wants a record: refused if the two cannot be told apart or live together. */
function refuseConflict(host: Host, owner: Fqdn, wanted: Rrset, stands: Rrset): void {
  const isAlias = wanted.type === 'CNAME';
  const pointer = isAlias ? `/aliases/${host.aliases.indexOf(owner)}` : '/name';
  if (stands.manager === 'host' && (isAlias || stands.type === 'CNAME')) {
    const manager = managingHost(owner, stands);
    refuseField('name_taken', pointer, `${owner} belongs to host ${manager}`);
  }
  if (isAlias || stands.type === 'CNAME') {
    refuse('cname_conflict', `${owner} has ${stands.type} records: a CNAME and other records cannot share a name`, {
      name: owner,
    });
  }
  if (stands.type !== wanted.type) return;
  refuse(
    'rrset_conflict',
    wanted.type === 'PTR'
      ? `${owner} has a PTR record already: delete it, or create the host with "ptr": false`
      : `${owner} has ${stands.type} records that no host manages: delete them first`,
    { name: owner, type: stands.type },
  );
}
