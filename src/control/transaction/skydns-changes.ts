// The changes of a transaction in the SkyDNS layout, for the names that it writes in zones with `skydns`. The keys
// follow from the RRsets of a name, so the compare of the name proves that they are right. Others write into the layout
// too, and the views do not have the layout. So each key has a compare, which proves that we may write the key. If this
// compare fails, commit.ts reads the key (read-skydns-keys.ts), and this file decides again with that value. RRsets of
// others need no change, because others have written the keys of these RRsets.

import { Refusal } from '../../errors.ts';
import { InvalidValue, unlessInvalid } from '../../model/invalid-value.ts';
import type { Rrset } from '../../model/rrset.ts';
import { ownValues } from '../../model/skydns/own-values.ts';
import { isOwnValue } from '../../model/skydns/service.ts';
import { type Compare, maxOperations, type Operation } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import type { Refusals } from '../input/refusals.ts';
import { type DecisionContext, maxDecisionOperations } from './decision.ts';
import type { NameEdit, PathOf } from './name-edits.ts';

/**
 * The change of one key for a name. `operation`: undefined if the key belongs to others and stays as it is. `proof`:
 * the compare that proves that the key is absent, has a value of ours, or still belongs to others
 * (test/control/skydns-keys-of-others.test.ts).
 */
export interface SkydnsChange {
  edit: NameEdit;
  key: string;
  operation: Operation | undefined;
  proof: Compare;
}

/** The parts of a builder that this file uses. */
interface Asking {
  views: Views;
  refusals: Refusals;
  skydnsKeys: DecisionContext['skydnsKeys'];
  /** Returns whether the transaction takes the key over from others. */
  takesOver(key: string): boolean;
}

/**
 * Returns the changes of one name. Adds `skydns_unfit` to the refusals for each written RRset that the layout cannot
 * have, or whose key has a value of others.
 */
export function skydnsChanges(asking: Asking, edit: NameEdit, pathOf: PathOf): SkydnsChange[] {
  const { views, refusals } = asking;
  const { prefix } = views.skydns;
  const { zone, owner, before, rrsets, written, changed } = edit;
  if (prefix === undefined || !zone.skydns || !changed) return [];
  // A name that another zone hides has no keys.
  if (views.zones.zoneBelow(zone.name, owner) !== undefined) return [];
  const place = { prefix, zone: zone.name, owner };
  const old = new Map(ours(before).flatMap((rrset) => [...(unlessInvalid(() => ownValues(place, rrset)) ?? [])]));
  const wanted = new Map<string, string>();
  const refuseTaken = new Map<string, () => void>();
  for (const rrset of ours(rrsets)) {
    const values = () => ownValues(place, rrset);
    const refuse = (reason: string) => refuseUnfit(edit, rrset, reason, pathOf);
    const isWritten = written.has(rrset.type);
    const found = isWritten ? refusals.try(() => fitting(values, refuse)) : unlessInvalid(values);
    for (const [key, value] of found ?? []) {
      wanted.set(key, value);
      const reason = `others have a value at the key ${key} of the store: delete it there`;
      if (isWritten) refuseTaken.set(key, () => refusals.try(() => refuse(reason)));
    }
  }
  const gone = old.keys().filter((key) => !wanted.has(key));
  const put = wanted.entries().filter(([key, value]) => old.get(key) !== value);
  return [...gone.map((key): [string, undefined] => [key, undefined]), ...put].map(([key, value]) => {
    const standing = standingAt(asking, key, old.get(key));
    if (standing.isTheirs && value !== undefined) refuseTaken.get(key)?.();
    return { edit, key, operation: standing.isTheirs ? undefined : operationOf(key, value), proof: standing.proof };
  });
}

/**
 * Returns whether the key belongs to others, and the compare that proves this. A key that commit.ts has not read from
 * the store is assumed to be as we left it.
 */
function standingAt(asking: Asking, key: string, left: string | undefined): { isTheirs: boolean; proof: Compare } {
  const read = asking.skydnsKeys?.get(key);
  if (read === undefined)
    return {
      isTheirs: false,
      proof: left === undefined ? { kind: 'absent', key } : { kind: 'value', key, value: left },
    };
  const { entry } = read;
  if (entry === undefined) return { isTheirs: false, proof: { kind: 'absent', key } };
  const isTheirs = !isOwnValue(entry.value) && !asking.takesOver(key);
  return { isTheirs, proof: { kind: 'modified', key, revision: entry.modified } };
}

function operationOf(key: string, value: string | undefined): Operation {
  return value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value };
}

/** Returns an upper limit for the number of {@link skydnsChanges} of a name. */
export function maxSkydnsKeys(views: Views, { zone, before, rrsets }: NameEdit): number {
  if (views.skydns.prefix === undefined || !zone.skydns) return 0;
  return [...ours(before), ...ours(rrsets)].reduce((sum, { records }) => sum + records.length, 0);
}

/** Refuses with `skydns_unfit` if the transaction with its keys of the layout is too long. */
export function refuseIfLong(operations: number, compares: number, changes: readonly SkydnsChange[]): void {
  if (operations <= maxDecisionOperations && compares <= maxOperations) return;
  const byName = Map.groupBy(changes, ({ edit }) => edit.owner);
  const [largest] = [...byName].sort(([, a], [, b]) => b.length - a.length);
  const [owner, keys = []] = largest ?? [];
  throw new Refusal(
    'skydns_unfit',
    `the change does not fit into one transaction of etcd with its keys of the SkyDNS layout (${Math.max(operations, compares)} of at most ${maxDecisionOperations} operations), most of them, ${keys.length}, for ${owner}: split it, or use a zone without "skydns"`,
    { members: { name: owner } },
  );
}

function ours(rrsets: readonly Rrset[]): Rrset[] {
  return rrsets.filter(({ manager }) => manager !== 'skydns');
}

/** Returns the result of `values`. If the layout cannot have the RRset, calls `refuse` with the reason. */
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
