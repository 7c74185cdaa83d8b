// Use case: RRsets of a zone are written and deleted, all of them or none.

import { isDeepStrictEqual } from 'node:util';
import { refuse, refuseField } from '../../errors.ts';
import { type Fqdn, isWithin } from '../../model/name.ts';
import type { RecordType } from '../../model/rdata/record-types.ts';
import { isReverse } from '../../model/reverse-tree.ts';
import { managerOf, managingHost, type OwnedRrset, type Rrset } from '../../model/rrset.ts';
import { known, unknownValue } from '../../model/unknown.ts';
import type { Zone } from '../../model/zone.ts';
import { serialKey } from '../../store/kinds/serial.ts';
import { accessOf } from '../access/access.ts';
import { movePtrs } from '../hosts/move-ptrs.ts';
import { isOrphanedRecord, requireOrphan } from '../hosts/orphans.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { checkReadOnly } from '../input/read-only.ts';
import { existingZone } from '../reading/existing.ts';
import { foreignMessage } from '../reading/foreign-message.ts';
import { zonePath } from '../reading/resource-path.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import type { Warning } from '../transaction/name-edits.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { servedRrsetsAt } from './list-rrsets.ts';
import { rrsetTag } from './rrset-tag.ts';

/** A change of one RRset. `rrset`: the RRset to write; undefined deletes it. */
export interface RrsetChange {
  owner: Fqdn;
  type: RecordType;
  rrset: (Omit<Rrset, 'ttl' | 'manager'> & { ttl?: number }) | undefined;
  /** The path of the owner name in the request. */
  path: string;
  /** `value`: the manager in the request, which the RRset must have. `at`: the path of the RRset in the request. */
  managedBy?: { at: string; value: string };
  /** A probable mistake in how the records were written. */
  warning?: string;
}

/**
 * The result. `rrsets`: the written RRsets. `created`: for a single change, true if the name had no RRset of this type
 * before, neither one of a user nor one that the zone's settings imply.
 */
interface RrsetsChanged {
  rrsets: OwnedRrset[];
  created: boolean;
  warnings: Warning[];
}

interface RrsetsWanted {
  zone: Fqdn;
  changes: readonly RrsetChange[];
  /** The precondition for each RRset. */
  precondition?: Precondition;
  /**
   * The precondition for all records of the zone together. The tag of all records is the revision of the zone's last
   * change.
   */
  zonePrecondition?: Precondition;
  /** True: refuses with `not_found` the deletion of an RRset that does not exist. Otherwise ignores such a deletion. */
  mustExist?: boolean;
}

/**
 * Writes and deletes RRsets. Overwrites or deletes orphans with a warning. Refuses with `not_found`, `outside_zone`,
 * `record_invalid` or `precondition_failed`. Refuses with `managed_record` the change of an RRset of a host or of
 * others, and the deletion of an RRset that the zone's settings imply. Refuses as {@link TransactionBuilder.build}
 * does.
 */
export function decideChangeRrsets(context: DecisionContext, wanted: RrsetsWanted): Decision<RrsetsChanged> {
  const { changes, precondition = {}, mustExist = false } = wanted;
  const { value: zone } = existingZone(context, wanted.zone);
  accessOf(context).needNoOwner('records');
  const builder = new TransactionBuilder(context);
  if (wanted.zonePrecondition?.match !== undefined || wanted.zonePrecondition?.create === true) {
    const changedAt = context.views.zones.changedAt(zone.name);
    builder.refusals.try(() => checkPrecondition(wanted.zonePrecondition ?? {}, entityTag(changedAt)));
    builder.requireUnchanged(serialKey(zone.name), changedAt);
  }
  const rrsets: OwnedRrset[] = [];
  const noted: Warning[] = [];
  let created = false;
  let isComplete = true;
  const write = (change: RrsetChange) => {
    const { path, warning } = change;
    const [owner, type, rrset] = [known(change.owner), known(change.type), change.rrset];
    let kept: OwnedRrset | undefined;
    const readKept = () => {
      kept = managedAlready(builder, zone, change, precondition);
    };
    if (builder.refusals.refuses(readKept)) return;
    if (kept !== undefined) {
      rrsets.push(kept);
      return;
    }
    if (builder.refusals.refuses(() => checkPlace(zone, owner, type, path))) return;
    const stands = builder.rrsetsAt(zone, owner).find((other) => other.type === type);
    const shown = stands ?? impliedAt(context, zone, owner, type);
    builder.refusals.try(() => checkRrset(precondition, shown));
    // If this store has no layout, the zone is from a backup of etcd. Others cannot change their records here, so users
    // may.
    if (stands?.manager === 'skydns' && context.views.skydns.prefix !== undefined) {
      builder.refusals.refuses(() => refuseForeign(zone, owner, stands), path);
      return;
    }
    if (stands?.manager === 'host') {
      const isOrphan = isOrphanedRecord(context, owner, stands);
      if (!isOrphan && builder.refusals.refuses(() => refuseManaged(owner, stands), path)) return;
      const host = managingHost(owner, stands);
      requireOrphan(builder, host);
      const message = `the ${type} records of ${owner} belonged to host:${host}, which does not exist or does not have them`;
      noted.push({ owner, types: [type], message });
    }
    known(rrset);
    if (rrset !== undefined) {
      const written: Rrset = { type, ttl: rrset.ttl ?? zone.defaultTtl, records: rrset.records };
      builder.putRrset(zone, owner, written);
      rrsets.push({ owner, rrset: written });
      if (warning !== undefined) noted.push({ owner, types: [type], message: warning });
      created = shown === undefined;
    } else if (stands !== undefined) builder.deleteRrset(zone, owner, type);
    else if (shown !== undefined) builder.refusals.refuses(() => refuseImplied(owner, type, zone), path);
    else if (mustExist) builder.refusals.try(() => refuseMissing(owner, type));
  };
  for (const change of changes) {
    if (builder.refusals.refuses(() => write(change))) isComplete = false;
  }
  for (const { owner, type } of changes)
    if (isComplete && type === 'CNAME' && isReverse(owner)) builder.refusals.try(() => movePtrs(builder, owner));
  // `buildWith` checks all records together. If one change is unknown, it is not called.
  if (!isComplete) builder.refusals.need(() => known(unknownValue));
  return builder.buildWith(
    (warnings) => ({ rrsets, created, warnings: [...noted, ...warnings] }),
    (owner, type) => changes.find((one) => one.owner === owner && one.type === type && one.rrset !== undefined)?.path,
  );
}

