// Use case: a host gets its PTRs, or loses them, because `reverse` of a pool has changed. Each host has a mark at the
// addresses whose pools have no reverse names. The marks follow from the pools, so the work goes on after a crash:
// housekeeping looks for hosts with other marks.

import { Refusal } from '../../errors.ts';
import { hostsAmong } from '../../model/allocation.ts';
import type { Host } from '../../model/host.ts';
import { listInSlices } from '../../model/in-slices.ts';
import type { Fqdn } from '../../model/name.ts';
import { defaultSpace, type Pool } from '../../model/pool.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from '../access/actor.ts';
import { heldIn } from '../reading/held-in.ts';
import type { Committer } from '../transaction/commit.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { isMarked, placePtr } from './ptr-place.ts';
import { writeHost } from './write-host.ts';

const hostsAtOnce = 100;
const actor: Actor = { kind: 'system', part: 'housekeeping' };

/** Writes the host with the marks that its pools require, and with its PTRs accordingly. */
function decideAlign(context: DecisionContext, name: Fqdn): Decision<void> {
  const host = context.views.hosts.get(name)?.value;
  if (host === undefined || isAligned(context.views, host)) return noChange(undefined);
  const builder = new TransactionBuilder(context);
  writeHost(builder, host, { ...host, addresses: host.addresses.map((one) => placePtr(builder, host, one)) });
  return builder.build(undefined);
}

function isAligned(views: Views, { addresses }: Host): boolean {
  return addresses.every((one) => isMarked(views, one));
}

/**
 * Aligns the hosts in the pool. Leaves out a host whose PTR cannot be written, for example because a user has a PTR
 * there: its next change says so.
 */
export async function alignReverse(
  { committer, views }: { committer: Committer; views: Views },
  poolId: string,
): Promise<void> {
  const pool = views.pools.byId(poolId)?.value;
  if (pool === undefined || !mayDiffer(pool)) return;
  let waiting = new Set<Fqdn>();
  const commit = async () => {
    const some = [...waiting];
    waiting = new Set();
    const outcomes = await Promise.allSettled(
      some.map((name) => committer.commit(actor, (context) => decideAlign(context, name))),
    );
    for (const outcome of outcomes) {
      const isRefused = outcome.status === 'rejected' && outcome.reason instanceof Refusal;
      if (outcome.status === 'rejected' && !(isRefused && outcome.reason.status < 500)) throw outcome.reason;
    }
  };
  for await (const { value: record } of listInSlices(heldIn(views, pool))) {
    for (const name of hostsAmong(record.holders)) {
      const host = views.hosts.get(name)?.value;
      if (host !== undefined && !isAligned(views, host)) waiting.add(host.name);
    }
    if (waiting.size >= hostsAtOnce) await commit();
  }
  if (waiting.size > 0) await commit();
}

/** Aligns the hosts of all pools in which some may differ. */
export async function alignAllReverse(places: { committer: Committer; views: Views }): Promise<void> {
  const pools = [...places.views.pools.list()].filter(({ value }) => mayDiffer(value));
  for (const { value } of pools) await alignReverse(places, value.id);
}

/** Returns whether hosts may have other marks than the pool requires. The default of the default space is no mark. */
function mayDiffer({ space, reverse }: Pool): boolean {
  return space !== defaultSpace || reverse !== undefined;
}
