// Housekeeping releases the addresses of expired allocations, deletes the records of addresses whose cool-down has
// ended, deletes automatic zones that are empty, deletes PTRs that a narrower zone hides, moves PTRs to where CNAMEs
// lead, and writes when tokens were last used. It makes audit events of requests without a valid token. It also frees
// memory that no answering thread reads any more. Every replica runs housekeeping. This is safe: only the first of
// several replicas can commit the same change, because the compares of the other decisions fail
// (allocations/release-address.ts, hosts/automatic-zone.ts).

import { Refusal } from '../errors.ts';
import { traitsOf } from '../model/allocation.ts';
import type { Logger } from '../model/logger.ts';
import { TroubleLog } from '../model/trouble-log.ts';
import type { Views } from '../views/views.ts';
import type { Actor } from './access/actor.ts';
import { decideForgetAddress, decideReleaseAddress } from './allocations/release-address.ts';
import { ptrAligner } from './hosts/align-ptrs.ts';
import { alignAllReverse } from './hosts/align-reverse.ts';
import { decideRemoveEmptyZone } from './hosts/automatic-zone.ts';
import { decideTellAttempts, RefusedAttempts } from './tokens/refused-attempts.ts';
import { decideNoteUse, TokenActivity } from './tokens/token-activity.ts';
import type { Committer } from './transaction/commit.ts';
import { dropHiddenPtrs, zonesHidingPtrs } from './zones/hidden-ptrs.ts';

const intervalMilliseconds = 1000;
/** How many rounds pass between two searches for hidden PTRs. */
const roundsBetweenSearches = 60;
/** The limit for decisions of each kind in one round. Requests that arrive meanwhile wait for these decisions. */
const maxAtOnce = 1000;
const actor: Actor = { kind: 'system', part: 'housekeeping' };
const authentication: Actor = { kind: 'system', part: 'authentication' };

/**
 * Starts housekeeping. Returns the function that stops it. Logs one warning for any number of failed rounds in a row,
 * and one line when a round succeeds again (test/control/housekeeping.test.ts).
 */
export function startHousekeeping(
  views: Views,
  committer: Committer,
  logger: Logger,
  activity = new TokenActivity(),
  refused = new RefusedAttempts(),
): () => void {
  const alignAllPtrs = ptrAligner({ committer, views });
  let running = false;
  let rounds = 0;
  const trouble = new TroubleLog(logger, {
    begins: 'housekeeping failed, will retry: expired addresses are released late',
    over: 'housekeeping works again',
  });
  const timer = setInterval(() => {
    views.zones.collect();
    if (running || !views.loaded) return;
    running = true;
    const searches = rounds++ % roundsBetweenSearches === 0;
    Promise.all([
      runRound(views, committer, activity),
      tellAttempts(committer, refused),
      searches ? dropAllHiddenPtrs(committer, views) : undefined,
      searches ? alignAllReverse({ committer, views }) : undefined,
      searches ? alignAllPtrs() : undefined,
    ])
      .then(
        () => trouble.succeeded(),
        (error: unknown) => trouble.failed(error),
      )
      .finally(() => {
        running = false;
      });
  }, intervalMilliseconds);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * Commits the decisions of one round. Tries all decisions, then rejects with the first failure. `not_found` is not a
 * failure: another replica was first.
 */
async function runRound(views: Views, committer: Committer, activity: TokenActivity): Promise<void> {
  const now = Date.now();
  const hasExpired = (expiresAt: string | undefined) => expiresAt !== undefined && Date.parse(expiresAt) <= now;
  const releases = [...views.pools.expired(now).take(maxAtOnce)].map(({ space, address, state }) =>
    committer.commit(actor, (context) =>
      state === 'released'
        ? decideForgetAddress(context, { space, address })
        : decideReleaseAddress(context, {
            space,
            address,
            precondition: {},
            leaves: (holder) => hasExpired(traitsOf(holder).endOf(holder)),
          }),
    ),
  );
  const removals = [...views.zones.list()]
    .filter(({ value }) => value.automatic && views.zones.counts(value.name).names === 0)
    .slice(0, maxAtOnce)
    .map(({ value }) => committer.commit(actor, (context) => decideRemoveEmptyZone(context, value.name)));
  const uses = [...activity.due(views).take(maxAtOnce)].map((use) =>
    committer.commit(actor, (context) => decideNoteUse(context, use)),
  );
  const outcomes = await Promise.allSettled([...releases, ...removals, ...uses]);
  const failed = outcomes.find(
    (outcome) =>
      outcome.status === 'rejected' && !(outcome.reason instanceof Refusal && outcome.reason.code === 'not_found'),
  );
  if (failed?.status === 'rejected') throw failed.reason;
}

async function dropAllHiddenPtrs(committer: Committer, views: Views): Promise<void> {
  for (const zone of [...zonesHidingPtrs(views)]) await dropHiddenPtrs(committer, views, zone);
}

/** Commits audit events of the attempts that are due. If that fails, keeps the attempts for a later round. */
async function tellAttempts(committer: Committer, refused: RefusedAttempts): Promise<void> {
  const attempts = refused.takeDue();
  if (attempts.length === 0) return;
  try {
    await committer.commit(authentication, (context) => decideTellAttempts(context, attempts));
  } catch (error) {
    refused.putBack(attempts);
    throw error;
  }
}
