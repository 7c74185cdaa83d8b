// Writes a host with its addresses and records into a transaction: the difference between the host before and after.
// For a new host, `before` is undefined, or the host that the orphans of its name describe (orphans.ts). For a deleted
// host, `after` is undefined.

import { isDeepStrictEqual } from 'node:util';
import { refuseField } from '../../errors.ts';
import { automaticReverseZone, reverseName } from '../../model/address.ts';
import { type AddressRecord, hostsAmong } from '../../model/allocation.ts';
import { type Host, isSameAddress, recordsOf, sharingOf } from '../../model/host.ts';
import { type Fqdn, isWithin } from '../../model/name.ts';
import { managingHost, type OwnedRrset, type Rrset } from '../../model/rrset.ts';
import { isKnown } from '../../model/unknown.ts';
import type { Zone } from '../../model/zone.ts';
import { hostKey, hostValue } from '../../store/kinds/host.ts';
import { accessOf } from '../access/access.ts';
import { replaceHost, takeAddress } from '../addresses/hold-address.ts';
import { existingHost } from '../reading/existing.ts';
import { foreignMessage } from '../reading/foreign-message.ts';
import type { PathOf } from '../transaction/name-edits.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { type Adoption, howToAdopt, mayAdopt } from './adopt-records.ts';
import { removeEmptyZone, reverseZoneSettings } from './automatic-zone.ts';
import { isOrphanedRecord, requireOrphan } from './orphans.ts';
import { checkSharing, type HostChange, holderOf, ptrHostNow, sharedPtrs } from './shared-address.ts';

/** Returns a {@link PathOf} for a request about this host: the path of the field that makes the owner name. */
export function pathsIn({ name, aliases, addresses }: Pick<Host, 'name' | 'aliases' | 'addresses'>): PathOf {
  return (owner) => {
    if (owner === name) return '/name';
    if (aliases.includes(owner)) return `/aliases/${aliases.indexOf(owner)}`;
    return addresses.some(({ address }) => reverseName(address) === owner) ? '/ptr' : undefined;
  };
}

interface RecordWriting {
  doomed?: Fqdn | undefined;
  adoption?: Adoption | undefined;
  together?: readonly Host[];
}

/**
 * Writes the difference into the transaction. Adds to the builder's refusals: `address_taken`, `name_taken`,
 * `rrset_conflict`, `cname_conflict`, `managed_record` or `zone_not_found`. `doomed`: a zone that will be deleted with
 * all its names. The host's records in that zone need no deletion of their own. `together`: hosts that the transaction
 * has created before this one. They may share its addresses.
 */
export function writeHost(
  builder: TransactionBuilder,
  before: Host | undefined,
  after: Host | undefined,
  more: RecordWriting = {},
): void {
  builder.refusals.try(() => writeHostKey(builder, before, after));
  writeAddresses(builder, before, after);
  writeRecords(builder, [{ before, after }], more);
}

/** Writes hosts that have exchanged addresses. The transaction has the new holders of these addresses already. */
export function writeExchanged(builder: TransactionBuilder, changes: readonly HostChange[]): void {
  for (const { before, after } of changes) builder.refusals.try(() => writeHostKey(builder, before, after));
  writeRecords(builder, changes, {});
}

/** Deletes the records that the hosts no longer have, then writes the others: a host may get the PTR of another one. */
function writeRecords(
  builder: TransactionBuilder,
  changes: readonly HostChange[],
  { doomed, adoption, together = [] }: RecordWriting,
): void {
  const isDoomed = (owner: Fqdn) => doomed !== undefined && builder.zoneAround(owner)?.name === doomed;
  const shared = sharedPtrs(builder, changes);
  const recordsIn = (host: Host) =>
    recordsOf(host, 0).filter(({ owner, rrset }) => rrset.type !== 'PTR' || !shared.has(owner));
  const created = together.map((host) => ({ before: undefined, after: host }));
  const removed: Fqdn[] = [...shared.keys()];
  for (const { before, after } of changes) {
    if (before === undefined) continue;
    const wanted = after === undefined ? [] : recordsIn(after);
    const left = recordsIn(before).filter(
      (record) => !wanted.some((other) => isSamePlace(record, other)) && !isDoomed(record.owner),
    );
    for (const record of left) removeRecord(builder, before, record);
    removed.push(...left.map(({ owner }) => owner));
  }
  for (const { before, after } of changes) {
    if (after === undefined) continue;
    for (const record of recordsIn(after)) {
      builder.refusals.try(() => addRecord(builder, before, after, record, adoption));
    }
  }
  for (const [owner, record] of shared) {
    if (!isDoomed(owner))
      builder.refusals.try(() => writeSharedPtr(builder, [...changes, ...created], record, adoption));
  }
  for (const owner of removed) removeEmptyZone(builder, owner);
}

function isSamePlace(a: OwnedRrset, b: OwnedRrset): boolean {
  return a.owner === b.owner && a.rrset.type === b.rrset.type;
}

