// Use case: the records that others wrote into the SkyDNS layout at one name become RRsets of the zone, managed by
// `skydns`. Every replica serves them from the revision of this transaction on. The transaction also has the zone's
// serial and the audit event. If an RRset of ours conflicts with an RRset of others, ours stays.

import { isDeepStrictEqual } from 'node:util';
import type { Fqdn } from '../../model/name.ts';
import type { ForeignValue } from '../../model/skydns/foreign-records.ts';
import { type ForeignFault, foreignRrsets, splitRrsets } from '../../model/skydns/foreign-rrsets.ts';
import type { Committer } from '../transaction/commit.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { commitMirrored } from './commit-mirrored.ts';

/** A name of a zone, with all values of others there. */
interface ForeignName {
  zone: Fqdn;
  owner: Fqdn;
  values: readonly ForeignValue[];
}

/**
 * Makes RRsets of the values and writes them at the name. Deletes RRsets for which others no longer have a value. In a
 * zone without `skydns`, deletes all RRsets of others at the name. Result: the values that are not served.
 */
function decideMirrorName(
  context: DecisionContext,
  { zone: name, owner, values }: ForeignName,
): Decision<ForeignFault[]> {
  const zone = context.views.zones.get(name)?.value;
  if (zone === undefined) return noChange([]);
  const { theirs: before, ownTypes } = splitRrsets(context.views.zones.name(name, owner).rrsets);
  const { rrsets, faults } = foreignRrsets({ zone: name, owner, ownTypes }, zone.skydns ? values : []);
  if (isDeepStrictEqual(before, rrsets)) return noChange(faults);
  const builder = new TransactionBuilder(context);
  for (const { type } of before) {
    if (!rrsets.some((rrset) => rrset.type === type)) builder.deleteRrset(zone, owner, type);
  }
  for (const rrset of rrsets) {
    const standing = before.find(({ type }) => type === rrset.type);
    if (!isDeepStrictEqual(rrset, standing)) builder.putRrset(zone, owner, rrset);
  }
  return builder.build(faults);
}

/** Commits {@link decideMirrorName} with {@link commitMirrored}. Resolves with the values that are not served. */
export function mirrorName(committer: Committer, name: ForeignName): Promise<ForeignFault[]> {
  const keys = name.values.map(({ key }) => key);
  return commitMirrored(committer, keys, (context) => decideMirrorName(context, name));
}
