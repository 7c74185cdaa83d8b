// What has to happen without anyone asking: allocations whose time is over, cool-downs that ended, automatic zones that two deletions left empty, memory
// that no answering thread reads any more.
// Every replica runs it; the transactions' compares make that harmless.

import type { Logger } from '../model/logger.ts';
import type { Views } from '../views/views.ts';
import { decideRemoveEmptyZone } from './hosts/automatic-zone.ts';
import { decideForgetAddress, decideReleaseAddress } from './pools/release-address.ts';
import type { Committer } from './transaction/commit.ts';

const intervalMilliseconds = 1000;
/** Of each sort, so that requests do not wait behind what a deleted pool of many addresses leaves. */
const greatestAtOnce = 1000;

/** Starts it; the function returned stops it. */
export function startHousekeeping(views: Views, committer: Committer, logger: Logger): () => void {
  let running = false;
  const timer = setInterval(() => {
    views.zones.collect();
    if (running || !views.loaded) return;
    running = true;
    keepHouse(views, committer)
      .catch((error: unknown) => logger.debug(error, 'housekeeping could not finish: it tries again'))
      .finally(() => {
        running = false;
      });
  }, intervalMilliseconds);
  timer.unref();
  return () => clearInterval(timer);
}

async function keepHouse(views: Views, committer: Committer): Promise<void> {
  const now = Date.now();
  const isOver = (expiresAt: string | undefined) => expiresAt !== undefined && Date.parse(expiresAt) <= now;
  const releases = [...views.pools.expired(now).take(greatestAtOnce)].map(({ space, address, state }) =>
    committer.commit((context) =>
      state === 'released'
        ? decideForgetAddress(context, space, address)
        : decideReleaseAddress(
            context,
            space,
            address,
            {},
            (holder) => holder.kind === 'allocation' && isOver(holder.expiresAt),
          ),
    ),
  );
  const removals = [...views.zones.list()]
    .filter(({ value }) => value.automatic && views.zones.counts(value.name).names === 0)
    .slice(0, greatestAtOnce)
    .map(({ value }) => committer.commit((context) => decideRemoveEmptyZone(context, value.name)));
  const outcomes = await Promise.allSettled([...releases, ...removals]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