function writeHostKey(builder: TransactionBuilder, before?: Host, after?: Host): void {
  if (before !== undefined && before.name !== after?.name) {
    builder.delete(hostKey(before.name), existingHost(builder, before.name).modified);
  }
  if (after === undefined) return;
  const same = before?.name === after.name ? builder.views.hosts.get(after.name) : undefined;
  builder.putValue<'host'>(hostKey(after.name), hostValue, { host: after.name }, after, same);
}

function writeAddresses(builder: TransactionBuilder, before?: Host, after?: Host): void {
  const old = before?.addresses ?? [];
  const wanted = after?.addresses ?? [];
  if (before !== undefined) {
    const left = old.filter((one) => !wanted.some((other) => isSameAddress(one, other)));
    for (const address of left) replaceHost(builder, address, before.name);
  }
  if (after === undefined) return;
  // An unchanged address is written too if the name, the owner or the sharing of its host changes, or if a new host
  // takes over an orphan. The compare of the address proves that nobody else has taken it.
  const isNew = () => !isKnown(after.name) || builder.views.hosts.get(after.name) === undefined;
  for (const [index, choice] of wanted.entries()) {
    builder.refusals.try(() => {
      const path = `/addresses/${index}`;
      const holder = holderOf(after, choice);
      const same = old.find((other) => isSameAddress(choice, other));
      checkSharing(builder, before, after, choice, path);
      if (same === undefined) {
        const { address, space, givenBy } = choice;
        takeAddress(builder, { address, space, givenBy }, holder, path);
      } else if (before !== undefined) {
        const changed = !isDeepStrictEqual(sharingOf(same), sharingOf(choice));
        if (changed || before.owner !== after.owner || isNew()) replaceHost(builder, choice, before.name, holder);
      }
    });
  }
}

/**
 * Writes the PTR of a shared address: it belongs to one of the hosts ({@link ptrHost}), and passes to another when that
 * one leaves or no longer wants it.
 */
function writeSharedPtr(
  builder: TransactionBuilder,
  changes: readonly HostChange[],
  record: AddressRecord,
  adoption: Adoption | undefined,
): void {
  const { address, holders } = record;
  const host = ptrHostNow(builder, changes, record);
  const owner = reverseName(address);
  const change = changes.find(({ after }) => after !== undefined && after === host);
  if (host !== undefined && change !== undefined) {
    const sharers = hostsAmong(holders);
    const others = changes.flatMap(({ before }) => before?.name ?? []);
    const ptr = recordsOf(host, 0).find((one) => one.owner === owner && one.rrset.type === 'PTR');
    if (ptr !== undefined) addRecord(builder, change.before, host, ptr, adoption, [...sharers, ...others]);
    return;
  }
  // The PTR of another host stays. That of a changed host passes on, or is deleted.
  const zone = builder.zoneAround(owner);
  const stands = zone && builder.rrsetsAt(zone, owner).find(({ type }) => type === 'PTR');
  if (zone === undefined || stands === undefined) return;
  const isOurs = ({ before, after }: HostChange) =>
    isManagedBy(owner, stands, before?.name) || isManagedBy(owner, stands, after?.name);
  if (!changes.some(isOurs)) return;
  if (host === undefined) builder.deleteRrset(zone, owner, 'PTR');
  else builder.putRrset(zone, owner, { ...stands, records: [`${host.name}.`], ttl: host.ttl ?? zone.defaultTtl });
}

/**
 * Deletes a record of the host. Does nothing if its zone does not exist, or if the host manages no such record there.
 */
function removeRecord(builder: TransactionBuilder, host: Host, { owner, rrset }: OwnedRrset): void {
  const zone = builder.zoneAround(owner);
  if (zone === undefined) return;
  const stands = builder.rrsetsAt(zone, owner).find(({ type }) => type === rrset.type);
  if (stands !== undefined && isManagedBy(owner, stands, host.name)) builder.deleteRrset(zone, owner, rrset.type);
}

/**
 * Writes a record of the host. Deletes orphans at its name. Refuses if another RRset at the name conflicts with it.
 * `sharers`: hosts whose PTR the host may take over.
 */
function addRecord(
  builder: TransactionBuilder,
  before: Host | undefined,
  after: Host,
  { owner, rrset }: OwnedRrset,
  adoption: Adoption | undefined,
  sharers: readonly Fqdn[] = [],
): void {
  // hostFrom has already refused a host that is its own alias.
  if (owner === after.name && rrset.type === 'CNAME') return;
  const zone = zoneFor(builder, after, owner);
  for (const stands of builder.rrsetsAt(zone, owner)) {
    if (isManagedBy(owner, stands, before?.name) || isManagedBy(owner, stands, after.name)) continue;
    if (stands.type === 'PTR' && sharers.some((sharer) => isManagedBy(owner, stands, sharer))) continue;
    if (adoption === 'asked' && mayAdopt(rrset, stands)) continue;
    // The record of a host that this transaction writes too is no orphan, although the views do not have the host.
    const isOfThis = stands.manager === 'host' && builder.writes(hostKey(managingHost(owner, stands)));
    if (isOfThis || !isOrphanedRecord(builder, owner, stands)) {
      refuseConflict(builder, after, owner, rrset, stands, adoption);
      continue;
    }
    requireOrphan(builder, managingHost(owner, stands));
    builder.deleteRrset(zone, owner, stands.type);
  }
  builder.putRrset(zone, owner, { ...rrset, ttl: after.ttl ?? zone.defaultTtl });
}

