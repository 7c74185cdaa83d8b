// Elects one replica as the leader of a task that only one replica may do. The leader's key is on a lease: if the
// leader dies, another replica takes over within seconds. A leader that was frozen, or cut off from the store, may
// believe for a moment that it still leads. So its work must do no harm beside the work of the next leader, or its
// transactions must have the proof that it leads.

import type { Logger } from '../model/logger.ts';
import { messageOf } from '../model/thrown.ts';
import { within } from '../model/within.ts';
import { leaderKey, leaderValue } from '../store/kinds/leader.ts';
import { type Compare, type LeaseId, type Store, StoreUnavailable } from '../store/store.ts';

const leaseSeconds = 10;
const campaignMilliseconds = 3000;
/** The limit for the time of resigning. If the store cannot be reached, the lease ends by itself. */
const resignMilliseconds = 2000;

export interface Leadership {
  isLeader(): boolean;
  /**
   * Returns the compare that holds in the store as long as this leadership lasts; undefined if this replica does not
   * lead. A transaction with it is never committed beside the work of the next leader.
   */
  proof(): Compare | undefined;
  resign(): Promise<void>;
}

interface CampaignOptions {
  task: string;
  replica: string;
  /** Returns whether this replica could do the task now. By default, it always could. */
  isReady?: () => boolean;
  /** Milliseconds between two attempts. */
  every?: number;
}

/** Tries to lead until {@link Leadership.resign} is called (test/cluster/leadership.test.ts). */
export function campaign(
  store: Store,
  logger: Logger,
  { task, replica, isReady = () => true, every = campaignMilliseconds }: CampaignOptions,
): Leadership {
  let lease: LeaseId | undefined;
  let release = () => {};
  /** Undefined: this replica does not lead. */
  let proof: Compare | undefined;
  let keptAt = 0;
  let attempt: Promise<void> | undefined;
  let isResigning = false;

  const lose = (reason: string) => {
    if (proof !== undefined) logger.warn({ task, replica, reason }, 'this replica no longer leads');
    proof = undefined;
    release();
    release = () => {};
    lease = undefined;
  };

  async function run(): Promise<void> {
    if (!isReady()) return;
    try {
      const begin = performance.now();
      if (lease !== undefined && !(await store.keepLease(lease))) lose('its lease has ended');
      lease ??= await store.grantLease(leaseSeconds);
      keptAt = begin;
      if (proof !== undefined || isResigning) return;
      const key = leaderKey(task);
      const put = { kind: 'put', key, value: leaderValue.encode({ replica }), lease } as const;
      const { committed, revision } = await store.commit({ compares: [{ kind: 'absent', key }], operations: [put] });
      if (!committed) return;
      proof = { kind: 'created', key, revision };
      release = store.guardLease(lease);
      logger.info({ task, replica }, 'this replica leads');
    } catch (error) {
      // While the store cannot be reached, the lease may still run: this replica may still lead.
      if (!(error instanceof StoreUnavailable)) lose(messageOf(error));
      else logger.debug({ task, reason: messageOf(error) }, 'cannot run for leadership');
    }
  }

  const tick = () => {
    attempt ??= run().finally(() => {
      attempt = undefined;
    });
    return attempt;
  };
  void tick();
  const timer = setInterval(tick, every);
  timer.unref();
  const isLeader = () => proof !== undefined && performance.now() - keptAt < leaseSeconds * 1000;
  return {
    isLeader,
    proof: () => (isLeader() ? proof : undefined),
    resign: async () => {
      isResigning = true;
      clearInterval(timer);
      const revoke = async () => {
        await attempt;
        proof = undefined;
        release();
        if (lease !== undefined) await store.revokeLease(lease);
      };
      const resigned = revoke().catch((error: unknown) =>
        logger.debug({ task, reason: messageOf(error) }, 'could not resign'),
      );
      await within(resigned, resignMilliseconds);
    },
  };
}