/**
 * Returns the current RRset if the request has the same records and the same `managedBy`: then nothing changes.
 * Otherwise returns undefined. Refuses with `precondition_failed` if the request names another manager.
 */
function managedAlready(
  builder: TransactionBuilder,
  zone: Zone,
  { owner, type, rrset, managedBy }: RrsetChange,
  precondition: Precondition,
): OwnedRrset | undefined {
  if (managedBy === undefined || !isWithin(owner, zone.name)) return undefined;
  const shown = servedRrsetsAt(builder.views, zone, owner).find((one) => one.type === type);
  checkReadOnly({ managedBy: managedBy.value }, shown && { managedBy: managerOf(owner, shown) }, managedBy.at);
  if (shown === undefined || rrset === undefined) return undefined;
  const [ttl, records] = [known(rrset.ttl), known(rrset.records)];
  const isSame = (ttl ?? shown.ttl) === shown.ttl && isDeepStrictEqual(records, shown.records);
  if (!isSame) return undefined;
  checkRrset(precondition, shown);
  // Put the same RRset again: the builder writes nothing, but adds the compare which proves that it is unchanged.
  const stored = builder.rrsetsAt(zone, owner).find((one) => one.type === type);
  if (stored !== undefined) builder.putRrset(zone, owner, stored);
  return { owner, rrset: shown };
}

/** Checks a precondition of an RRset. Makes the RRset's tag only if needed: this may take a millisecond. */
function checkRrset(precondition: Precondition, rrset: Rrset | undefined): void {
  if (precondition.match === undefined && precondition.create !== true) return;
  checkPrecondition(precondition, rrset && rrsetTag(rrset));
}

function checkPlace(zone: Zone, owner: Fqdn, type: RecordType, path: string): void {
  if (!isWithin(owner, zone.name)) refuseField('outside_zone', path, `${owner} is not in zone ${zone.name}`);
  if (type === 'SOA') {
    refuseField(
      'record_invalid',
      path,
      `the SOA comes from the zone's settings: PATCH ${zonePath(zone.name)} with "soa"`,
    );
  }
}

/** Refuses to read or delete an RRset that does not exist. */
export function refuseMissing(owner: Fqdn, type: RecordType): never {
  refuse('not_found', `${owner} has no ${type} records`, { name: owner, rrsetType: type }, ':name');
}

/**
 * Returns the RRset of this type that the zone's settings imply at this name. Users see it, and may replace it by an
 * RRset of their own.
 */
function impliedAt({ views }: DecisionContext, zone: Zone, owner: Fqdn, type: RecordType): Rrset | undefined {
  return views.zones.implied(zone.name).find((one) => one.owner === owner && one.rrset.type === type)?.rrset;
}

function refuseImplied(owner: Fqdn, type: RecordType, zone: Zone): never {
  refuse(
    'managed_record',
    `the ${type} records of ${owner} come from the settings of zone ${zone.name}: change those, or write your own`,
    { managedBy: 'zone' },
  );
}

function refuseForeign(zone: Zone, owner: Fqdn, stands: Rrset): never {
  refuse('managed_record', foreignMessage(owner, stands, zone.name), { managedBy: 'skydns' });
}

function refuseManaged(owner: Fqdn, stands: Rrset): never {
  const managedBy = `host:${managingHost(owner, stands)}`;
  refuse('managed_record', `the ${stands.type} records of ${owner} belong to ${managedBy}: change the host`, {
    managedBy,
  });
}
