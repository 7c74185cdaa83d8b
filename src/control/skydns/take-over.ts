// Use cases: records that others wrote into the SkyDNS layout become records of the zone's users, and ownership records
// that external-dns left behind are deleted. Each name is one transaction, which also deletes the keys of others or
// writes our values there. A repeated call takes over only what others still have.

import { isDeepStrictEqual } from 'node:util';
import { type ErrorCode, Refusal, refuse } from '../../errors.ts';
import { BoundedWork } from '../../model/bounded-work.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import type { Rrset } from '../../model/rrset.ts';
import type { ForeignValue } from '../../model/skydns/foreign-records.ts';
import { foreignRrsets, splitRrsets } from '../../model/skydns/foreign-rrsets.ts';
import type { SkydnsFault } from '../../model/skydns/state.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { accessOf } from '../access/access.ts';
import type { Actor, Asking } from '../access/actor.ts';
import { existingZone } from '../reading/existing.ts';
import type { Committer } from '../transaction/commit.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { isOwnership, orphansIn } from './ownership.ts';
import { type ForeignZone, readForeign } from './read-foreign.ts';

interface TakeOverPlaces {
  store: Store;
  views: Views;
  committer: Committer;
}

/** The result. `adopted`: how many RRsets became ours. `dropped`: how many ownership values were deleted. */
export interface TakenOver {
  adopted: number;
  dropped: number;
  /** The names that stay as they are, each with the reason. */
  left: SkydnsFault[];
  /** The revision at which the result is true. */
  revision: Revision;
}

/** The wanted change of the values of one name. */
interface NameWanted {
  zone: Fqdn;
  owner: Fqdn;
  values: readonly ForeignValue[];
  modified: ReadonlyMap<string, Revision>;
  /**
   * Returns whether to delete a value; other values stay. If undefined, ownership records are deleted and all other
   * RRsets become ours.
   */
  isDropped?: (value: ForeignValue) => boolean;
}

/** The limit for names that are committed at the same time. */
const maxAtOnce = 64;
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['forbidden', 'store_unavailable']);

/** Refuses a token that may not take over records, and a zone that does not exist. */
export function needTakeOver(asking: Asking, zone: Fqdn): void {
  const access = accessOf(asking);
  existingZone(asking, zone);
  access.needRole('operator');
  access.needNoOwner('records');
}

/** Makes all records of others in the zone records of its users, and deletes the ownership records. */
export async function adoptZone(places: TakeOverPlaces, actor: Actor, zone: Fqdn): Promise<TakenOver> {
  const foreign = await readForeign(places.store, places.views, zone);
  const names = foreign.values.places().filter((place) => place.zone === zone);
  return takeOver(
    places,
    actor,
    foreign,
    names.map(({ owner }) => ({ owner })),
  );
}

/** Deletes the ownership records of the zone about records that others no longer have. */
export async function sweepOrphans(places: TakeOverPlaces, actor: Actor, zone: Fqdn): Promise<TakenOver> {
  const foreign = await readForeign(places.store, places.views, zone);
  const byOwner = Map.groupBy(orphansIn(foreign), ({ owner }) => owner);
  const names = [...byOwner].map(([owner, orphans]) => {
    const keys = new Set(orphans.map(({ key }) => key));
    return { owner, isDropped: ({ key }: ForeignValue) => keys.has(key) };
  });
  return takeOver(places, actor, foreign, names);
}

async function takeOver(
  { committer, views }: TakeOverPlaces,
  actor: Actor,
  { zone, values, modified }: ForeignZone,
  names: readonly Pick<NameWanted, 'owner' | 'isDropped'>[],
): Promise<TakenOver> {
  const done: TakenOver = { adopted: 0, dropped: 0, left: [], revision: views.revision };
  const commit = async (name: Pick<NameWanted, 'owner' | 'isDropped'>) => {
    const wanted = { ...name, zone, modified, values: values.valuesAt({ zone, owner: name.owner }) };
    try {
      const { result, revision } = await committer.commit(actor, (context) => decideTakeOver(context, wanted));
      done.adopted += result.adopted;
      done.dropped += result.dropped;
      if (revision > done.revision) done.revision = revision;
    } catch (error) {
      if (!(error instanceof Refusal) || passing.has(error.code)) throw error;
      done.left.push({ what: name.owner, reason: error.message });
    }
  };
  const work = new BoundedWork(maxAtOnce);
  for (const name of names) {
    if (work.hasFailed) break;
    await work.begin(() => commit(name));
  }
  await work.finish();
  return done;
}

/**
 * Takes over one name. Refuses with `contended` if the name's values have changed, or if this replica does not serve
 * these values yet.
 */
function decideTakeOver(
  context: DecisionContext,
  { zone: name, owner, values, modified, isDropped }: NameWanted,
): Decision<Pick<TakenOver, 'adopted' | 'dropped'>> {
  needTakeOver(context, name);
  const zone = existingZone(context, name).value;
  const builder = new TransactionBuilder(context);
  const { theirs, ownTypes } = splitRrsets(builder.rrsetsAt(zone, owner));
  const now = foreignRrsets({ zone: name, owner, ownTypes }, values);
  if (!isDeepStrictEqual(now.rrsets, theirs))
    refuse('contended', `the records of others at ${owner} have just changed: try again`);
  const notServed = new Set(now.faults.map(({ key }) => key));
  const isDoomed = isDropped ?? ((value: ForeignValue) => value.records.every(isOwnership));
  const dropped = values.filter(isDoomed);
  const kept = values.filter((value) => !isDoomed(value));
  const after = foreignRrsets({ zone: name, owner, ownTypes }, kept).rrsets;
  for (const { type } of theirs) builder.deleteRrset(zone, owner, type);
  for (const rrset of after) builder.putRrset(zone, owner, isDropped === undefined ? ofUsers(rrset) : rrset);
  const taken = isDropped === undefined ? kept.filter(({ key }) => !notServed.has(key)) : [];
  for (const { key } of [...dropped, ...taken]) {
    const revision = modified.get(key);
    if (revision !== undefined) builder.takeOver(key, revision);
  }
  return builder.build({ adopted: isDropped === undefined ? after.length : 0, dropped: dropped.length });
}

function ofUsers({ type, ttl, records }: Rrset): Rrset {
  return { type, ttl, records };
}
