// Use case: the PTRs of hosts move to where the CNAMEs at their reverse names lead now (RFC 2317), after something else
// than a write of a CNAME has changed that: an import of a zone file, or a zone that was created. Housekeeping also
// looks for such PTRs, so the work goes on after a crash.

import { Refusal } from '../../errors.ts';
import { BoundedWork } from '../../model/bounded-work.ts';
import type { Logger } from '../../model/logger.ts';
import { ancestry, type Fqdn } from '../../model/name.ts';
import { isReverse } from '../../model/reverse-tree.ts';
import { turn } from '../../model/turn.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from '../access/actor.ts';
import type { Committer } from '../transaction/commit.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { movePtrs } from './move-ptrs.ts';

interface Places {
  views: Views;
  committer: Committer;
}

const maxAtOnce = 100;
const actor: Actor = { kind: 'system', part: 'housekeeping' };

function decideAlignPtrs(context: DecisionContext, owner: Fqdn): Decision<void> {
  const builder = new TransactionBuilder(context);
  movePtrs(builder, owner);
  return builder.build(undefined);
}

/**
 * Moves the PTRs of these reverse names, each in a transaction of its own. Leaves out a PTR that cannot be written, for
 * example because a user has a PTR there: the next change of its host says so.
 */
export async function alignPtrs({ committer, views }: Places, owners: Iterable<Fqdn>): Promise<void> {
  const work = new BoundedWork(maxAtOnce);
  for (const owner of owners) {
    if (work.hasFailed) break;
    await turn();
    if (!isMisplaced(views, owner)) continue;
    await work.begin(async () => {
      try {
        await committer.commit(actor, (context) => decideAlignPtrs(context, owner));
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
    });
  }
  await work.finish();
}

/**
 * Does what {@link alignPtrs} does after a change of the zone that is already durable: a failure is only logged, as
 * `failed`.
 */
export async function tryAlignPtrs(
  { logger, ...places }: Places & { logger: Logger },
  zone: Fqdn,
  owners: Iterable<Fqdn>,
  failed: string,
): Promise<void> {
  await alignPtrs(places, owners).catch((error: unknown) => logger.warn({ zone, reason: String(error) }, failed));
}

/** Returns whether a PTR of this reverse name is to move, and can. */
function isMisplaced(views: Views, owner: Fqdn): boolean {
  try {
    const context = { actor, views, claimed: new Set<string>(), now: Date.now() };
    return decideAlignPtrs(context, owner).operations.length > 0;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof Refusal && error.status < 500;
}

/**
 * Returns a function that moves the PTRs at whose reverse names users have CNAMEs. Each call looks only at zones where
 * something has changed since the call before, in them or in zones below them: no CNAME leads a PTR elsewhere
 * ({@link placePtr}). Resolves to the number of zones that it has looked at.
 */
export function ptrAligner(places: Places): () => Promise<number> {
  let seen: ReadonlyMap<Fqdn, string> = new Map();
  return async () => {
    const { zones } = places.views;
    const now = lastChanges(places.views);
    const changed = [...now.keys()].filter((name) => now.get(name) !== seen.get(name));
    for (const name of changed) await alignPtrs(places, zones.aliasOwners(name));
    seen = now;
    return changed.length;
  };
}

/** Returns, for each reverse zone, how many zones it has at and below its apex and when one of them last changed. */
function lastChanges({ zones }: Views): Map<Fqdn, string> {
  const reverse = [...zones.list()].filter(({ value }) => isReverse(value.name));
  const trees = new Map(reverse.map(({ value }) => [value.name, { zones: 0, changed: 0 }]));
  for (const { value, modified } of reverse) {
    const changed = Math.max(modified, zones.changedAt(value.name));
    for (const above of ancestry(value.name)) {
      const tree = trees.get(above);
      if (tree === undefined) continue;
      tree.zones += 1;
      tree.changed = Math.max(tree.changed, changed);
    }
  }
  return new Map(trees.entries().map(([name, tree]) => [name, `${tree.zones} ${tree.changed}`]));
}

/** Returns the names from which CNAMEs lead into the zone. */
export function namesLeadingInto({ zones }: Views, zone: Fqdn): Fqdn[] {
  const found = new Set<Fqdn>();
  const targets = [zone, ...zones.aliasTargetsBelow(new Set([zone]))];
  for (const target of targets) {
    for (const { owner } of zones.aliasesOf(target)) {
      if (found.has(owner)) continue;
      found.add(owner);
      targets.push(owner);
    }
  }
  return [...found];
}
