// Use case: the records that others wrote into the SkyDNS layout at one name become RRsets of the zone, managed by
// `skydns`. Every replica serves them from the revision of this transaction on. The transaction also has the zone's
// serial and the audit event. If one of our own RRsets conflicts with these, ours stays.

import { isDeepStrictEqual } from 'node:util';
import { type ErrorCode, Refusal } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import type { ForeignValue } from '../../model/skydns/foreign-records.ts';
import { type ForeignFault, foreignRrsets, splitRrsets } from '../../model/skydns/foreign-rrsets.ts';
import type { Actor } from '../access/actor.ts';
import { type Committer, NotServed } from '../transaction/commit.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

/** A name of a zone, with all values of others there. */
interface ForeignName {
  zone: Fqdn;
  owner: Fqdn;
  values: readonly ForeignValue[];
}

/**
 * Writes the RRsets of the values at the name, and deletes RRsets that others no longer have. In a zone without
 * `skydns`, deletes all RRsets of others at the name. Result: the values that are not served.
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

/** The actor that audit events of these changes name. */
const actor: Actor = { kind: 'system', part: 'skydns' };
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['contended', 'store_unavailable']);

/**
 * Commits {@link decideMirrorName}. Resolves with the values that are not served. If the decision is refused, these are
 * all values of the name. Rejects if another attempt may succeed.
 */
export async function mirrorName(committer: Committer, name: ForeignName): Promise<ForeignFault[]> {
  try {
    return (await committer.commit(actor, (context) => decideMirrorName(context, name))).result;
  } catch (error) {
    if (!(error instanceof Refusal) || error instanceof NotServed || passing.has(error.code)) throw error;
    return name.values.map(({ key }) => ({ key, reason: error.message }));
  }
}