/**
 * Returns the zone for a record of the host. If no zone contains the owner name, creates an automatic zone for a
 * reverse name, and refuses with `zone_not_found` for the host's name or an alias. Refuses with `forwarder_conflict` if
 * that automatic zone is forwarded.
 */
function zoneFor(builder: TransactionBuilder, host: Host, owner: Fqdn): Zone {
  const stands = builder.zoneAround(owner);
  if (stands !== undefined) return stands;
  const index = host.addresses.findIndex((one) => isWithin(owner, automaticReverseZone(one.address)));
  const address = host.addresses[index]?.address;
  const automatic = address === undefined ? undefined : automaticReverseZone(address);
  const created = automatic && builder.createdZone(automatic);
  if (created !== undefined) return created;
  if (automatic === undefined) {
    const path = owner === host.name ? '/name' : `/aliases/${host.aliases.indexOf(owner)}`;
    refuseField('zone_not_found', path, `no zone covers ${owner}: create one first (POST /v1/zones)`);
  }
  const zone = reverseZoneSettings(automatic, builder.zoneAround(host.name)?.skydns);
  builder.createZone(zone, `/addresses/${index}`, 'write no PTR: use "ptr": false here');
  return zone;
}

function isManagedBy(owner: Fqdn, rrset: Rrset, host: Fqdn | undefined): boolean {
  return rrset.manager === 'host' && managingHost(owner, rrset) === host;
}

/**
 * Refuses if the wanted RRset and an existing RRset at its name have the same type, or if one of them is a CNAME. Names
 * the host that manages the existing RRset only if the actor may see that host.
 */
function refuseConflict(
  builder: TransactionBuilder,
  host: Host,
  owner: Fqdn,
  wanted: Rrset,
  stands: Rrset,
  adoption?: Adoption,
): void {
  const isAlias = wanted.type === 'CNAME';
  const path = isAlias ? `/aliases/${host.aliases.indexOf(owner)}` : '/name';
  const manager = stands.manager === 'host' ? managingHost(owner, stands) : undefined;
  const isSeen = manager !== undefined && maySeeHost(builder, manager);
  const managedBy = isSeen && { managedBy: `host:${manager}` };
  const theHost = isSeen ? `host ${manager}` : 'another host';
  if (manager !== undefined && (isAlias || stands.type === 'CNAME')) {
    refuseField('name_taken', path, `${owner} belongs to ${theHost}`, { name: owner, ...managedBy });
  }
  const isOfOthers = stands.manager === 'skydns' && builder.views.skydns.prefix !== undefined;
  if (isOfOthers && (isAlias || stands.type === 'CNAME' || stands.type === wanted.type))
    refuseForeign(owner, stands, isAlias ? path : wanted.type === 'PTR' ? '/ptr' : path, builder);
  const adopting = howToAdopt(adoption, wanted, stands);
  if (isAlias || stands.type === 'CNAME') {
    const ways = ['delete it first', ...adopting].join(', or ');
    const message =
      isAlias && stands.type === 'CNAME'
        ? `${owner} has a CNAME record that no host manages: ${ways}`
        : `${owner} has ${stands.type} records: a CNAME and other records cannot share a name`;
    refuseField('cname_conflict', path, message, { name: owner });
  }
  if (stands.type !== wanted.type) return;
  const about = { name: owner, type: stands.type, ...managedBy };
  if (wanted.type !== 'PTR') {
    const ways = ['delete them first', ...adopting].join(', or ');
    const message = `${owner} has ${stands.type} records that no host manages: ${ways}`;
    refuseField('rrset_conflict', path, message, about);
  }
  // Only its host can delete a managed PTR.
  const ways = [
    manager === undefined ? 'delete it' : `it belongs to ${theHost}: change that host`,
    'use "ptr": false here',
    ...adopting,
  ];
  refuseField(
    'rrset_conflict',
    '/ptr',
    `${owner} has a PTR record already: ${ways.slice(0, -1).join(', ')}, or ${ways.at(-1)}`,
    about,
  );
}

/** Refuses because of records that others wrote into the SkyDNS layout. */
function refuseForeign(owner: Fqdn, stands: Rrset, path: string, builder: TransactionBuilder): never {
  const zone = builder.zoneAround(owner)?.name ?? owner;
  const message = foreignMessage(owner, stands, zone);
  refuseField('managed_record', path, message, { name: owner, type: stands.type, managedBy: 'skydns' });
}

function maySeeHost(builder: TransactionBuilder, name: Fqdn): boolean {
  const access = accessOf(builder);
  const host = builder.views.hosts.get(name)?.value;
  return host === undefined ? access.isWhole : access.hasHost(host);
}
