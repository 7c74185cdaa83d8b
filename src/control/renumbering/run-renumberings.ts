// Carries out the renumberings of the store: moves the holders, several at the same time, and notes the progress. Only
// the leader does so. If it dies, the next leader goes on where the progress was last noted: a host that has moved
// since has no old address any more. Beside a replica that still believes that it leads, this does no harm: the
// compares let only one of them move a host.

import { setTimeout as delay, setImmediate as nextPass } from 'node:timers/promises';
import { Refusal } from '../../errors.ts';
import { type AddressRecord, hostsAmong } from '../../model/allocation.ts';
import { listInSlices } from '../../model/in-slices.ts';
import type { Logger } from '../../model/logger.ts';
import { type Renumbering, withSkipped } from '../../model/renumbering.ts';
import { timestamp } from '../../model/timestamp.ts';
import { TroubleLog } from '../../model/trouble-log.ts';
import { renumberingKey } from '../../store/kinds/renumbering.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from '../access/actor.ts';
import { heldIn } from '../reading/held-in.ts';
import { rulesOf } from '../reading/holder-rules.ts';
import type { Committer } from '../transaction/commit.ts';
import type { Decide } from '../transaction/decision.ts';
import { decideMoveAllocations, decideMoveHost, type Job } from './move-holder.ts';
import { firstLeaving, isLeaving, moveOf } from './move-target.ts';
import { decideEndWithoutTarget, decideForgetRenumbering, decideNoteProgress } from './renumber-pool.ts';

/** The task whose leader carries out renumberings. */
export const renumberingTask = 'renumbering';

const idleMilliseconds = 300;
/** The held addresses that are moved at the same time. They share transactions. */
const maxAtOnce = 64;
/** The held addresses that are looked at before the event loop gets its turn. */
const slice = 1000;
const noteMilliseconds = 1000;
/** The limit for passes through the pool, in case new holders appear in it all the time. */
const maxPasses = 10;
const actor: Actor = { kind: 'system', part: 'renumbering' };

interface RenumberingParts {
  store: Pick<Store, 'get'>;
  views: Views;
  committer: Committer;
  logger: Logger;
}

/** A job with the time when its progress was noted last, by performance.now(). */
interface RunningJob extends Job {
  noted: number;
  /** How many times all holders were gone through before. */
  passes: number;
  /** True if a holder has moved in this pass, or may have. */
  hasMoved: boolean;
}

/** Starts to carry out renumberings while this replica leads. Returns the function that stops that. */
export function startRenumberings(parts: RenumberingParts, isLeader: () => boolean): () => Promise<void> {
  const stopping = new AbortController();
  const trouble = new TroubleLog(parts.logger, {
    begins: 'a renumbering cannot go on, will retry',
    over: 'renumberings go on again',
  });
  const jobs = new Map<string, RunningJob>();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      let hasWorked = false;
      if (!isLeader() || !parts.views.loaded) jobs.clear();
      else {
        try {
          hasWorked = await runStep(parts, jobs);
          trouble.succeeded();
        } catch (error) {
          // The next attempt begins where the progress was noted.
          jobs.clear();
          trouble.failed(error);
        }
      }
      if (hasWorked) await nextPass();
      else await delay(idleMilliseconds, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  })();
  return async () => {
    stopping.abort();
    await running;
  };
}

/** Does a part of each running renumbering. Returns whether there was any. */
async function runStep(parts: RenumberingParts, jobs: Map<string, RunningJob>): Promise<boolean> {
  const { views, committer } = parts;
  const wanted = [...views.renumberings.values()].map(({ value }) => value).filter(({ state }) => state === 'running');
  for (const value of wanted) {
    if (views.pools.byId(value.pool) === undefined) {
      await committer.commit(actor, (context) => decideForgetRenumbering(context, value.pool));
      continue;
    }
    if (views.pools.byId(value.to) === undefined) {
      await endWithoutTarget(parts, value);
      continue;
    }
    let job = jobs.get(value.pool);
    if (job?.renumbering.startedAt !== value.startedAt) job = await takeJob(parts, value);
    if (job === undefined) continue;
    jobs.set(value.pool, job);
    if (await moveSome(parts, job)) jobs.delete(value.pool);
  }
  return wanted.length > 0;
}

/** Ends a renumbering whose target was deleted: tells why, and how many addresses stay. */
async function endWithoutTarget({ views, committer, logger }: RenumberingParts, value: Renumbering): Promise<void> {
  const { pool, to } = value;
  const from = views.pools.byId(pool)?.value;
  let left = 0;
  if (from !== undefined)
    for await (const { value: record } of listInSlices(heldIn(views, from)))
      left += Number(views.pools.poolIdAt(from.space, record.address) === pool);
  await committer.commit(actor, (context) => decideEndWithoutTarget(context, value, left));
  logger.warn({ pool, to, left }, 'a renumbering was stopped: the pool that gives the new addresses was deleted');
}

/** Returns the job of a renumbering; undefined if it was stopped meanwhile. */
async function takeJob(
  { store, views, logger }: RenumberingParts,
  value: Renumbering,
): Promise<RunningJob | undefined> {
  const entry = await store.get(renumberingKey(value.pool));
  if (entry === undefined) return undefined;
  const { pool, to, within, total } = value;
  // Some holders behind the position may have moved since it was noted.
  const done = Math.max(value.done, total - (await countLeft(views, value)));
  const renumbering = { ...value, done };
  logger.info({ pool, to, within, done, total }, 'renumbering a pool');
  const hasMoved = value.position !== undefined;
  return { renumbering, created: entry.created, noted: performance.now(), passes: 0, hasMoved };
}

