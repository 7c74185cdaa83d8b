// What a transaction changes in the SkyDNS layout, for the names that it writes in zones with `skydns`. The keys are a
// function of the RRsets of a name, so the compare of the name proves them. RRsets of others have their own keys
// already.

import { Refusal } from '../../errors.ts';
import { InvalidValue, unlessInvalid } from '../../model/invalid-value.ts';
import type { Rrset } from '../../model/rrset.ts';
import { skydnsKey } from '../../model/skydns/key.ts';
import { ownValues } from '../../model/skydns/own-values.ts';
import { maxOperations } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import type { Refusals } from '../input/refusals.ts';
import { maxDecisionOperations } from './decision.ts';
import type { NameEdit, PathOf } from './name-edits.ts';

/** A key that is put, or deleted without a value. */
export interface SkydnsChange {
  edit: NameEdit;
  key: string;
  value: string | undefined;
  /** True if the key has no suffix of ours and had no value of ours: others may have one there. */
  isNew: boolean;
}

/** The parts of a builder that this file uses. */
interface Asking {
  views: Views;
  refusals: Refusals;
}

/**
 * Returns the changes of one name. Adds `skydns_unfit` to the refusals for a written RRset that the layout has no value
 * for, or whose key has a value of others.
 */
export function skydnsChanges({ views, refusals }: Asking, edit: NameEdit, pathOf: PathOf): SkydnsChange[] {
  const { prefix } = views.skydns;
  const { zone, owner, before, rrsets, written, changed } = edit;
  if (prefix === undefined || !zone.skydns || !changed) return [];
  const place = { prefix, zone: zone.name, owner };
  const old = new Map(ours(before).flatMap((rrset) => [...(unlessInvalid(() => ownValues(place, rrset)) ?? [])]));
  const wanted = new Map<string, string>();
  for (const rrset of ours(rrsets)) {
    const values = () => ownValues(place, rrset);
    const found = written.has(rrset.type)
      ? refusals.try(() => fitting(values, (reason) => refuseUnfit(edit, rrset, reason, pathOf)))
      : unlessInvalid(values);
    for (const [key, value] of found ?? []) wanted.set(key, value);
  }
  const exact = unlessInvalid(() => skydnsKey(prefix, owner)) ?? '';
  const notServed = views.skydns.states.get(zone.name)?.notServed.first ?? [];
  const taken = notServed.find(({ what }) => what === exact);
  if (taken !== undefined) {
    // The key has a value of others, so it was never ours.
    old.delete(exact);
    const [rrset] = ours(rrsets).filter(({ type }) => written.has(type));
    const reason = `others have a value at the key ${exact} of the store (${taken.reason}): delete it there`;
    if (wanted.delete(exact) && rrset !== undefined) refusals.try(() => refuseUnfit(edit, rrset, reason, pathOf));
  }
  const gone = [...old.keys()].filter((key) => !wanted.has(key));
  return [
    ...gone.map((key) => ({ edit, key, value: undefined, isNew: false })),
    ...[...wanted]
      .filter(([key, value]) => old.get(key) !== value)
      .map(([key, value]) => ({ edit, key, value, isNew: key === exact && !old.has(key) })),
  ];
}

/** Returns an upper limit for the changes of a name. */
export function maxSkydnsKeys(views: Views, { zone, before, rrsets }: NameEdit): number {
  if (views.skydns.prefix === undefined || !zone.skydns) return 0;
  return [...ours(before), ...ours(rrsets)].reduce((sum, { records }) => sum + records.length, 0);
}

/** Refuses with `skydns_unfit` a transaction that is too long with its keys of the layout. */
export function refuseIfLong(operations: number, compares: number, changes: readonly SkydnsChange[]): void {
  if (operations <= maxDecisionOperations && compares <= maxOperations) return;
  const byName = Map.groupBy(changes, ({ edit }) => edit.owner);
  const [largest] = [...byName].sort(([, a], [, b]) => b.length - a.length);
  const [owner, keys = []] = largest ?? [];
  throw new Refusal(
    'skydns_unfit',
    `the change does not fit into one transaction of etcd with its keys of the SkyDNS layout (${operations} of at most ${maxDecisionOperations} operations), most of them, ${keys.length}, for ${owner}: split it, or use a zone without "skydns"`,
    { members: { name: owner } },
  );
}

function ours(rrsets: readonly Rrset[]): Rrset[] {
  return rrsets.filter(({ manager }) => manager !== 'skydns');
}

/** Returns the result. If the layout does not have it, `refuse` gets the reason. */
function fitting<T>(values: () => T, refuse: (reason: string) => never): T {
  try {
    return values();
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    return refuse(error.message);
  }
}

function refuseUnfit({ owner }: NameEdit, { type }: Rrset, reason: string, pathOf: PathOf): never {
  const path = pathOf(owner, type);
  const message = `the ${type} of ${owner}: ${reason}`;
  throw new Refusal('skydns_unfit', message, {
    ...(path !== undefined && { errors: [{ path, message }] }),
    members: { name: owner, types: [type] },
  });
}