/** Returns how many held addresses behind the position leave the pool. */
async function countLeft(views: Views, renumbering: Renumbering): Promise<number> {
  const move = moveOf({ views }, renumbering);
  let left = 0;
  if (move === undefined) return left;
  for await (const { value } of listInSlices(heldIn(views, move.from), renumbering.position))
    left += Number(isLeaving(move, value));
  return left;
}

/** Moves the next holders of the pool. Returns whether the job has ended. */
async function moveSome(parts: RenumberingParts, job: RunningJob): Promise<boolean> {
  const { views, committer, logger } = parts;
  const { records, last, isLast } = nextRecords(views, job.renumbering);
  const outcomes = await Promise.all(records.map((record) => moveRecord(parts, job, record)));
  // Without one of the pools, no outcome says what happened to its holder.
  if (moveOf({ views }, job.renumbering) === undefined) return true;
  const { total } = job.renumbering;
  let { done, left, skipped } = job.renumbering;
  for (const outcome of outcomes) {
    done += outcome.done;
    left += outcome.left;
    job.hasMoved ||= outcome.moved > 0;
    for (const fault of outcome.faults) skipped = withSkipped(skipped, fault);
  }
  const position = last === undefined ? {} : { position: last };
  job.renumbering = { ...job.renumbering, ...position, done: Math.min(done, total), left, skipped };
  if (isLast && job.hasMoved && job.passes < maxPasses) {
    beginAgain(job);
    return false;
  }
  if (isLast) job.renumbering = { ...job.renumbering, state: 'ended', endedAt: timestamp(Date.now()) };
  if (isLast || performance.now() - job.noted > noteMilliseconds) {
    const { renumbering } = job;
    await committer.commit(actor, (context) => decideNoteProgress(context, renumbering));
    job.noted = performance.now();
  }
  const { pool, to } = job.renumbering;
  if (isLast) logger.info({ pool, to, done, left, skipped: skipped.count }, 'a pool is renumbered');
  return isLast || views.renumberings.get(pool) === undefined;
}

/**
 * Begins another pass: others may have added holders behind the position, for example because the pool does not drain
 * any more. It also tries again to move those that were skipped.
 */
function beginAgain(job: RunningJob): void {
  const { position: _, ...renumbering } = job.renumbering;
  job.renumbering = { ...renumbering, left: 0, skipped: { count: 0, first: [] } };
  job.passes += 1;
  job.hasMoved = false;
}

/** Returns the next held addresses that leave the pool. `last`: the last address that was looked at. */
function nextRecords(views: Views, renumbering: Renumbering) {
  const records: AddressRecord[] = [];
  const move = moveOf({ views }, renumbering);
  let last = renumbering.position;
  let looked = 0;
  if (move === undefined) return { records, last, isLast: true };
  for (const { value } of views.pools.heldIn(move.from, last)) {
    last = value.address;
    if (isLeaving(move, value)) records.push(value);
    looked += 1;
    if (records.length === maxAtOnce || looked === slice) return { records, last, isLast: false };
  }
  return { records, last, isLast: true };
}

interface Outcome extends Pick<Renumbering, 'done' | 'left'> {
  /** The number of addresses that have moved. */
  moved: number;
  faults: Renumbering['skipped']['first'];
}

/** Moves the holders of an address. Rejects if the store cannot be written to now. */
async function moveRecord(
  { views, committer, logger }: RenumberingParts,
  job: Job,
  record: AddressRecord,
): Promise<Outcome> {
  const outcome: Outcome = { done: 0, left: 0, moved: 0, faults: [] };
  const attempt = async (what: string, addresses: number, decide: Decide<{ moved: number }>) => {
    try {
      const { moved } = (await committer.commit(actor, decide)).result;
      outcome.done += moved;
      outcome.moved += moved;
    } catch (error) {
      if (!(error instanceof Refusal)) logger.error({ error, what }, 'a holder could not be moved');
      else if (error.code === 'not_found') return;
      else if (error.status === 503) throw error;
      const reason = error instanceof Refusal ? error.message : 'something went wrong: see the log of the leader';
      outcome.done += addresses;
      outcome.faults.push({ what, reason });
    }
  };
  const move = moveOf({ views }, job.renumbering);
  for (const name of hostsAmong(record.holders)) {
    const host = views.hosts.get(name)?.value;
    // A host with several addresses moves with the first of them. If it cannot, that is one fault.
    if (move === undefined || host === undefined) continue;
    if (firstLeaving(move, host) !== record.address) continue;
    const addresses = host.addresses.filter((address) => isLeaving(move, address)).length;
    await attempt(`host:${name}`, addresses, (context) => decideMoveHost(context, job, name));
  }
  if (record.holders.some((holder) => rulesOf(holder).leaves === 'as a host')) return outcome;
  if (!job.renumbering.allocations) {
    outcome.left = 1;
    outcome.done += 1;
  } else await attempt(record.address, 1, (context) => decideMoveAllocations(context, job, record.address));
  return outcome;
}
